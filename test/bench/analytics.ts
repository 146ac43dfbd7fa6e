/**
 * Windows and sketches: exchanges a second and core through the reducer of traffic; sketches against what the registry has
 * (`npm i --prefix DIR @datadog/sketches-js@2.1.1 bloom-filters@3.0.4`, then CHAOS_PROXY_BENCH_PEERS=DIR).
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Observation } from '../../processors/kit/processor.ts'
import { hash32 } from '../../processors/kit/hash.ts'
import { traffic } from '../../processors/traffic/traffic.ts'
import { addValue, emptySketch, quantile } from '../../schemas/semantics/sketches/ddsketch.ts'
import { addHash, distinct, emptyDistinct } from '../../schemas/semantics/sketches/hyperloglog.ts'
import { anEvent, anExchange, NOON, SECOND } from '../processors/kit/builders.ts'
import { memoryStore } from '../processors/kit/store.ts'
import { random } from '../topology/recording.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const section = 'analytics'
const COUNT = 200_000
const ENDPOINTS = 100
/** A second of event time: what a busy core sees, and a quiet one, which publishes more often per exchange and has the time. */
const [BUSY, QUIET] = [1_000, 20] as const
const FLOOR = 50_000

const AGENTS = ['curl/8.5', 'Mozilla/5.0 (X11)', 'python-requests/2.32', 'okhttp/4.12'] as const

/** To a hundred endpoints, of five thousand clients. */
const observations = (rate: number): Observation[] => {
  const next = random(11)
  return Array.from({ length: COUNT }, (_, i) => {
    const endpoint = Math.floor(ENDPOINTS * next() ** 2)
    const at = NOON + i * (SECOND / rate)
    const exchange = anExchange({
      status: next() < 0.02 ? 500 : 200,
      client: `client-${Math.floor(5_000 * next())}`,
      principal: next() < 0.5 ? `p${Math.floor(800 * next())}` : '',
      upstream: `http://10.0.0.${i % 3}:80`,
      requestHeaders: [
        { name: 'host', value: 'shop' },
        { name: 'accept', value: '*/*' },
        { name: 'user-agent', value: AGENTS[i % 4] ?? '' },
      ],
      timings: { queue: 0, connect: 0, firstByte: 0, total: Math.round(1_000 + 80_000 * next() ** 3) },
    })
    const path = `/things-${endpoint}/${Math.floor(1_000 * next())}`
    const id = `shop GET /things-${endpoint}/{id}`
    const located = { id, service: 'shop', method: 'GET', template: `/things-${endpoint}/{id}`, parameters: [] }
    const event = anEvent({ at, exchange })
    return {
      event,
      exchange,
      at,
      path,
      partition: 0,
      endpoint: located,
      responseJson: undefined,
    } as unknown as Observation
  })
}

/** State is encoded at commits only, by the host: `topology` measures that. */
const reduce = (list: readonly Observation[]): Cost => {
  const steps = traffic.open({ open: () => memoryStore() })
  let published = 0
  const emit = (): void => void published++
  const stop = stopwatch()
  let second = 0
  for (const observation of list) {
    steps.observe?.(observation, emit)
    const now = Math.floor(observation.at / SECOND)
    if (now > second) steps.advance?.(observation.at, emit)
    second = now
  }
  if (published === 0) throw new Error('no window was published')
  return costOf(stop(), list.length)
}

const VALUES = 1_000_000

interface Quantiles {
  accept(value: number): void
  getValueAtQuantile(q: number): number
}
interface Distinct {
  update(value: string): void
  count(): number
}

const timed = (work: () => void, units: number): number => {
  const stop = stopwatch()
  work()
  return perCore(costOf(stop(), units))
}

const latencies = (): Float64Array => {
  const next = random(5)
  return Float64Array.from({ length: VALUES }, () => 1_000 + 1e6 * next() ** 6)
}

/** The worst relative error of p50, p95 and p99, in percent. */
const errorOf = (values: Float64Array, told: (q: number) => number): number => {
  const sorted = values.slice().sort()
  const errors = [0.5, 0.95, 0.99].map((q) => {
    const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? 1
    return Math.abs(told(q) / exact - 1)
  })
  return round(100 * Math.max(...errors))
}

type Peers = (name: string) => Record<string, unknown> | undefined

const peersOf = (skipped: (reason: string) => void): Peers => {
  const dir = process.env['CHAOS_PROXY_BENCH_PEERS'] ?? ''
  if (dir === '') skipped('the libraries of others, for want of CHAOS_PROXY_BENCH_PEERS')
  return (name) => (dir === '' ? undefined : (createRequire(join(dir, 'x.js'))(name) as Record<string, unknown>))
}

const withPeer = (name: string, value: number | undefined): Pick<Figure, 'peer'> =>
  value === undefined ? {} : { peer: { name, value } }

const quantileFigures = (peers: Peers): Figure[] => {
  const values = latencies()
  const sketch = emptySketch()
  const speed = timed(() => values.forEach((value) => addValue(sketch, value)), VALUES)
  const library = peers('@datadog/sketches-js') as { DDSketch: new (options: object) => Quantiles } | undefined
  const theirs = library && new library.DDSketch({ relativeAccuracy: 0.01 })
  const theirSpeed = theirs && round(timed(() => values.forEach((value) => theirs.accept(value)), VALUES))
  const theirError = theirs && errorOf(values, (q) => theirs.getValueAtQuantile(q))
  const error = errorOf(values, (q) => quantile(sketch, q))
  const name = '@datadog/sketches-js'
  return [
    {
      section,
      name: 'DDSketch, values',
      unit: '/s/core',
      value: round(speed),
      better: 'more',
      ...withPeer(name, theirSpeed),
    },
    {
      section,
      name: 'DDSketch, worst error of p50, p95, p99',
      unit: '%',
      value: error,
      better: 'less',
      floor: { of: 'value', at: 1 },
      ...withPeer(name, theirError),
    },
  ]
}

const DISTINCT = 200_000
const FEW = 20_000

const distinctFigures = (peers: Peers): Figure[] => {
  const names = Array.from({ length: DISTINCT }, (_, i) => `client-${i}`)
  const sketch = emptyDistinct()
  const speed = timed(() => names.forEach((name) => addHash(sketch, hash32(name))), DISTINCT)
  const library = peers('bloom-filters') as { HyperLogLog: new (registers: number) => Distinct } | undefined
  const theirs = library && new library.HyperLogLog(4096)
  const few = names.slice(0, FEW)
  const theirSpeed = theirs && round(timed(() => few.forEach((name) => theirs.update(name)), FEW))
  const theirError = theirs && round(100 * Math.abs(theirs.count() / FEW - 1))
  const error = round(100 * Math.abs(distinct(sketch) / DISTINCT - 1))
  const name = 'bloom-filters'
  return [
    {
      section,
      name: 'HyperLogLog, names',
      unit: '/s/core',
      value: round(speed),
      better: 'more',
      ...withPeer(name, theirSpeed),
    },
    {
      section,
      name: 'HyperLogLog, error of one set',
      unit: '%',
      value: error,
      better: 'less',
      floor: { of: 'value', at: 5 },
      ...withPeer(name, theirError),
    },
  ]
}

const reducer = (rate: number): Figure => {
  const list = observations(rate)
  reduce(list.slice(0, COUNT / 4))
  const cost = best([reduce(list), reduce(list)])
  return {
    section,
    name: `windows of five scopes, to hours and days, ${rate} a second`,
    unit: 'exchanges/s/core',
    value: round(perCore(cost)),
    better: 'more',
    ...(rate === BUSY ? { floor: { of: 'value', at: FLOOR } as const } : {}),
    seen: round(cost.seen),
  }
}

const run: Section['run'] = async (skipped) => {
  const peers = peersOf(skipped)
  return [reducer(BUSY), reducer(QUIET), ...quantileFigures(peers), ...distinctFigures(peers)]
}

export const analyticsSection: Section = { name: section, run }
