/**
 * A minute of traffic in a second: the ingress's own choices, breakers, retries and passive health, as they run in
 * production, on a clock that jumps from event to event. Chance is seeded: the same figures on every machine.
 */
import { hint } from '../../../ingress/balance/breaker.ts'
import { swept } from '../../../ingress/balance/outliers.ts'
import { createSettling } from '../../../ingress/edge/settle.ts'
import { choose, createBalance } from '../../../ingress/phases/balance.ts'
import { openContext, type Context, type Service, type Upstream } from '../../../ingress/phases/context.ts'
import { retryOf } from '../../../ingress/phases/forward.ts'
import { openService } from '../../../ingress/services.ts'
import { chance } from '../../ingress/kit/candidates.ts'
import {
  CLIENTS,
  exponential,
  openOutcome,
  POSTS,
  type Contender,
  type Machine,
  type Outcome,
  type Scenario,
} from './scenarios.ts'
import { openTimeline, type Timeline } from './timeline.ts'

export interface Span {
  readonly seconds: number
  readonly seed: number
}

interface Job {
  readonly context: Context
  /** ms */
  readonly came: number
}

interface Station {
  readonly machine: Machine
  readonly queue: Job[]
  /** Those that workers have, and those that wait. */
  busy: Set<Job>
  up: boolean
}

interface World {
  readonly time: Timeline
  readonly random: () => number
  readonly service: Service
  readonly stations: ReadonlyMap<Upstream, Station>
  readonly settling: ReturnType<typeof createSettling>
  readonly outcome: Outcome
}

const quiet = (): void => undefined
/** ms until a refusal is there. */
const REFUSED = 0.2
/** ms between checks of what is down. */
const CHECKED = 1000

const requestOf = (random: () => number): Context =>
  openContext(
    {
      id: '',
      at: 0,
      started: 0,
      method: random() < POSTS ? 'POST' : 'GET',
      target: '/',
      protocol: 'HTTP/1.1',
      rawHeaders: [],
      chunked: false,
      peer: `198.51.100.${Math.floor(random() * CLIENTS)}`,
      secure: false,
      upgrade: '',
      carrier: undefined,
    },
    0,
  )

const end = ({ settling, outcome, time }: World, { context, came }: Job, answered: boolean): void => {
  outcome.requests++
  if (answered) outcome.latencies.push(time.now() - came)
  else outcome.errors++
  settling.over(context)
}

const fail = (world: World, job: Job, handed: boolean): void => {
  const { context } = job
  const { time, service, settling } = world
  const trouble = { code: handed ? 'ECONNRESET' : 'ECONNREFUSED', message: '', handed, reused: false, replayable: true }
  const retry = retryOf(context, trouble, false)
  context.why = handed ? 'reset' : 'connect-failed'
  settling.tried(context, 'bad', 'it failed')
  context.tried.push(context.upstream as Upstream)
  if (retry === 'other' && choose(context, service, time.now() * 1000)) send(world, job)
  else end(world, job, false)
}

const begin = (world: World, station: Station): void => {
  const { time, random } = world
  if (station.busy.size >= station.machine.workers) return
  const job = station.queue.shift()
  if (job === undefined) return
  station.busy.add(job)
  time.in(exponential(random, station.machine.takes), () => {
    if (!station.busy.delete(job)) return
    const { context } = job
    Object.assign(context, { firstByteAt: time.now() * 1000, status: 200, answeredBy: 'upstream', why: 'live' })
    world.settling.tried(context, 'good', 'it answered 200')
    end(world, job, true)
    begin(world, station)
  })
}

const send = (world: World, job: Job): void => {
  const { context } = job
  const station = world.stations.get(context.upstream as Upstream) as Station
  if (!station.up) return world.time.in(REFUSED, () => fail(world, job, false))
  context.handedAt = world.time.now() * 1000
  station.queue.push(job)
  begin(world, station)
}

const flap = (world: World, station: Station): void => {
  const { flaps } = station.machine
  if (flaps === undefined) return
  const down = (): void => {
    const lost = [...station.busy, ...station.queue.splice(0)]
    station.busy = new Set()
    station.up = false
    for (const job of lost) fail(world, job, true)
    world.time.in(flaps.down, up)
  }
  const up = (): void => {
    station.up = true
    world.time.in(flaps.up, down)
  }
  up()
}

const arrive = (world: World, rate: number): void => {
  const { time, random } = world
  const refuse = () =>
    ({ status: 503, headers: [], body: new Uint8Array(), answeredBy: 'self', why: 'unavailable' }) as const
  const balance = createBalance({ clock: () => time.now() * 1000, recover: refuse })
  const one = (): void => {
    time.in(exponential(random, 1000 / rate), one)
    const job = { context: requestOf(random), came: time.now() }
    job.context.service = world.service
    balance(job.context, (reply) => (reply === undefined ? send(world, job) : end(world, job, false)))
  }
  one()
}

/** Active health, as far as it matters here: a good check lets an open breaker probe at once. */
const check = ({ time, stations }: Pick<World, 'time' | 'stations'>): void => {
  for (const [{ breaker }, { up }] of stations) if (up) hint(breaker, time.now())
  time.in(CHECKED, () => check({ time, stations }))
}

const sweep = ({ time, service }: World): void => {
  const { passive } = service
  if (passive === 'off') return
  const again = (): void => {
    swept(service.upstreams, passive, time.now())
    time.in(passive.interval, again)
  }
  time.in(passive.interval, again)
}

export const simulate = ({ machines, rate }: Scenario, { balance, passive }: Contender, span: Span): Outcome => {
  const time = openTimeline()
  const random = chance(span.seed)
  const upstreams = machines.map(({ weight }, i) => ({ url: `http://10.0.0.${i + 1}:80`, weight }))
  const options = { name: 'bench', match: '/*', upstreams, balance, passive }
  const service = openService(options, { random, tokenOf: (url) => url })
  const stations = new Map(
    service.upstreams.map((upstream, i) => [
      upstream,
      { machine: machines[i] as Machine, queue: [], busy: new Set<Job>(), up: true } satisfies Station,
    ]),
  )
  const signals = { breaker: quiet, circuit: quiet, ejected: quiet }
  const settling = createSettling({ signals, clock: () => time.now() * 1000 })
  const world: World = { time, random, service, stations, settling, outcome: openOutcome() }
  for (const station of stations.values()) flap(world, station)
  check(world)
  sweep(world)
  arrive(world, rate)
  time.run(span.seconds * 1000)
  return world.outcome
}
