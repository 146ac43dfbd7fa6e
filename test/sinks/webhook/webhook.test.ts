import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../../schemas/events.ts'
import { topicName } from '../../../schemas/topics.ts'
import { DatabaseError, type Database, type Row } from '../../../sinks/kit/database.ts'
import type { Batch, Sink } from '../../../sinks/kit/sink.ts'
import { newsOf } from '../../../sinks/webhook/payload.ts'
import { headersOf } from '../../../sinks/webhook/signature.ts'
import { hookName, webhookSink, type WebhookSettings } from '../../../sinks/webhook/webhook.ts'
import { anAlert } from '../events.ts'
import { openTestLog, silent, type TestLog } from '../kit.ts'
import { startReceiver, type Receiver } from './receiver.ts'

/** The two tables that a hook has, by the statements it uses. */
const openTables = (): Database & { readonly positions: number[] } => {
  const told = new Map<string, Row>()
  const positions: number[] = []
  return {
    kind: 'postgres',
    where: 'here',
    positions,
    query: async (sql, params = []) => {
      if (sql.includes('webhook_told'))
        return [...told.values()].filter((row) => (params[1] as string[]).includes(String(row['alert'])))
      return positions.map((position) => ({ partition: 0, position })).slice(-1)
    },
    transaction: async (steps) => {
      for (const step of steps) {
        if (step.kind !== 'query') throw new Error('not expected')
        const [, alert, status, severity] = step.params
        if (step.sql.includes('webhook_told')) told.set(String(alert), { alert, status, severity } as Row)
        else positions.push((step.params[3] as number[])[0] ?? 0)
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
  const settings = { url: receiver.url, secret: 'top', minSeverity: 'warning', services: [], ...more } as const
  return webhookSink({ settings, database, codecs: at.codecs, logger: silent })
}

const batchFrom = async (offset: number): Promise<Batch> => {
  const records = []
  const options = { partition: 0, from: { kind: 'offset', offset }, until: { kind: 'end' } } as const
  for await (const some of at.log.read(topicName('alerts'), options)) records.push(...some)
  return { topic: 'alerts', partition: 0, records }
}

const put = async (...alerts: readonly Alert[]): Promise<Batch> => {
  const offsets: number[] = []
  for (const alert of alerts) offsets.push(...(await at.put('alerts', alert.id, [alert])))
  return batchFrom(offsets[0] ?? 0)
}

const tell = async (sink: Sink, ...alerts: readonly Alert[]): Promise<void> => sink.write([await put(...alerts)])

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
      expect(database.positions).toEqual([])
      receiver.status = 204
      await open().write([await batchFrom(0)])
      const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
      expect([ids.size, database.positions]).toEqual([1, [1]])
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
    expect(newsOf(undefined, { status: 'resolved', severity: 'breaking' })).toBeUndefined()
    expect(newsOf(undefined, { status: 'reopened', severity: 'breaking' })).toBe('drift.opened')
  })

  it('has a name by its URL, and two URLs have two', () => {
    expect(hookName('http://a/x')).not.toBe(hookName('http://a/y'))
  })
})
