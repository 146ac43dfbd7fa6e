import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maskedConfig } from '../../../deploy/config/masked.ts'
import type { Alert, Anomaly } from '../../../schemas/events.ts'
import { driftMessage, incidentMessage } from '../../../schemas/webhooks.ts'
import { topicName } from '../../../schemas/topics.ts'
import { DatabaseError, type Database, type Row } from '../../../sinks/kit/database.ts'
import type { Batch, Sink } from '../../../sinks/kit/sink.ts'
import { newsOf } from '../../../sinks/webhook/word.ts'
import { send, shown } from '../../../sinks/webhook/delivery.ts'
import { headersOf } from '../../../sinks/webhook/signature.ts'
import { hookName, webhookSink, type WebhookSettings } from '../../../sinks/webhook/webhook.ts'
import { anAlert, anIncident } from '../events.ts'
import { openTestLog, silent, type TestLog } from '../kit.ts'
import { startReceiver, type Receiver } from './receiver.ts'

/** The two tables that a hook has, by the statements it uses. */
const openTables = (): Database & { readonly positions: Map<string, number> } => {
  const told = new Map<string, Row>()
  const positions = new Map<string, number>()
  return {
    kind: 'postgres',
    where: 'here',
    positions,
    query: async (sql, params = []) => {
      if (sql.includes('webhook_told'))
        return [...told.values()].filter((row) => (params[1] as string[]).includes(String(row['alert'])))
      return [...positions].map(([topic, position]) => ({ topic, partition: 0, position }))
    },
    transaction: async (steps) => {
      for (const step of steps) {
        if (step.kind !== 'query') throw new Error('not expected')
        const [, alert, status, severity] = step.params
        if (step.sql.includes('webhook_told')) told.set(String(alert), { alert, status, severity } as Row)
        else (alert as string[]).forEach((topic, i) => positions.set(topic, (severity as number[])[i] ?? 0))
      }
    },
    close: async () => {},
  }
}

let receiver: Receiver
let at: TestLog
let database: ReturnType<typeof openTables>
beforeEach(async () => {
  receiver = await startReceiver()
  at = await openTestLog()
  database = openTables()
})
afterEach(() => receiver.close())

const open = (more: Partial<WebhookSettings> = {}): Sink => {
  const about = ['drift', 'incidents'] as const
  const settings = { url: receiver.url, secret: 'top', about, minSeverity: 'warning', services: [], ...more } as const
  return webhookSink({ settings, database, codecs: at.codecs, logger: silent })
}

const batchFrom = async (offset: number, topic: 'alerts' | 'anomalies' = 'alerts'): Promise<Batch> => {
  const records = []
  const options = { partition: 0, from: { kind: 'offset', offset }, until: { kind: 'end' } } as const
  for await (const some of at.log.read(topicName(topic), options)) records.push(...some)
  return { topic, partition: 0, records }
}

const put = async (...alerts: readonly Alert[]): Promise<Batch> => {
  const offsets: number[] = []
  for (const alert of alerts) offsets.push(...(await at.put('alerts', alert.id, [alert])))
  return batchFrom(offsets[0] ?? 0)
}

const tell = async (sink: Sink, ...alerts: readonly Alert[]): Promise<void> => sink.write([await put(...alerts)])

const tellOf = async (sink: Sink, ...anomalies: readonly Anomaly[]): Promise<void> => {
  const offsets: number[] = []
  for (const one of anomalies) offsets.push(...(await at.put('anomalies', one.endpoint || one.service, [one])))
  await sink.write([await batchFrom(offsets[0] ?? 0, 'anomalies')])
}

const types = (): string[] => receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)

describe('a webhook', () => {
  it('is told of an alert once, and of each new state', async () => {
    const sink = open()
    await tell(sink, anAlert('a1', 'open'))
    await tell(sink, anAlert('a1', 'open', { score: 99 }))
    await tell(sink, anAlert('a1', 'resolved'))
    await tell(sink, anAlert('a1', 'reopened'))
    await tell(sink, anAlert('a1', 'accepted'))
    expect(types()).toEqual(['drift.opened', 'drift.resolved', 'drift.reopened', 'drift.accepted'])
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      data: { id: 'a1', score: 57, path: '/admin/drift-alerts/a1', upstreams: [{ name: 'u1', old: 3, new: 4 }] },
    })
    expect(await sink.positions()).toEqual(new Map([['alerts/0', 5]]))
  })

  it('hears the last word only of what gathered, of its services, and of what is grave enough', async () => {
    await tell(open(), anAlert('a1', 'open'), anAlert('a1', 'resolved'), anAlert('a2', 'open', { severity: 'info' }))
    await tell(open({ services: ['bank'] }), anAlert('a3', 'open'))
    await tell(open({ minSeverity: 'breaking' }), anAlert('a4', 'open', { severity: 'warning' }))
    expect(types()).toEqual([])
    await tell(open({ services: ['shop'] }), anAlert('a5', 'open', { severity: 'warning' }))
    await tell(open(), anAlert('a5', 'open'))
    expect(types()).toEqual(['drift.opened', 'drift.worsened'])
  })

  it.each([503, 429, 408, 500, 0])(
    'that answers %i is told again, the same message, until it takes it',
    async (status) => {
      const sink = open()
      receiver.status = status
      const refused = await tell(sink, anAlert('a1', 'open')).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(DatabaseError)
      expect([(refused as DatabaseError).retry, String(refused)]).toEqual([true, expect.not.stringContaining('key=1')])
      expect(database.positions.size).toBe(0)
      receiver.status = 204
      await open().write([await batchFrom(0)])
      const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
      expect([ids.size, database.positions.get('alerts')]).toEqual([1, 1])
    },
  )

  it('that is gone, or refuses again and again, is told the next one', async () => {
    const sink = open()
    receiver.status = 410
    await tell(sink, anAlert('a1', 'open'))
    receiver.status = 404
    const batch = await put(anAlert('a2', 'open'))
    const isTaken = (): Promise<boolean> =>
      sink.write([batch]).then(
        () => true,
        () => false,
      )
    let attempts = 1
    while (!(await isTaken())) attempts++
    expect([attempts > 5, attempts < 50]).toEqual([true, true])
    receiver.status = 200
    await tell(sink, anAlert('a3', 'open'))
    expect(types().at(-1)).toBe('drift.opened')
  })

  it('gets messages signed as Standard Webhooks asks', async () => {
    await tell(open({ secret: `whsec_${Buffer.from('key').toString('base64')}` }), anAlert('a1', 'open'))
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', 'key').update(text).digest('base64')}`)
    expect(headersOf({ id: 'm', timestamp: 1, body: '' }, '')).not.toHaveProperty('webhook-signature')
  })

  it('that comes late hears of what is open, not of what is over', () => {
    const word = { kind: 'drift', subject: 'a', service: 'shop', severity: 'breaking', at: 0 } as const
    expect(newsOf(undefined, { ...word, status: 'resolved' }, 'info')).toBeUndefined()
    expect(newsOf(undefined, { ...word, status: 'reopened' }, 'info')).toBe('drift.opened')
  })

  it('has a name by its URL, and two URLs have two', () => {
    expect(hookName('http://a/x')).not.toBe(hookName('http://a/y'))
  })
})

const HOUR = 3_600_000_000
const NOW = Date.now() * 1000

describe('a webhook, of incidents', () => {
  it('is told once that one began, that it became graver, and how it ended, in words that a chat shows', async () => {
    const sink = open()
    const sentence = 'GET /<b> is 3.2 times slower than usual'
    await tellOf(sink, anIncident('i1', 'open', { severity: 0.4, sentence }))
    await tellOf(sink, anIncident('i1', 'changed', { severity: 0.5 }))
    await tellOf(sink, anIncident('i1', 'changed', { severity: 0.7 }))
    await tellOf(sink, anIncident('i1', 'closed', { severity: 0.1, endedAt: NOW }))
    await tellOf(sink, anIncident('i2', 'open'), anIncident('i2', 'accepted', { endedAt: NOW }))
    expect(types()).toEqual(['incident.opened', 'incident.worsened', 'incident.closed'])
    const [first, , last] = receiver.received.map(({ body }) => incidentMessage.parse(JSON.parse(body)))
    expect(first?.text).toBe('GET /&lt;b&gt; is 3.2 times slower than usual')
    expect(first?.data).toMatchObject({
      id: 'i1',
      sentence,
      level: 'warning',
      ended_at: null,
      path: '/api/anomalies/i1',
    })
    expect(last?.data).toMatchObject({ id: 'i1', level: 'info', ended_at: new Date(NOW / 1000).toISOString() })
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  })

  it('hears nothing of single requests, of what is past or slight, of other services, or where it asked for drift', async () => {
    await tellOf(open(), anIncident('r', 'open', { kind: 'request' }))
    await tellOf(open(), anIncident('old', 'open', {}, NOW - 30 * HOUR))
    await tellOf(open(), anIncident('slight', 'open', { severity: 0.2 }))
    await tellOf(open({ services: ['bank'] }), anIncident('other', 'open'))
    await tellOf(open({ about: ['drift'] }), anIncident('deaf', 'open'))
    await tell(open({ about: ['incidents'] }), anAlert('a1', 'open'))
    expect(types()).toEqual([])
    expect(database.positions).toEqual(new Map([['anomalies', 5], ['alerts', 1]])) // prettier-ignore
  })

  it('that comes late hears the end of what it was told, however long ago that was', async () => {
    const sink = open()
    await tellOf(sink, anIncident('i1', 'open'))
    await tellOf(sink, anIncident('i1', 'closed', { endedAt: 1 }, NOW - 30 * HOUR))
    expect(types()).toEqual(['incident.opened', 'incident.closed'])
  })

  it('says of drift what is documented, too', async () => {
    await tell(open(), anAlert('a1', 'open'))
    expect(driftMessage.parse(JSON.parse(receiver.received[0]?.body ?? ''))).toMatchObject({ type: 'drift.opened' })
  })
})

describe('its address', () => {
  it('is the only one that is asked: who points elsewhere has refused', async () => {
    const elsewhere = await startReceiver()
    receiver.location = elsewhere.url
    receiver.status = 307
    expect(await send({ url: receiver.url, secret: '' }, 'm', '{}')).toMatchObject({ kind: 'refused' })
    expect(elsewhere.received).toEqual([])
    await elsewhere.close()
  })

  it('may hold a login, which is sent as one and told to nobody', async () => {
    const url = receiver.url.replace('//', '//ann:s%40cret@')
    expect(await send({ url, secret: '' }, 'm', '{}')).toMatchObject({ kind: 'delivered' })
    const basic = `Basic ${Buffer.from('ann:s@cret').toString('base64')}`
    expect(receiver.received[0]?.headers.authorization).toBe(basic)
    expect(shown(url)).not.toContain('cret')
  })

  it('is shown without what a chat hides in its path', () => {
    const url = 'https://hooks.slack.com/services/T0000/B0000/abcdefghijklmnopqrstuvwx'
    expect(shown(url)).toBe('https://hooks.slack.com/services/T0000/B0000/…')
    expect(JSON.stringify(maskedConfig({ alerts: { webhooks: [{ url }] } }))).not.toContain('stuvwx')
  })
})
