/**
 * The learners' bars: exchanges per second and core through templates, shapes and drift with answers of 1 KiB; the state of
 * an endpoint that is sent whatever there is; what a million distinct paths of a scanner leave behind.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { drift } from '../../processors/drift/drift.ts'
import type { Observation } from '../../processors/kit/processor.ts'
import { memoryStore } from '../processors/kit/store.ts'
import { createTask } from '../../processors/runtime/task.ts'
import { shapes } from '../../processors/shapes/shapes.ts'
import { templates } from '../../processors/templates/templates.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { LogRecord } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { anEvent, anExchange, json, NOON, SECOND } from '../processors/kit/builders.ts'
import { random } from '../topology/recording.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const section = 'learners'
const COUNT = 60_000
const WARM = COUNT / 2
const STEP = 2_000
const FLOOR = 30_000
const input = topicName('exchanges')

type Body = (i: number) => unknown

const KIB_WORDS = Array.from({ length: 24 }, (_, i) => `field_${String.fromCharCode(97 + i)}`)

/** About 1 KiB as JSON: what an order looks like. */
const anOrder: Body = (i) => ({
  id: i,
  created: new Date(NOON / 1000 + i).toISOString(),
  status: ['open', 'paid', 'sent'][i % 3],
  total: i * 1.25,
  customer: {
    id: i % 977,
    name: `customer ${i % 977}`,
    mail: `c${i % 977}@example.com`,
    address: { city: 'Ulm', zip: '89073' },
  },
  lines: Array.from({ length: 3 }, (_, n) => ({
    sku: `sku-${(i + n) % 50}`,
    count: n + 1,
    price: 9.5 * n,
    note: null,
  })),
  ...Object.fromEntries(KIB_WORDS.map((name, n) => [name, `value ${(i + n) % 9}`])),
})

const recordsOf = (codecs: Codecs, count: number, body: Body, target: (i: number) => string): LogRecord[] =>
  Array.from({ length: count }, (_, offset) => {
    const exchange = anExchange({ target: target(offset), ...json(body(offset)) })
    const value = codecs.encode('exchanges', anEvent({ id: `e${offset}`, at: NOON + offset * SECOND, exchange }))
    return { topic: input, partition: 0, offset, timestamp: 0, key: 'shop', value }
  })

const learnersOver = (codecs: Codecs) =>
  createTask({ topology: { locator: templates, processors: [shapes, drift] }, codecs })

const speed = (codecs: Codecs, records: readonly LogRecord[]): Cost => {
  const task = learnersOver(codecs)
  const step = (from: number, to: number): void => {
    for (let at = from; at < to; at += STEP) task.step(records.slice(at, at + STEP))
  }
  step(0, WARM)
  const stop = stopwatch()
  step(WARM, COUNT)
  return costOf(stop(), COUNT - WARM)
}

const peer = (codecs: Codecs, records: readonly LogRecord[]): Cost => {
  const stop = stopwatch()
  for (const { value } of records)
    JSON.parse(codecs.decode('exchanges', value as Uint8Array).exchange?.responseBody.bytes.toString() ?? '')
  return costOf(stop(), records.length)
}

/** New names, new values, new depths, all the time. */
const hostile = (next: () => number): Body => {
  const word = (): string => Math.floor(next() * 1e9).toString(36)
  const value = (depth: number): unknown => {
    if (depth > 3 || next() < 0.3) return next() < 0.5 ? word().repeat(3) : next() * 1e9
    if (next() < 0.3) return Array.from({ length: 5 }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length: 8 }, () => [word(), value(depth + 1)]))
  }
  return () => value(0)
}

/** The most that one processor keeps of the endpoint. */
const largestState = (codecs: Codecs): number => {
  const task = learnersOver(codecs)
  const records = recordsOf(codecs, 1_500, hostile(random(5)), () => '/things')
  for (let at = 0; at < records.length; at += STEP) task.step(records.slice(at, at + STEP))
  return Math.max(
    ...task
      .dump()
      .filter(({ key }) => key.includes('shop GET /things'))
      .map(({ value }) => value?.length ?? 0),
  )
}

const MILLION = 1_000_000
const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const heap = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

interface Left {
  readonly growth: number
  readonly isUnharmed: boolean
}

/** What a scanner leaves: heap in MiB between its first tenth and its end, and whether the templates still stand. */
const scanner = (status: number): Left => {
  const steps = templates.open({ open: () => memoryStore() })
  const visit = (path: string, code: number, i: number): void => {
    const exchange = { method: 'GET', status: code }
    const observation = { event: { service: 'shop' }, exchange, at: NOON + i * 1000, path, query: [], teaches: true }
    steps.locate(observation as unknown as Observation, () => undefined)
  }
  for (let i = 0; i < 400; i++) visit(i % 2 === 0 ? `/users/${i}/orders` : '/reports', 200, i)
  let before = 0
  for (let i = 0; i < MILLION; i++) {
    visit(`/${((i * 7919) % 1e9).toString(36)}/x${i.toString(36)}.php`, status, i)
    if (i === MILLION / 10) before = heap()
  }
  const growth = (heap() - before) / MIB
  const found = (path: string): string | undefined => steps.find('shop', 'GET', path)?.template
  return { growth, isUnharmed: found('/users/7/orders') === '/users/{id}/orders' && found('/reports') === '/reports' }
}

const scannerFigure = (status: number): Figure => {
  const { growth, isUnharmed } = scanner(status)
  if (!isUnharmed) throw new Error(`a scanner that is answered ${status} has changed the templates`)
  const name = `heap left by a million paths answered ${status}`
  // Rounded up from nothing: a heap that shrank has not grown.
  return {
    section,
    name,
    unit: 'MiB',
    value: round(Math.max(0, growth)),
    better: 'less',
    floor: { of: 'value', at: 16 },
  }
}

const run: Section['run'] = async () => {
  const codecs = await openCodecs(memorySchemaStore())
  const records = recordsOf(codecs, COUNT, anOrder, (i) => `/v1/shops/${i % 40}/orders/${i}`)
  const cost = best([speed(codecs, records), speed(codecs, records)])
  const plain = best([peer(codecs, records), peer(codecs, records)])
  return [
    {
      section,
      name: 'templates, shapes and drift, 1 KiB of JSON',
      unit: 'exchanges/s/core',
      value: round(perCore(cost)),
      better: 'more',
      peer: { name: 'decode and parse only', value: round(perCore(plain)) },
      floor: { of: 'value', at: FLOOR },
      seen: round(cost.seen),
    },
    {
      section,
      name: 'state of an endpoint that is sent anything',
      unit: 'bytes',
      value: largestState(codecs),
      better: 'less',
      floor: { of: 'value', at: 65_536 },
    },
    scannerFigure(404),
    scannerFigure(200),
  ]
}

export const learnersSection: Section = { name: section, run }
