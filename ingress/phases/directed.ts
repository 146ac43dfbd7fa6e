/**
 * `x-ghost-control` on a request, for tests: `off` (no ghost, whatever happens), `only` (a ghost, though the backend is
 * well), `seed=7` (what a ghost makes up is the same each time), `explain` (not the answer, but where it would come from).
 * Obeyed where the service allows it, and never passed on: neither to an upstream nor to the log.
 */
import type { GhostExplanation } from '../../schemas/semantics/ghost-port.ts'
import { shownExplanation } from '../../schemas/semantics/ghosts/shown.ts'
import { toUtf8 } from '../../schemas/semantics/ghosts/text.ts'
import { isSafe, missOf } from './consent.ts'
import type { Phase } from './compose.ts'
import type { Context, Directions, Reply, Service } from './context.ts'
import type { Decide, Staying } from './decide.ts'
import { fieldOf, without } from './fields.ts'
import type { GhostReplySettings } from './ghost.ts'

const FIELD = 'x-ghost-control'
const FIELDS = new Set([FIELD])
const SEED = /^seed=(\d{1,9})$/

/** What the field says; what is not understood is passed over, and undefined is nothing at all. */
export const readDirections = (text: string): Directions | undefined => {
  const words = text.toLowerCase().split(/[,;\s]+/)
  const seed = words.flatMap((word) => SEED.exec(word)?.[1] ?? []).map(Number)[0]
  const [off, only, explain] = ['off', 'only', 'explain'].map((word) => words.includes(word))
  if (seed === undefined && off !== true && only !== true && explain !== true) return undefined
  return { off: off === true, only: only === true, explain: explain === true, seed }
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
/** A proxy on this machine speaks for others: it says so in one of these. */
const BEHIND = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']

const isNear = ({ arrival }: Context): boolean =>
  LOOPBACK.test(arrival.peer) && !BEHIND.some((name) => fieldOf(arrival.rawHeaders, name) !== undefined)

const mayDirect = (context: Context, { ghost }: Service): boolean =>
  ghost.control === 'on' || (ghost.control === 'loopback' && isNear(context))

/** Takes the field off the request, and notes what it says where that is allowed. */
export const direct: Phase = (context, next) => {
  const { arrival, service } = context
  const text = fieldOf(arrival.rawHeaders, FIELD)
  if (text !== undefined && service !== undefined) {
    arrival.rawHeaders = without(arrival.rawHeaders, FIELDS)
    if (mayDirect(context, service)) context.directions = readDirections(text)
  }
  next()
}

/** The moment that a seed stands for, µs: what is made up follows from it. */
export const momentOf = (seed: number): number => (Date.UTC(2020, 0, 1) + seed * 1000) * 1000

export interface DirectedSettings {
  readonly explain: (context: Context, now: number) => GhostExplanation
  readonly gather: (context: Context, done: (whole: boolean) => void) => void
  /** Wall clock, µs. */
  readonly now: () => number
  readonly unsealBody: GhostReplySettings['unsealBody']
}

/** Where an answer would come from, as JSON. */
const explained = (context: Context, said: GhostExplanation, settings: DirectedSettings): Reply => {
  const { verdict } = said
  const { ghost } = context.service as Service
  const own = verdict.kind === 'answer' ? settings.unsealBody(verdict.body, context) : undefined
  const value = shownExplanation(said, missOf(ghost, verdict, settings.now()), own)
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store']
  const body = toUtf8(JSON.stringify(value))
  return { status: 200, headers, body, answeredBy: 'self', why: 'live', endpoint: verdict.endpoint }
}

/** Works with the service as if its mode were another one. */
const as = <T>(context: Context, mode: Service['mode'], work: () => T): T => {
  const service = context.service as Service
  context.service = { ...service, mode }
  try {
    return work()
  } finally {
    context.service = service
  }
}

/** The same decisions, with what a request says of itself. */
export const withDirections = (decide: Decide & Staying, settings: DirectedSettings): Decide & Staying => {
  const explain = (context: Context): Reply => {
    const made = (): Reply => explained(context, settings.explain(context, settings.now()), settings)
    if (isSafe(context.arrival.method)) return made()
    return { ...made(), later: (send) => settings.gather(context, () => send(made())) }
  }
  return {
    ...decide,
    phase: (context, next) => {
      const { directions } = context
      if (directions === undefined) return decide.phase(context, next)
      if (directions.explain) return next(explain(context))
      if (directions.off) return next()
      // To its end: what is decided may have to wait for the request's body.
      if (directions.only) context.service = { ...(context.service as Service), mode: 'mock' }
      decide.phase(context, next)
    },
    recover: (context, failure) =>
      context.directions?.off === true
        ? as(context, 'off', () => decide.recover(context, failure))
        : decide.recover(context, failure),
    keep: (context) => (context.directions?.off === true ? undefined : decide.keep(context)),
    replace: (context, why) => (context.directions?.off === true ? undefined : decide.replace(context, why)),
  }
}
