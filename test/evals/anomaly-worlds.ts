/**
 * Our own scenarios for the anomaly set, in its format: other APIs, rates, seasons, latencies and attacks than those it has, so
 * that what is tuned on it is measured elsewhere. `node --import tsx test/evals/anomaly-worlds.ts OUT [../shared/evals]` writes
 * them, with the set's scorer, for `npm run evals -- --data OUT anomaly`.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { diceOf, STRANGE, type Dice, type Request } from './anomaly-attacks.ts'
import { WORLDS, type Incident, type Operation, type World } from './anomaly-scenes.ts'

const START = 1_761_523_200
const DAY = 86_400

const WORDS = 'red blue green lamp chair sofa river paper stone north south east rock n roll jazz tea'.split(' ')
const CALLERS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0',
  'Mozilla/5.0 (Linux; Android {v}) Mobile Safari/537.36 build/{w}',
  'Dart/3.{v} (dart:io)',
  'Java-http-client/17.0.{v}',
  'ReactorNetty/1.0.{v}',
  'client-{w}/{v}.1',
]
const PROBES = [
  '/.env',
  '/admin.php',
  '/wp-admin/setup-config.php',
  '/.git/config',
  '/vendor/phpunit/phpunit',
  '/api/swagger.json',
  '/debug/vars',
  '/index.jsp',
  '/HNAP1',
  '/remote/login',
  '/.aws/credentials',
  '/v2/../../../etc/shadow',
  '/metrics',
  '/graphql',
  '/private/keys',
  '/test',
  '/old',
  '/beta/users',
]
const isWeekend = (ts: number): boolean => [5, 6].includes((Math.floor(ts / DAY) + 3) % 7)

const fill = (text: string, { next, pick }: Dice): string =>
  text
    .replaceAll('{id}', () => String(1 + Math.floor(next() ** 2 * 900)))
    .replaceAll('{n}', () => String(20 * Math.floor(next() * 8)))
    .replaceAll('{d}', () => String(1 + Math.floor(next() * 9)))
    .replaceAll('{w}', () => pick(WORDS))
    .replaceAll('{v}', () => String(1 + Math.floor(next() * 40)))

const seasonOf = ({ swing, peak, weekend, growth = 0 }: World, ts: number): number => {
  const hour = (ts % DAY) / 3600
  const day = 1 + swing * Math.cos(((hour - peak) / 24) * 2 * Math.PI)
  return day * (isWeekend(ts) ? weekend : 1) * (1 + growth) ** ((ts - START) / DAY)
}

const windowAt = ({ incidents }: World, ts: number, kind: Incident['kind'], op: number): Incident | undefined =>
  incidents.find((one) => {
    const from = START + one.from * 3600
    return (
      one.kind === kind && ts >= from && ts < from + one.minutes * 60 && (one.op === undefined || Number(one.op) === op)
    )
  })

interface Crowd {
  readonly ips: readonly string[]
  readonly agents: readonly string[]
}

const crowdOf = (world: World, dice: Dice): Crowd => ({
  ips: Array.from(
    { length: 300 },
    () => `10.${Math.floor(dice.next() * 250)}.${Math.floor(dice.next() * 250)}.${1 + Math.floor(dice.next() * 250)}`,
  ),
  agents: Array.from({ length: world.agents }, () => fill(dice.pick(CALLERS), dice)),
})

interface Moment {
  readonly ts: number
  readonly slow: number
}

const pickOperation = (world: World, { next }: Dice): number => {
  const total = world.operations.reduce((sum, { weight }) => sum + weight, 0)
  let left = next() * total
  return Math.max(
    0,
    world.operations.findIndex(({ weight }) => (left -= weight) < 0),
  )
}

const OK: Readonly<Record<string, number>> = { POST: 201, DELETE: 204 }

const statusOf = (method: string, failing: number, { next, pick }: Dice): number => {
  if (next() < failing) return pick([500, 502, 503])
  return next() < 0.02 ? pick([400, 404, 404, 401]) : (OK[method] ?? 200)
}

/** Log-normal, from a cache or not, and one in a hundred out of the tail. */
const timeOf = ({ ms, spread, cached = 0 }: Operation, { next, normal }: Dice): number => {
  const isTail = next() < 0.01
  return ms * Math.exp(spread * normal() * (isTail ? 1.5 : 1)) * (isTail ? 3 : 1) * (next() < cached ? 0.1 : 1)
}

const ask = (world: World, crowd: Crowd, dice: Dice, { ts, slow }: Moment): Request => {
  const index = pickOperation(world, dice)
  const operation = world.operations[index] as Operation
  const { method, path, query, sent, bytes } = operation
  const who = Math.floor(dice.next() ** 3 * crowd.ips.length)
  const s = statusOf(method, windowAt(world, ts, 'errors', index)?.factor ?? 0.004, dice)
  const shift = windowAt(world, ts, 'latency', index)?.factor ?? 1
  const size = (usual: number): number => Math.max(1, Math.round(usual * Math.exp(0.3 * dice.normal())))
  return {
    ts,
    m: method,
    p: fill(path, dice) + (query === undefined ? '' : `?${fill(query, dice)}`),
    ua: crowd.agents[who % crowd.agents.length] as string,
    ip: crowd.ips[who] as string,
    s,
    d: Math.round(timeOf(operation, dice) * slow * shift * 10) / 10,
    q: sent === undefined ? 0 : size(sent),
    r: s >= 400 ? 90 : size(bytes),
  }
}

/** One in so many requests is strange by itself. */
const STRANGE_EVERY = 600

const scanOf = (incident: Incident, dice: Dice): Request[] => {
  const from = START + incident.from * 3600
  const count = Math.round(incident.minutes * 60 * incident.factor)
  const ip = `198.51.100.${1 + Math.floor(dice.next() * 250)}`
  return Array.from({ length: count }, () => ({
    ts: from + dice.next() * incident.minutes * 60,
    m: dice.pick(['GET', 'GET', 'GET', 'HEAD', 'POST']),
    p: dice.pick(PROBES),
    ua: 'Mozilla/5.0 (compatible)',
    ip,
    s: dice.pick([404, 404, 404, 403]),
    d: 3,
    q: 0,
    r: 90,
    kind: 'scan',
  }))
}

/** From quarter to quarter: what was, and a step back to 0. */
const wander = (sd: number, { normal }: Dice): (() => number) => {
  let at = 0
  return () => (at = 0.8 * at + 0.6 * sd * normal())
}

const volumeAt = (world: World, ts: number): number => {
  const drop = windowAt(world, ts, 'traffic_drop', -1)?.factor ?? 1
  return world.rate * seasonOf(world, ts) * drop * (windowAt(world, ts, 'traffic_spike', -1)?.factor ?? 1)
}

const poisson = (mean: number, { next }: Dice): number => {
  let count = 0
  for (let left = mean + Math.log(next()); left > 0; left += Math.log(next())) count++
  return count
}

const withBursts = (world: World, some: readonly Request[], { next }: Dice): Request[] =>
  some.flatMap((one) =>
    next() < (world.bursts ?? 0) / 5 ? Array.from({ length: 5 }, (_, i) => ({ ...one, ts: one.ts + i * 0.2 })) : [one],
  )

/** Every request of a world in order of time. */
export const requestsOf = (world: World): Request[] => {
  const dice = diceOf(world.seed)
  const crowd = crowdOf(world, dice)
  const [byRate, byMs] = [wander(world.rateNoise ?? 0, dice), wander(world.msNoise ?? 0, dice)]
  const all: Request[] = world.incidents.filter(({ kind }) => kind === 'scan').flatMap((one) => scanOf(one, dice))
  let [more, slow] = [1, 1]
  for (let minute = 0; minute < world.days * 1440; minute++) {
    const ts = START + minute * 60
    if (minute % 15 === 0) [more, slow] = [Math.exp(byRate()), Math.exp(byMs())]
    const load = 1 + (world.msByLoad ?? 0) * (seasonOf(world, ts) - 1)
    const n = poisson(volumeAt(world, ts) * more, dice)
    const some = Array.from({ length: n }, () =>
      ask(world, crowd, dice, { ts: ts + dice.next() * 60, slow: slow * load }),
    )
    for (const one of withBursts(world, some, dice)) {
      if (dice.next() < 1 / STRANGE_EVERY) {
        one.kind = dice.pick(Object.keys(STRANGE))
        STRANGE[one.kind]?.(one, dice)
      }
      all.push(one)
    }
  }
  return all.sort((a, b) => a.ts - b.ts)
}

const writeWorld = (world: World, folder: string): void => {
  const requests = requestsOf(world)
  const lines = requests.map((one, i) => JSON.stringify({ i, ...one, kind: undefined }))
  const windows = world.incidents.map(({ kind, from, minutes, factor, op }) => {
    const start = START + from * 3600
    return {
      kind,
      start,
      end: start + minutes * 60,
      op: op === undefined ? null : world.operations[Number(op)]?.path,
      factor,
    }
  })
  const labelled = requests.flatMap(({ kind }, i) => (kind === undefined ? [] : [{ i, kind }]))
  const { name, days } = world
  const truth = {
    scenario: name,
    requests: requests.length,
    days,
    warmup_end: START + DAY,
    windows,
    requests_labelled: labelled,
  }
  writeFileSync(join(folder, `${name}.jsonl.gz`), gzipSync(`${lines.join('\n')}\n`))
  writeFileSync(join(folder, `${name}.truth.json`), JSON.stringify(truth))
}

const [out, data = '../shared/evals'] = process.argv.slice(2)
if (out !== undefined && import.meta.filename === process.argv[1]) {
  const folder = join(out, 'anomaly', 'http')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(data, 'anomaly', 'score_http.py'), join(out, 'anomaly', 'score_http.py'))
  for (const world of WORLDS) writeWorld(world, folder)
}
