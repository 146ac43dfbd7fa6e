/**
 * The drift set drawn again: answers from before and from after each switch, with replacement, put together anew as a hard
 * switch, as a canary and without any change, many times. It says how much of a score is luck, and gives ten times the
 * control traffic. `node --import tsx test/evals/drift-resampled.ts DRIFT_FOLDER [TIMES]`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { drift } from '../../processors/drift/drift.ts'
import type { JsonValue, Observation } from '../../processors/kit/processor.ts'
import { memoryStore } from '../processors/kit/store.ts'
import type { Drift } from '../../schemas/events.ts'
import { random } from '../topology/recording.ts'
import { casesOf, readRows, type Row } from './convert.ts'

const [folder = '', times = '4'] = process.argv.slice(2)
if (folder === '') {
  console.error('usage: drift-resampled.ts DRIFT_FOLDER [TIMES]')
  process.exit(2)
}

const RAMP = 250
const CONTROL = 2000
const SECOND = 1_000_000

interface Expected {
  readonly m: string
  readonly t: string
  readonly pointer: string
  readonly kind: string
}

interface Truth {
  readonly exchanges: number
  readonly switch: number
  readonly ramp: number
  readonly control?: boolean
  readonly expected: readonly Expected[]
  readonly real_but_thin_evidence?: readonly Expected[]
  readonly ignore_under?: readonly Expected[]
}

interface Case {
  readonly name: string
  readonly truth: Truth
  readonly old: readonly Row[]
  readonly fresh: readonly Row[]
}

interface Told {
  readonly index: number
  readonly what: string
  readonly place: string
  readonly kind: string
}

// As the set's own scorer compares places.
const template = (text: string): string => text.replace(/\{[^{}]*\}/g, '{}').replace(/\/$/, '')
const pointer = (text: string): string => text.replace(/\/(\*|\d+)(?=\/|$)/g, '/*').replace(/\/$/, '')
const placeOf = (one: Pick<Expected, 'm' | 't' | 'pointer'>): string =>
  `${one.m} ${template(one.t)} ${pointer(one.pointer)}`

const observation = (row: Row, index: number): Observation =>
  ({
    event: { id: `e${index}` },
    query: [],
    exchange: { upstream: '', status: row['s'], principal: '', method: row['m'] },
    at: index * SECOND,
    offset: index,
    responseJson: (row['b'] ?? undefined) as JsonValue | undefined,
    teaches: true,
    endpoint: { id: `api ${String(row['m'])} ${String(row['t'])}`, service: 'api', parameters: [] },
  }) as unknown as Observation

/** Kinds that the set does not know: told apart. */
const BEYOND = new Set(['format_changed', 'endpoint_new', 'endpoint_gone', 'request_field_required'])
const beyond: string[] = []

/** Each change once, as it was first told. */
const tell = (rows: readonly Row[]): Told[] => {
  const told = new Map<string, Told>()
  const steps = drift.open({ open: () => memoryStore() })
  for (const [index, row] of rows.entries())
    steps.observe?.(observation(row, index), (topic, _, value) => {
      if (topic !== 'drift' || value === null) return
      const { endpoint, pointer: at, kind } = value as Drift
      if (BEYOND.has(kind)) beyond.push(kind)
      if (BEYOND.has(kind)) return
      const [, m = '', t = ''] = endpoint.split(' ')
      const place = placeOf({ m, t, pointer: at })
      const what = `${place} ${kind}`
      if (!told.has(what)) told.set(what, { index, what, place, kind })
    })
  return [...told.values()]
}

type Tally = Map<string, [hit: number, wrong: number, missed: number]>

const count = (tally: Tally, kind: string, which: 0 | 1 | 2): void => {
  const counts = tally.get(kind) ?? [0, 0, 0]
  counts[which]++
  tally.set(kind, counts)
}

const judge = (truth: Truth, told: readonly Told[], tally: Tally): void => {
  const expected = new Set(truth.expected.map((one) => `${placeOf(one)} ${one.kind}`))
  const places = new Set(truth.expected.map(placeOf))
  const thin = new Set(truth.real_but_thin_evidence?.map(placeOf))
  const ignored = truth.ignore_under?.map(placeOf) ?? []
  const isUnder = (place: string): boolean =>
    [...places, ...thin, ...ignored].some((top) => place.startsWith(`${top}/`)) || ignored.includes(place)
  for (const { what, place, kind, index } of told) {
    if (expected.has(what)) count(tally, kind, index >= truth.switch ? 0 : 1)
    else if (!thin.has(place) && (places.has(place) || !isUnder(place))) count(tally, kind, 1)
  }
  const found = new Set(told.map(({ what }) => what))
  for (const one of truth.expected) if (!found.has(`${placeOf(one)} ${one.kind}`)) count(tally, one.kind, 2)
}

const f1 = ([hit, wrong, missed]: readonly [number, number, number]): number => (2 * hit) / (2 * hit + wrong + missed)

const report = (name: string, tally: Tally): void => {
  const all: [number, number, number] = [0, 0, 0]
  for (const counts of tally.values()) for (const i of [0, 1, 2] as const) all[i] += counts[i]
  const macro = [...tally.values()].reduce((sum, counts) => sum + f1(counts), 0) / tally.size
  const kinds = [...tally].map(([kind, counts]) => `${kind} ${f1(counts).toFixed(2)}`).join(', ')
  console.log(`${name}: F1 ${f1(all).toFixed(3)}, macro ${macro.toFixed(3)} (${kinds})`)
}

const drawn = (next: () => number, rows: readonly Row[]): Row => rows[Math.floor(next() * rows.length)] as Row

const mixed = (one: Case, ramp: number, next: () => number): Row[] =>
  Array.from({ length: one.truth.exchanges }, (_, i) => {
    const share = (i - one.truth.switch) / Math.max(1, ramp)
    const isFresh = i >= one.truth.switch && (ramp === 0 || next() < share)
    return drawn(next, isFresh ? one.fresh : one.old)
  })

const load = async (name: string, file: string): Promise<Case> => {
  const truth = JSON.parse(readFileSync(join(folder, 'truth', `${name}.json`), 'utf8')) as Truth
  const rows: Row[] = []
  for await (const row of readRows(file)) if (row['t'] !== null) rows.push(row)
  const isOld = (row: Row): boolean => truth.control === true || Number(row['i']) < truth.switch
  return {
    name,
    truth,
    old: rows.filter(isOld),
    fresh: rows.filter((row) => !isOld(row) && Number(row['i']) >= truth.switch + truth.ramp),
  }
}

const cases: Case[] = []
for (const { name, file } of casesOf(join(folder, 'data'))) cases.push(await load(name, file))
const rounds = Array.from({ length: Number(times) }, (_, i) => i)

const rollout = (name: string, ramp: number): void => {
  const tally: Tally = new Map()
  for (const [c, one] of cases.entries())
    for (const round of one.truth.control === true ? [] : rounds)
      judge(one.truth, tell(mixed(one, ramp, random(1000 * round + c + ramp))), tally)
  report(name, tally)
}
rollout('hard switch', 0)
rollout('canary', RAMP)

const said = (): string => {
  const kinds = [...new Set(beyond)].sort().map((kind) => `${kind} ${beyond.filter((one) => one === kind).length}`)
  beyond.length = 0
  return kinds.join(', ') || 'none'
}
console.log(`of further kinds: ${said()}`)

let alarms = 0
let exchanges = 0
for (const [c, { old, fresh }] of cases.entries())
  for (const [p, pool] of [old, fresh].entries())
    for (const round of pool.length === 0 ? [] : rounds) {
      const next = random(7000 * round + 2 * c + p)
      alarms += tell(Array.from({ length: CONTROL }, () => drawn(next, pool))).length
      exchanges += CONTROL
    }
console.log(
  `no change: ${alarms} false alarms in ${exchanges} exchanges, ${((1000 * alarms) / exchanges).toFixed(2)} per 1,000`,
)
console.log(`of further kinds, where nothing changes: ${said()}`)
