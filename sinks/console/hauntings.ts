/**
 * Ghosts at work, per service: since when, how many answers, and whether the backend answers again. One live answer may be
 * a probe, so that a few in a row count, or the first sign of life after which no ghost answers for a second. Who fails again
 * after that fails in part, and does so until ghosts have been quiet for a while: the headline must not flap.
 */
import type { Event, Exchange } from '../../schemas/events.ts'

export interface Haunting {
  readonly service: string
  readonly since: string
  /** The newest answer of a ghost. */
  readonly last: string
  readonly answers: number
  readonly why: string
  /** `all`: nobody but ghosts answers; `some`: the backend answers, but not always; `over`: it answers again. */
  readonly stage: 'all' | 'some' | 'over'
}

export interface Hauntings {
  /** An exchange, or a signal that tells of an upstream that is well. */
  observe(event: Event): void
  list(): readonly Haunting[]
}

/** Live answers in a row that are no probe any more. */
const IN_A_ROW = 3
/** So long after the first sign of life without a ghost, ms. */
const CALM = 1_000
/** Ghosts that have been quiet for so long have stopped, ms. */
const QUIET = 10_000
/** The backend answered so lately that it is not away altogether, ms. */
const LATELY = 5_000
/** How long it is told, ms. */
const TOLD = 60_000

interface Known {
  readonly since: number
  last: number
  answers: number
  why: string
  /** First sign of life since the last ghost, and live answers since then. */
  calm: number | undefined
  run: number
  lastLive: number
  /** Ghosts had to come back. */
  again: boolean
}

const iso = (ms: number): string => new Date(Math.min(Math.max(0, ms), 8.64e15)).toISOString()

const isBack = ({ calm, run }: Known, at: number): boolean =>
  run >= IN_A_ROW || (calm !== undefined && at - calm >= CALM)

const stageOf = (known: Known, at: number): Haunting['stage'] => {
  if (isBack(known, at)) return known.again && at - known.last < QUIET ? 'some' : 'over'
  return known.again && at - known.lastLive < LATELY ? 'some' : 'all'
}

const begin = (at: number, why: string): Known => ({
  since: at,
  last: at,
  answers: 1,
  why,
  calm: undefined,
  run: 0,
  lastLive: -Infinity,
  again: false,
})

const goOn = (known: Known, at: number, why: string): void => {
  known.answers++
  // It came late: it had been asked before the backend was back.
  if (at < (known.calm ?? at)) return
  known.again ||= isBack(known, at)
  Object.assign(known, { last: Math.max(at, known.last), why, calm: undefined, run: 0 })
}

/** What was asked before the last ghost answered says nothing of the time after it. */
const live = (known: Known, at: number, answers: number): void => {
  if (at < known.last) return
  known.calm = Math.min(known.calm ?? at, at)
  known.run += answers
  if (answers > 0) known.lastLive = Math.max(known.lastLive, at)
}

/** Ordered ghosts, in mock mode, are no sign of a backend that fails. */
const isStandIn = ({ answeredBy, why }: Exchange): boolean => answeredBy === 'ghost' && why !== 'mode-mock'
const isLive = ({ answeredBy, status }: Exchange): boolean => answeredBy === 'upstream' && status > 0 && status < 500

/** An upstream is well; what is told of one endpoint (`<upstream> <endpoint>`) says nothing of it as a whole. */
const tellsOfLife = ({ signal }: Event): boolean =>
  signal !== null &&
  !signal.subject.includes(' ') &&
  ((signal.kind === 'health' && signal.to === 'up') || (signal.kind === 'breaker' && signal.to === 'closed'))

/** `now` in ms. */
export const createHauntings = (now: () => number): Hauntings => {
  const all = new Map<string, Known>()
  const haunt = (service: string, at: number, why: string): void => {
    const known = all.get(service)
    const isOld = known !== undefined && isBack(known, at) && at - known.last >= QUIET
    if (known === undefined || isOld) all.set(service, begin(at, why))
    else goOn(known, at, why)
  }
  return {
    observe: (event) => {
      const { exchange, service } = event
      const at = event.at / 1000
      if (exchange !== null && isStandIn(exchange)) return haunt(service, at, exchange.why)
      const known = all.get(service)
      if (known === undefined) return
      if (exchange !== null && isLive(exchange)) live(known, at, 1)
      else if (tellsOfLife(event)) live(known, at, 0)
    },
    list: () => {
      const at = now()
      return [...all]
        .filter(([, { last }]) => at - last < TOLD)
        .map(([service, known]) => {
          const { since, last, answers, why } = known
          return { service, since: iso(since), last: iso(last), answers, why, stage: stageOf(known, at) }
        })
    },
  }
}
