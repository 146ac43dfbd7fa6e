import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { backtest, ghostTopology, type Terms } from '../../../deploy/backtest/backtest.ts'
import { judgeThen } from '../../../deploy/backtest/models.ts'
import { survey } from '../../../deploy/backtest/read.ts'
import { reportLines, reportOf, type Report } from '../../../deploy/backtest/report.ts'
import { toEvent } from '../../../deploy/learn/event.ts'
import { toInputLine } from '../../../deploy/learn/input.ts'
import { LAYERS } from '../../../processors/model/trial.ts'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { topology } from '../../../processors/topology.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { EventLog, LogRecord } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { EVIDENCE_SIZE, EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { weightsOf } from '../../../schemas/semantics/model/network.ts'
import { hashOf, packed } from '../../../schemas/semantics/model/published.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'

const START = Date.parse('2026-11-21T14:00:00Z')
const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')
const codecs = await openCodecs(memorySchemaStore())

interface Said {
  readonly method?: string
  readonly path: string
  readonly status?: number
  readonly body?: unknown
  readonly agent?: string
  readonly asks?: unknown
}

/** One request a second. */
const logOf = (traffic: readonly Said[]): Pick<EventLog, 'read' | 'ranges'> => {
  const records = traffic.map(({ method = 'GET', path, status = 200, body, agent, asks }, offset): LogRecord => {
    const time = (START + offset * 1000) / 1000
    const request_headers = { ...(agent !== undefined && { 'user-agent': agent }) }
    const raw = { time, method, path, status, request_headers, request_body: asks, response_body: body }
    const line = toInputLine(raw)
    if (typeof line === 'string') throw new Error(line)
    const value = codecs.encode('exchanges', toEvent(line, offset, 'shop'))
    return { topic: '', partition: 0, offset, timestamp: Math.floor(line.at / 1000), key: 'shop', value }
  })
  return {
    ranges: async () => [{ partition: 0, start: 0, end: records.length }],
    read: async function* (_topic, { from }) {
      yield records.filter(({ timestamp }) => from.kind !== 'time' || timestamp >= from.time)
    },
  }
}

const terms: Terms = { methods: ['GET', 'HEAD'], writes: 'reject', minConfidence: 0.6, maxAge: 1e9, health: '' }
const book = (id: number): Said => ({ path: `/books/${id}`, body: { id, title: `Title ${id}`, genre: 'crime' } })
const healthy = Array.from({ length: 80 }, (_, i) => book(1 + (i % 8)))

const tested = async (traffic: readonly Said[], dies: number): Promise<Report> => {
  const log = logOf(traffic)
  const found = await survey(log, 0)
  expect(found).toMatchObject({ records: traffic.length, first: START, last: START + (traffic.length - 1) * 1000 })
  const learn = { from: found.first, to: START + dies * 1000 }
  const outage = { from: learn.to, to: found.last + 1 }
  const all = { log, codecs, topology: ghostTopology(topology), terms: () => terms, learn, outage }
  return reportOf(await backtest(all), { service: undefined, learn, outage })
}

it('tells what would have been answered, how rightly, and what not and why', async () => {
  const outage: Said[] = [
    book(1),
    book(2),
    // It was deleted meanwhile: the ghost could not know.
    { path: '/books/3', status: 404, body: { error: 'gone' } },
    { path: '/nowhere/at/all', body: { x: 1 } },
    { method: 'POST', path: '/books', status: 201, body: { id: 9 } },
    { path: '/healthz', body: 'ok' },
    { ...book(1), agent: 'kube-probe/1.31' },
  ]
  const report = await tested([...healthy, ...outage], healthy.length)
  expect(report).toMatchObject({
    requests: 7,
    eligible: 4,
    answered: 3,
    answered_share: 0.75,
    scored: 3,
    right: 2,
    survived_share: 0.5,
    false_successes: 1,
  })
  expect(report.learned.exchanges).toBe(80)
  expect(report.false_success_samples).toMatchObject([{ target: '/books/3', told: 200, truth: 404 }])
  expect(report.refusals.map(({ reason, endpoint }) => [reason, endpoint])).toEqual([
    ['unknown-endpoint', 'shop GET (unknown)'],
  ])
  expect(report.not_asked.map(({ reason }) => reason).toSorted()).toEqual([
    'health-check',
    'health-check',
    'write rejected',
  ])
  expect(report.parts).toMatchObject({ status: 2 / 3, shape: 1, values: 1, echo: 1 })
  const text = reportLines(report, (_colour, words) => words).join('\n')
  expect(text).toMatch(/survived +50\.0 %/)
})

it('asks for queries though they are sent by POST, and for no mutation', async () => {
  const query = (id: number): Said => ({
    method: 'POST',
    path: '/graphql',
    asks: { query: 'query Book($id: ID!) { book(id: $id) { id title } }', variables: { id: String(id) } },
    body: { data: { book: { id: String(id), title: `Title ${id}` } } },
  })
  const rename: Said = {
    method: 'POST',
    path: '/graphql',
    asks: { query: 'mutation Rename { rename(id: "1", title: "New") { id title } }' },
    body: { data: { rename: { id: '1', title: 'New' } } },
  }
  const learned = [...Array.from({ length: 40 }, (_, i) => query(1 + (i % 8))), rename]
  const report = await tested([...learned, query(2), query(3), rename], learned.length)
  expect(report).toMatchObject({ requests: 3, eligible: 2, answered: 2, right: 2 })
  expect(report.not_asked.map(({ reason }) => reason)).toEqual(['write rejected'])
})

it('goes by the response model of that time, where there is one', async () => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const weights = packed(new Float32Array(weightsOf(LAYERS)))
  const plain = { version: EVIDENCE_VERSION, layers: [...LAYERS], weights, slope: 1, offset: -9, fade: 0 }
  const about = { state: 'published' as const, reason: '', origin: 'own', trainedOn: 1, heldBack: 1, evaluation: [] }
  const put = async (service: string, at: number): Promise<void> => {
    const value = codecs.encode('models', { ...about, ...plain, service, at, hash: hashOf(plain, digest) })
    await log.append(topicName('models'), [{ key: service, value, timestamp: 1 }])
  }
  await put('shop', START * 1000)
  await put('late', (START + 60_000) * 1000)
  await put('plain', START * 1000)
  const judge = await judgeThen({ log, codecs, until: START + 30_000, without: new Set(['plain']) })
  const asked = ['shop', 'late', 'plain', 'none'].map((service) => judge(service, () => new Uint8Array(EVIDENCE_SIZE)))
  expect(asked).toEqual([expect.any(Number), undefined, undefined, undefined])
  expect(asked[0]).toBeLessThan(0.01)
  await log.close()
})

it('does not know what came after the death', async () => {
  const traffic = [...healthy, ...Array.from({ length: 20 }, (_, i) => ({ path: `/late/${i}`, body: { i } }))]
  const report = await tested(traffic, healthy.length)
  expect([report.requests, report.answered, report.survived_share]).toEqual([20, 0, 0])
})
