/**
 * F6: Kafka hangs, the spool fills, the ingress is killed. What the spool had taken arrives once Kafka and a new ingress
 * are there, in order; a frame torn by the kill costs nothing but itself.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Event } from '../../schemas/events.ts'
import type { EventLog, LogRecord } from '../../schemas/log.ts'
import { logSchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { startBroker, type Broker } from '../kit/kafka/broker.ts'
import { freePort } from '../kit/kafka/config.ts'
import { kafkaSkipped } from '../kit/kafka/shared.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'
import { load } from './kit/load.ts'

const RATE = 200
/** At the kill at least so many are in the spool. */
const SPOOLED = 600

const recordsOf = async (log: EventLog): Promise<LogRecord[]> => {
  const records: LogRecord[] = []
  const topic = topicName('exchanges')
  for (const { partition } of await log.ranges(topic))
    for await (const batch of log.read(topic, { partition, from: { kind: 'start' }, until: { kind: 'end' } }))
      records.push(...batch)
  return records
}

/** The events on the log, each once, where it stands first. */
const readAll = async (brokers: readonly string[]): Promise<{ events: Event[]; records: number }> => {
  const log = await openKafkaLog({ brokers, clientId: 'verifier' })
  const store = await logSchemaStore(log)
  try {
    const codecs = await openCodecs(store)
    const records = await recordsOf(log)
    await codecs.prepare(records.map(({ value }) => value))
    const first = new Map<string, Event>()
    for (const { value } of records) {
      const event = codecs.decode('exchanges', value as Uint8Array)
      if (!first.has(event.id)) first.set(event.id, event)
    }
    return { events: [...first.values()], records: records.length }
  } finally {
    await store.close()
    await log.close()
  }
}

const metric = async (admin: number, name: string): Promise<number> => {
  const page = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(page)?.[1] ?? 0)
}

/** What a write that the kill cut off may leave: the beginning of a good frame. */
const tear = (spool: string): void => {
  const last = readdirSync(spool)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .at(-1)
  if (last === undefined) throw new Error(`no segment in ${spool}: ${readdirSync(spool).join(', ')}`)
  const file = join(spool, last)
  appendFileSync(file, readFileSync(file).subarray(0, 150))
}

const of = (events: readonly Event[], path: string): Event[] =>
  events.filter(({ exchange }) => exchange?.target.startsWith(`/${path}/`) === true)

const numbers = (events: readonly Event[]): number[] =>
  events.map(({ exchange }) => Number(exchange?.target.split('/')[2]))

describe.skipIf(kafkaSkipped())('an ingress with a full spool', () => {
  let broker: Broker
  let backend: Server
  let dir: string
  let admin: number
  let cli: Cli | undefined
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cp-spool-'))
    broker = await startBroker()
    admin = await freePort()
    backend = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"ok":true}'))
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  }, 120_000)
  afterAll(async () => {
    await cli?.end('SIGTERM')
    backend?.close()
    await broker?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const start = async (): Promise<string> => {
    const target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
    const bus = `kafka://${broker.brokers.join(',')}`
    const args = ['--target', target, '--port', '0', '--admin-port', String(admin), '--bus', bus, '--data-dir', dir]
    cli = startCli(['ingress', ...args, '--json'], { cwd: dir })
    const [, url] = await cli.until(/"proxy":"(http:[^"]+)".*ingress is ready/)
    return url as string
  }

  test('is killed: every event that the spool had taken arrives, in order', { timeout: 180_000 }, async () => {
    const proxy = await start()
    await load(50, 1, (n) => `${proxy}/before/${n}`)
    await eventually('what came before is on the log', async () => (await readAll(broker.brokers)).events.length >= 50)
    // A slow start sends the first events through the spool as well.
    const earlier = await metric(admin, 'chaosproxy_events_spooled_total')
    broker.pause()
    let spooled = 0
    const flowing = load(RATE, 10, (n) => `${proxy}/during/${n}`)
    await eventually('the spool fills', async () => {
      spooled = (await metric(admin, 'chaosproxy_events_spooled_total')) - earlier
      return spooled >= SPOOLED
    })
    await cli?.end('SIGKILL')
    const answered = (await flowing).filter(({ status }) => status === 200).length
    tear(join(dir, 'default', 'spool'))
    broker.resume()

    const again = await start()
    await load(50, 1, (n) => `${again}/after/${n}`)
    let found: Awaited<ReturnType<typeof readAll>> = { events: [], records: 0 }
    await eventually('what came after is on the log, and so all before it', async () => {
      found = await readAll(broker.brokers)
      return of(found.events, 'after').length === 50
    })
    const { events, records } = found
    const during = of(events, 'during')
    console.log({ answered, spooled, arrived: during.length, onlyInMemory: answered - during.length, records })
    expect(of(events, 'before')).toHaveLength(50)
    // `spooled` counts heartbeats too: all of the first process's events, of which the log has no hole up to the last.
    const { instance } = during[0] as Event
    const told = events.filter((event) => event.instance === instance)
    expect(told.length).toBeGreaterThanOrEqual(50 + spooled)
    const sequences = told.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, n) => n + 1))
    expect(
      numbers(during)
        .toSorted((a, b) => a - b)
        .at(-1),
    ).toBeLessThan(RATE * 10)
    expect(events.findLastIndex((e) => e.instance === instance)).toBeLessThan(
      events.findIndex((e) => e.exchange?.target === '/after/0'),
    )
    expect(cli?.output()).not.toMatch(/"level":(50|60)/)
  })
})
