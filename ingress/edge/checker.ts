/**
 * Active health checks. While an upstream is down or in doubt it is asked once a second at most slow, so that it is
 * noticed soon when it is back; a good check lets the breaker probe at once. Passive health is swept here too.
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'
import { hint } from '../balance/breaker.ts'
import { checked, nextCheck, wrongAnswer } from '../balance/health.ts'
import { swept } from '../balance/outliers.ts'
import type { HealthOptions } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { monotonic, wall } from './clock.ts'
import type { Pools } from './pools.ts'
import type { Secured } from './secured.ts'
import type { Signals } from './signals.ts'
import { addressOf } from './upstream/address.ts'
import type { Pool } from './upstream/pool.ts'
import { probe } from './upstream/probe.ts'

type Told = Pick<Signals, 'health' | 'ejected' | 'returned'>

export interface Checker {
  /** Checks these now and from now on, if the service wants it. `order`: the time on the order to do so. */
  readonly watch: (service: Service, upstreams: readonly Upstream[], order?: number) => void
  readonly forget: (upstream: Upstream) => void
  readonly close: () => void
}

interface Verdict {
  readonly ok: boolean
  readonly reason: string
  readonly ms: number
}

/** Bytes of a body in which the expected text may stand. */
const READ = 64 * 1024

/** The beginning of the body; at once when nobody wants it. */
const bodyOf = async (answer: IncomingMessage, wanted: boolean): Promise<string> => {
  if (!wanted) {
    answer.resume()
    return ''
  }
  let text = ''
  for await (const piece of answer.setEncoding('latin1')) {
    text += piece as string
    if (text.length >= READ) break
  }
  return Buffer.from(text, 'latin1').toString('utf8')
}

/** As clients' requests would: an upstream that these cannot trust is not well. */
const openRequest = (service: Service, url: URL, secured: Secured): ClientRequest => {
  const headers = { 'user-agent': 'chaos-proxy-health', connection: 'close' }
  if (url.protocol !== 'https:') return request(url, { agent: false, headers })
  return secure(url, { ...secured(service, addressOf(url).host), agent: false, headers })
}

const ask = (asked: ClientRequest, options: HealthOptions): Promise<Verdict> =>
  new Promise((resolve) => {
    const started = monotonic()
    const settle = (wrong: string | undefined, right = ''): void => {
      clearTimeout(timer)
      resolve({ ok: wrong === undefined, reason: wrong ?? right, ms: (monotonic() - started) / 1000 })
    }
    asked.on('response', (answer) => {
      const status = answer.statusCode ?? 0
      answer.on('error', () => undefined)
      bodyOf(answer, (options.expect?.body ?? '') !== '').then(
        (body) => settle(wrongAnswer({ status, body }, options), `${options.path} answered ${status}`),
        () => settle(`${options.path} broke off its answer`),
      )
    })
    const timer = setTimeout(() => {
      settle(`${options.path} did not answer within ${options.timeout} ms`)
      asked.destroy()
    }, options.timeout)
    asked.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    asked.end()
  })

/** In doubt is enough: whether it went down or not is known soon. */
const ill = ({ health, breaker }: Upstream): boolean =>
  health.state === 'down' || health.bad > 0 || breaker.state !== 'closed'

/** ms between two looks at passive health. */
const LOOK = 1000

const sweeping = (services: readonly Service[], signals: Told): (() => void) => {
  const due = new Map<Service, number>()
  const gone = new WeakSet<Upstream>()
  const look = (service: Service, now: number): void => {
    const { passive, upstreams } = service
    for (const upstream of upstreams) {
      if (upstream.outlier.until > now) gone.add(upstream)
      else if (gone.delete(upstream)) {
        upstream.since = now
        signals.returned(service, upstream)
      }
    }
    if (passive === 'off' || now < (due.get(service) ?? 0)) return
    due.set(service, now + passive.interval)
    for (const [upstream, reason] of swept(upstreams, passive, now)) signals.ejected(service, upstream, reason)
  }
  const timer = setInterval(() => {
    const now = monotonic() / 1000
    for (const service of services) look(service, now)
  }, LOOK).unref()
  return () => clearInterval(timer)
}

interface Round {
  timer: NodeJS.Timeout | undefined
  /** A check is under way. */
  busy: boolean
  order: number
}

/** How upstreams are reached. */
export interface Ways {
  readonly secured: Secured
  readonly pools: Pick<Pools, 'of'>
  /** The only upstream of a service cannot. */
  readonly ill?: (service: Service, now: number) => void
}

/** An upstream that speaks HTTP/2 is asked in it. */
const askHttp2 = async (pool: Pool, options: HealthOptions): Promise<Verdict> => {
  const started = monotonic()
  const { path: target, timeout } = options
  const answer = await probe(pool, { target, timeout, most: READ })
  const wrong = wrongAnswer(answer, options)
  const ms = (monotonic() - started) / 1000
  return { ok: wrong === undefined, reason: wrong ?? `${target} answered ${answer.status}`, ms }
}

const reach = async (service: Service, upstream: Upstream, { secured, pools }: Ways): Promise<Verdict> => {
  const options = service.health as HealthOptions
  try {
    if (service.protocol === 'h2') return await askHttp2(pools.of(upstream), options)
    return await ask(openRequest(service, new URL(options.path, upstream.url), secured), options)
  } catch (error) {
    return { ok: false, reason: (error as Error).message, ms: 0 }
  }
}

/** Checks every upstream of every service that wants it. */
export const startChecker = (services: readonly Service[], signals: Told, ways: Ways): Checker => {
  const rounds = new Map<Upstream, Round>()
  const stopSweeping = sweeping(services, signals)
  const heard = (service: Service, upstream: Upstream, { ok, reason, ms }: Verdict): void => {
    const { health, breaker } = upstream
    if (service.health === 'off') return
    const now = monotonic() / 1000
    health.checkedAt = Math.round(wall() / 1000)
    health.checked = reason
    if (ok) {
      health.latency = ms
      hint(breaker, now)
    } else if (service.upstreams.length === 1) ways.ill?.(service, now)
    const change = checked(health, ok, service.health)
    if (change?.from === 'down') upstream.since = now
    if (change !== undefined) signals.health(service, upstream, change, reason)
  }
  const check = async (service: Service, upstream: Upstream, round: Round): Promise<void> => {
    if (service.health === 'off' || round.busy) return
    clearTimeout(round.timer)
    round.busy = true
    const { order } = round
    const verdict = await reach(service, upstream, ways)
    round.busy = false
    if (rounds.get(upstream) !== round) return
    upstream.health.obeyed = order
    heard(service, upstream, verdict)
    const pause = round.order > order ? 0 : nextCheck(service.health, ill(upstream), Math.random())
    round.timer = setTimeout(() => void check(service, upstream, round), pause).unref()
  }
  const watch: Checker['watch'] = (service, upstreams, order = 0) => {
    for (const upstream of upstreams) {
      const round = rounds.get(upstream) ?? { timer: undefined, busy: false, order }
      round.order = Math.max(round.order, order)
      rounds.set(upstream, round)
      void check(service, upstream, round)
    }
  }
  const forget = (upstream: Upstream): void => {
    clearTimeout(rounds.get(upstream)?.timer)
    rounds.delete(upstream)
  }
  for (const service of services) watch(service, service.upstreams)
  return {
    watch,
    forget,
    close: () => {
      stopSweeping()
      for (const { timer } of rounds.values()) clearTimeout(timer)
      rounds.clear()
    },
  }
}
