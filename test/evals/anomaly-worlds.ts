/**
 * Our own scenarios for the anomaly set, in its format: other APIs, rates, seasons, latencies and attacks than those it has, so
 * that what is tuned on it is measured elsewhere. `node --import tsx test/evals/anomaly-worlds.ts OUT [../shared/evals]` writes
 * them, with the set's scorer, for `npm run evals -- --data OUT anomaly`; with a third argument, such as `101-104`, those that are drawn from these seeds.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { diceOf, poisson, STRANGE, wander, type Dice, type Request } from './anomaly-attacks.ts'
import { drawnWorld } from './anomaly-drawn.ts'
import { campaignsOf, watchersOf } from './anomaly-campaigns.ts'
import { ODD, OTHER_STRANGE } from './anomaly-oddities.ts'
import {
  DAY,
  seasonOf,
  START,
  USUAL_FAILING,
  WORLDS,
  type Incident,
  type Operation,
  type World,
} from './anomaly-scenes.ts'
import { campaignsIn, windowsOf } from './anomaly-truth.ts'

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
const fill = (text: string, { next, pick }: Dice): string =>
  text
    .replaceAll('{id}', () => String(1 + Math.floor(next() ** 2 * 900)))
    .replaceAll('{n}', () => String(20 * Math.floor(next() * 8)))
    .replaceAll('{d}', () => String(1 + Math.floor(next() * 9)))
    .replaceAll('{w}', () => pick(WORDS))
    .replaceAll('{v}', () => String(1 + Math.floor(next() * 40)))

interface At {
  readonly ts: number
  readonly op: number
  readonly method?: string
}

const windowAt = ({ incidents }: World, kind: Incident['kind'], { ts, op, method }: At): Incident | undefined =>
  incidents.find((one) => {
    const from = START + one.from * 3600
    if (one.kind !== kind || ts < from || ts >= from + one.minutes * 60) return false
    return (one.op === undefined || Number(one.op) === op) && (one.method === undefined || one.method === method)
  })

/** What it does just now: some grow. */
const factorOf = ({ factor, ramp = false, from, minutes }: Incident, ts: number): number =>
  ramp ? 1 + (factor - 1) * ((ts - START - from * 3600) / (minutes * 60)) : factor

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
  readonly op?: number
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

/** Of the requests that an incident concerns, it strikes such a share. */
const strikes = (incident: Incident | undefined, { next }: Dice): Incident | undefined =>
  incident?.share === undefined || next() < incident.share ? incident : undefined

const statusOf = (method: string, failing: number, { dice, only }: { dice: Dice; only?: number }): number => {
  if (dice.next() < failing) return only ?? dice.pick([500, 502, 503])
  return dice.next() < 0.02 ? dice.pick([400, 404, 404, 401]) : (OK[method] ?? 200)
}

/** Log-normal, from a cache or not, and one in a hundred out of the tail. */
const timeOf = ({ ms, spread }: Operation, cached: number, { next, normal }: Dice): number => {
  const isTail = next() < 0.01
  return ms * Math.exp(spread * normal() * (isTail ? 1.5 : 1)) * (isTail ? 3 : 1) * (next() < cached ? 0.1 : 1)
}

const isDeployed = ({ deploy }: World, ts: number): boolean => deploy !== undefined && ts >= START + deploy.from * 3600

const msOf = (world: World, operation: Operation, { ts, dice }: { ts: number; dice: Dice }): number =>
  isDeployed(world, ts)
    ? timeOf(operation, world.deploy?.cached ?? 0, dice) * (world.deploy?.slower ?? 1)
    : timeOf(operation, operation.cached ?? 0, dice)

const ask = (world: World, crowd: Crowd, dice: Dice, { ts, slow, op }: Moment): Request => {
  const index = op ?? pickOperation(world, dice)
  const operation = world.operations[index] as Operation
  const { method, path, query, sent, bytes } = operation
  const at = { ts, op: index, method }
  const who = Math.floor(dice.next() ** 3 * crowd.ips.length)
  const failing = strikes(windowAt(world, 'errors', at), dice)
  const s = statusOf(method, failing === undefined ? USUAL_FAILING : factorOf(failing, ts), {
    dice,
    ...(failing?.status !== undefined && { only: failing.status }),
  })
  const slower = strikes(windowAt(world, 'latency', at), dice)
  const shift = slower === undefined ? 1 : factorOf(slower, ts)
  const size = (usual: number): number => Math.max(1, Math.round(usual * Math.exp(0.3 * dice.normal())))
  return {
    ts,
    m: method,
    p: fill(path, dice) + (query === undefined ? '' : `?${fill(query, dice)}`),
    ua: crowd.agents[who % crowd.agents.length] as string,
    ip: crowd.ips[who] as string,
    s,
    d: Math.round(msOf(world, operation, { ts, dice }) * slow * shift * 10) / 10,
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

const volumeAt = (world: World, ts: number): number => {
  const times = (kind: Incident['kind']): number => {
    const incident = windowAt(world, kind, { ts, op: -1 })
    return incident === undefined ? 1 : factorOf(incident, ts)
  }
  return world.rate * seasonOf(world, ts) * times('traffic_drop') * times('traffic_spike')
}

const withBursts = (world: World, some: readonly Request[], { next }: Dice): Request[] =>
  some.flatMap((one) =>
    next() < (world.bursts ?? 0) / 5 ? Array.from({ length: 5 }, (_, i) => ({ ...one, ts: one.ts + i * 0.2 })) : [one],
  )

const made = (
  one: Request,
  table: Readonly<Record<string, (one: Request, dice: Dice) => void>>,
  dice: Dice,
): string => {
  const kind = dice.pick(Object.keys(table))
  table[kind]?.(one, dice)
  return kind
}

/** One in so many is odd, where there is such a thing. */
const ODD_EVERY = 60

const withStrange = (world: World, one: Request, dice: Dice): Request => {
  const strange = world.odd === true ? { ...STRANGE, ...OTHER_STRANGE } : STRANGE
  if (dice.next() < 1 / STRANGE_EVERY) one.kind = made(one, strange, dice)
  else if (world.odd === true && dice.next() < 1 / ODD_EVERY) one.benign = made(one, ODD, dice)
  return one
}

/** The body that each request of an operation has. */
const withBody = (world: World, one: Request, { pick }: Dice): Request => {
  if (world.odd === true && one.q > 0) one.rb = { name: pick(WORDS), note: pick(WORDS), count: one.q % 10 }
  return one
}

const besides = (world: World, dice: Dice): Request[] => {
  const scans = world.incidents.filter(({ kind }) => kind === 'scan').flatMap((one) => scanOf(one, dice))
  if (world.odd !== true) return scans
  const path = world.operations.find((one) => one.path.endsWith('{id}'))?.path ?? '/items/{id}'
  const { days } = world
  return [...scans, ...campaignsOf({ start: START, days, path }, dice), ...watchersOf(START, days)]
}

/** Where one operation falls silent, its requests do not come. */
const comes = (world: World, { p, ts }: Request, op: number, { next }: Dice): boolean => {
  const incident = op < 0 || p === '' ? undefined : windowAt(world, 'traffic_drop', { ts, op })
  return incident?.op === undefined || next() < factorOf(incident, ts)
}

const cronOf = (world: World, crowd: Crowd, dice: Dice, { ts, slow }: Moment): Request[] =>
  world.cron === undefined || ts % 3600 >= 60
    ? []
    : Array.from({ length: world.cron.times }, (_, i) => ({
        ...ask(world, crowd, dice, { ts: ts + i * 0.3, slow, op: world.cron?.op ?? 0 }),
        ua: 'sync-job/1.4',
        ip: '10.1.1.1',
      }))

/** Every request of a world in order of time. */
export const requestsOf = (world: World): Request[] => {
  const dice = diceOf(world.seed)
  const crowd = crowdOf(world, dice)
  const [byRate, byMs] = [wander(world.rateNoise ?? 0, dice), wander(world.msNoise ?? 0, dice)]
  const all = besides(world, dice)
  const silent = world.incidents.some(({ kind, op }) => kind === 'traffic_drop' && op !== undefined)
  let [more, slow] = [1, 1]
  for (let minute = 0; minute < world.days * 1440; minute++) {
    const ts = START + minute * 60
    if (minute % 15 === 0) [more, slow] = [Math.exp(byRate()), Math.exp(byMs())]
    const load = 1 + (world.msByLoad ?? 0) * (seasonOf(world, ts) - 1)
    const n = poisson(volumeAt(world, ts) * more, dice)
    const some = Array.from({ length: n }, () => {
      const op = silent ? pickOperation(world, dice) : undefined
      const moment = { ts: ts + dice.next() * 60, slow: slow * load, ...(op !== undefined && { op }) }
      const one = ask(world, crowd, dice, moment)
      return op === undefined || comes(world, one, op, dice) ? [one] : []
    }).flat()
    some.push(...cronOf(world, crowd, dice, { ts, slow: slow * load }))
    for (const one of withBursts(world, some, dice)) all.push(withStrange(world, withBody(world, one, dice), dice))
  }
  return all.sort((a, b) => a.ts - b.ts)
}

const writeWorld = (world: World, folder: string): void => {
  const requests = requestsOf(world)
  const lines = requests.map((one, i) => JSON.stringify({ i, ...one, kind: undefined, benign: undefined }))
  const labelled = requests.flatMap(({ kind }, i) => (kind === undefined ? [] : [{ i, kind }]))
  const odd = requests.flatMap(({ benign }, i) => (benign === undefined ? [] : [{ i, kind: benign }]))
  const { name, days } = world
  const truth = {
    scenario: name,
    requests: requests.length,
    days,
    warmup_end: START + DAY,
    windows: [...windowsOf(world, requests), ...campaignsIn(requests)],
    requests_labelled: labelled,
    ...(odd.length > 0 && { requests_odd: odd }),
  }
  writeFileSync(join(folder, `${name}.jsonl.gz`), gzipSync(`${lines.join('\n')}\n`))
  writeFileSync(join(folder, `${name}.truth.json`), JSON.stringify(truth))
}

/** `7-9` is three worlds that are drawn; nothing, those that are written down. */
const worldsOf = (seeds: string): readonly World[] => {
  if (seeds === '') return WORLDS
  const [first = 0, last = first] = seeds.split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, i) => drawnWorld(first + i))
}

const [out, data = '../shared/evals', seeds = ''] = process.argv.slice(2)
if (out !== undefined && import.meta.filename === process.argv[1]) {
  const folder = join(out, 'anomaly', 'http')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(data, 'anomaly', 'score_http.py'), join(out, 'anomaly', 'score_http.py'))
  for (const world of worldsOf(seeds)) writeWorld(world, folder)
}
