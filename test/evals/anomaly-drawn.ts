/**
 * Worlds drawn from a seed: what is asked for, when, by whom, and what happens. Nobody looked at one before it was measured;
 * what is chosen by some seeds is reported on others.
 */
import { diceOf, type Dice } from './anomaly-attacks.ts'
import type { Incident, Operation, World } from './anomaly-scenes.ts'

type Draw = (dice: Dice, world: Pick<World, 'operations'>) => Omit<Incident, 'from' | 'name'>

const between = ({ next }: Dice, low: number, high: number): number => low * (high / low) ** next()
const rounded = (x: number): number => Math.round(x * 100) / 100
const minutes = (dice: Dice, low: number, high: number): number => Math.round(between(dice, low, high))
const anyOp = ({ next }: Dice, { operations }: Pick<World, 'operations'>): string =>
  String(Math.floor(next() * operations.length))

const of =
  (kind: Incident['kind'], [least, most]: readonly [number, number], [short, long]: readonly [number, number]): Draw =>
  (dice) => ({ kind, factor: rounded(between(dice, least, most)), minutes: minutes(dice, short, long) })

const with_ =
  (draw: Draw, more: (dice: Dice, world: Pick<World, 'operations'>) => Partial<Incident>): Draw =>
  (dice, world) => ({ ...draw(dice, world), ...more(dice, world) })

const atOp = (draw: Draw): Draw => with_(draw, (dice, world) => ({ op: anyOp(dice, world) }))

/** What may happen; each is as likely. */
const HAPPENINGS: Readonly<Record<string, Draw>> = {
  'a little slower': of('latency', [1.3, 1.6], [30, 60]),
  slower: of('latency', [1.6, 3], [20, 40]),
  'one endpoint slower': atOp(of('latency', [2, 5], [20, 40])),
  'POST slower': with_(of('latency', [2, 3], [30, 45]), () => ({ method: 'POST' })),
  'one upstream of three slower': with_(of('latency', [2, 4], [30, 60]), () => ({ share: 0.33 })),
  'slower and slower': with_(of('latency', [2.5, 4], [90, 150]), () => ({ ramp: true })),
  'slow for ten minutes': of('latency', [2.5, 4], [10, 10]),
  errors: of('errors', [0.1, 0.4], [15, 30]),
  'errors of one endpoint': atOp(of('errors', [0.5, 0.9], [20, 30])),
  'one status of one endpoint': atOp(
    with_(of('errors', [0.5, 0.9], [25, 40]), ({ pick }) => ({ status: pick([404, 401, 403, 409]) })),
  ),
  'errors for ten minutes': of('errors', [0.3, 0.7], [10, 10]),
  'one upstream of three fails': with_(of('errors', [1, 1], [10, 25]), () => ({ share: 0.33 })),
  silence: with_(of('traffic_drop', [1, 1], [20, 30]), () => ({ factor: 0 })),
  'partial silence': of('traffic_drop', [0.15, 0.4], [30, 60]),
  'one endpoint silent': with_(atOp(of('traffic_drop', [1, 1], [40, 90])), () => ({ factor: 0 })),
  'less and less': with_(of('traffic_drop', [0.05, 0.2], [90, 150]), () => ({ ramp: true })),
  spike: of('traffic_spike', [2.5, 5], [15, 30]),
  'spike of ten minutes': of('traffic_spike', [4, 8], [10, 10]),
  scan: of('scan', [0.1, 0.6], [10, 15]),
}

const NOUNS =
  'accounts bookings coupons drivers events files groups hotels invites jobs keys labels meters notes'.split(' ')

const operationOf = (dice: Dice, index: number): Operation => {
  const { pick, next } = dice
  const noun = pick(NOUNS)
  const method = pick(['GET', 'GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE'])
  const isOfOne = method !== 'POST' && next() < 0.6
  return {
    method,
    path: `/api/${noun}${isOfOne ? '/{id}' : ''}`,
    weight: 1 / (index + 1) ** 0.9,
    ms: rounded(between(dice, 5, 400)),
    spread: rounded(0.2 + 0.5 * next()),
    ...(next() < 0.25 && { cached: rounded(0.3 + 0.4 * next()) }),
    bytes: Math.round(between(dice, 100, 20_000)),
    ...(method.startsWith('P') && { sent: Math.round(between(dice, 80, 2_000)) }),
    ...(method === 'GET' && !isOfOne && { query: pick(['q={w}', 'page={d}&sort={w}', 'offset={n}']) }),
  }
}

const operationsOf = (dice: Dice): Operation[] => {
  const drawn = Array.from({ length: 5 + Math.floor(dice.next() * 8) }, (_, i) => operationOf(dice, i))
  const names = drawn.map(({ method, path }) => `${method} ${path}`)
  return drawn.filter((_, i) => names.indexOf(names[i] ?? '') === i)
}

/** Hours between two happenings. */
const APART = 5

const incidentsOf = (dice: Dice, days: number, operations: readonly Operation[]): Incident[] =>
  Array.from({ length: Math.floor((days * 24 - 28) / APART) }, (_, i) => {
    const name = dice.pick(Object.keys(HAPPENINGS))
    const happening = (HAPPENINGS[name] as Draw)(dice, { operations })
    return { ...happening, name, from: rounded(27 + i * APART + dice.next() * 2) }
  })

/** Every fourth is calm, for nine days. */
export const drawnWorld = (seed: number): World => {
  const dice = diceOf(seed * 7_919)
  const isCalm = seed % 4 === 0
  const days = isCalm ? 9 : dice.pick([4, 4, 8])
  const operations = operationsOf(dice)
  const { next, pick } = dice
  return {
    name: `${isCalm ? 'calm-' : ''}drawn-${String(seed).padStart(3, '0')}`,
    seed,
    days,
    rate: rounded(between(dice, 1.5, isCalm ? 8 : 15)),
    swing: rounded(0.1 + 0.8 * next()),
    peak: Math.floor(24 * next()),
    second: pick([0, 0, 0.4]),
    weekend: pick([1, 0.3, 0.6, 1.8]),
    growth: isCalm ? pick([0, 0, 0.08]) : 0,
    rateNoise: pick([0, 0.1, 0.2]),
    msNoise: pick([0, 0.05, 0.1]),
    msByLoad: pick([0, 0, 0.2]),
    bursts: pick([0, 0, 0.1]),
    agents: Math.round(between(dice, 2, 400)),
    odd: true,
    ...(pick([true, false]) && { cron: { op: Math.floor(next() * operations.length), times: pick([5, 15, 40]) } }),
    ...(isCalm && { deploy: { from: 60 + Math.floor(80 * next()), cached: 0.1 * next(), slower: 1.1 } }),
    operations,
    incidents: isCalm ? [] : incidentsOf(dice, days, operations),
  }
}
