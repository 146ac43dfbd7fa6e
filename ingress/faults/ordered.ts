/**
 * The ordered faults as one phase. All that mean a request hit it, each marked: what distorts the answer is noted first,
 * then the delays are waited for together, then a reset or a status ends the walk.
 */
import { faultMark } from '../../schemas/semantics/fault-marks.ts'
import type { Next, Phase } from '../phases/compose.ts'
import type { Context, Distortion, Reply } from '../phases/context.ts'
import { problem } from '../phases/problem.ts'
import type { Effect } from './fault.ts'
import { hit, type ActiveFault } from './rule.ts'

export interface OrderedSettings {
  /** Those that have not ended. */
  readonly active: () => readonly ActiveFault[]
  /** Calls back once: after so many ms, or as soon as the client is gone. */
  readonly wait: (context: Context, ms: number, then: () => void) => void
  /** The client did not wait. */
  readonly gone: (context: Context) => boolean
  /** Resets the client's connection. */
  readonly reset: (context: Context) => void
  /** `context.distortions` are complete. */
  readonly distort: (context: Context) => void
  /** Told of every hit. */
  readonly onHit: (context: Context, kind: string) => void
}

const answer = (context: Context, effect: Extract<Effect, { kind: 'answer' }>): Reply => {
  const { status, retryAfter } = effect
  const again = retryAfter === undefined ? {} : { retryAfter }
  const detail = 'A fault that an operator ordered answered instead of the upstream.'
  return { ...problem(context, { why: 'fault', detail, status, ...again }), answeredBy: 'fault' }
}

const GONE: Reply = { status: 0, headers: [], body: new Uint8Array(0), answeredBy: 'fault', why: 'fault' }

const finish = (context: Context, effects: readonly Effect[], settings: OrderedSettings, next: Next): void => {
  if (settings.gone(context)) return next(GONE)
  if (effects.some(({ kind }) => kind === 'reset')) {
    settings.reset(context)
    return next(GONE)
  }
  // Who was tried already is asked no more.
  if (effects.some(({ kind }) => kind === 'outage')) context.tried.push(...(context.service?.upstreams ?? []))
  const instead = effects.find((effect) => effect.kind === 'answer')
  next(instead === undefined ? undefined : answer(context, instead))
}

const strike = (context: Context, settings: OrderedSettings): readonly Effect[] => {
  const marks: string[] = []
  const effects: Effect[] = []
  for (const active of settings.active()) {
    const struck = hit(active, context)
    if (struck === undefined) continue
    const { id, fault, alarm } = active.rule
    effects.push(struck.effect)
    marks.push(`${struck.mark};id=${id}`)
    context.faults.push(faultMark({ kind: fault.kind, id, alarm }))
    settings.onHit(context, fault.kind)
  }
  if (marks.length > 0) context.own = [...context.own, 'x-chaos', marks.join(', ')]
  return effects
}

const distortionsOf = (effects: readonly Effect[]): Distortion[] =>
  effects.flatMap((effect) => (effect.kind === 'distort' ? [effect.distortion] : []))

const delayOf = (effects: readonly Effect[]): number =>
  effects.reduce((sum, effect) => (effect.kind === 'delay' ? sum + effect.ms : sum), 0)

export const orderedFaults =
  (settings: OrderedSettings): Phase =>
  (context, next) => {
    if (settings.active().length === 0) return next()
    const effects = strike(context, settings)
    if (effects.length === 0) return next()
    context.distortions = distortionsOf(effects)
    if (context.distortions.length > 0) settings.distort(context)
    const ms = delayOf(effects)
    if (ms === 0) return finish(context, effects, settings, next)
    settings.wait(context, ms, () => finish(context, effects, settings, next))
  }
