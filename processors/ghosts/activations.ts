/**
 * Spans in which ghosts answered for an endpoint: opened by the first ghost answer, told again with growing intervals,
 * closed when the upstream answers again or nobody asked for a while.
 */
import type { Activation } from '../../schemas/events.ts'
import type { Emit, Observation, Store } from '../kit/processor.ts'

export interface OpenActivation {
  id: string
  service: string
  endpoint: string
  reason: string
  startedAt: number
  lastAt: number
  answers: Record<string, number>
  refused: number
  /** Answers and refusals together at the last telling. */
  told: number
}

/** Without a ghost answer for this long, the span has ended. */
const SILENCE = 120_000_000
const CONFIDENCE_KINDS = new Set(['exact', 'template', 'model', 'mock'])

const total = (open: OpenActivation): number => Object.values(open.answers).reduce((sum, n) => sum + n, open.refused)

const record = (open: OpenActivation, endedAt: number): Activation => ({
  id: open.id,
  service: open.service,
  endpoint: open.endpoint,
  reason: open.reason,
  startedAt: open.startedAt,
  lastAt: open.lastAt,
  endedAt,
  answers: Object.entries(open.answers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => ({ name, count })),
  refused: open.refused,
})

const started = (o: Observation, endpoint: string): OpenActivation => ({
  id: o.exchange.ghost?.activation || o.event.id,
  service: o.event.service,
  endpoint,
  reason: o.exchange.why,
  startedAt: o.at,
  lastAt: o.at,
  answers: {},
  refused: 0,
  told: 0,
})

/** Refusals are the ingress's own errors that say why there is no ghost; other answers of its own are none of ours. */
const isRefusal = ({ exchange }: Observation): boolean =>
  exchange.answeredBy === 'self' &&
  exchange.responseHeaders.some(
    ({ name, value }) => name.toLowerCase() === 'proxy-status' && value.includes('details="no ghost: '),
  )

const count = (open: OpenActivation, o: Observation): void => {
  open.lastAt = Math.max(open.lastAt, o.at)
  if (o.exchange.answeredBy !== 'ghost') {
    open.refused++
    return
  }
  const kind = o.exchange.ghost?.kind ?? ''
  const name = CONFIDENCE_KINDS.has(kind) ? kind : 'other'
  open.answers[name] = (open.answers[name] ?? 0) + 1
}

/** An error that the backend itself gives does not say that it is back. */
const isOver = (open: OpenActivation, { exchange, at }: Observation): boolean =>
  exchange.answeredBy === 'upstream' && exchange.status > 0 && exchange.status < 500 && at >= open.lastAt

/** Follows one exchange. */
export const followActivation = (store: Store<OpenActivation>, o: Observation, emit: Emit): void => {
  const endpoint = o.endpoint?.id ?? `${o.event.service} ${o.exchange.method} (unknown)`
  const open = store.get(endpoint)
  const isAnswer = o.exchange.answeredBy === 'ghost'
  if (isAnswer || (open !== undefined && isRefusal(o))) return extend(store, open ?? started(o, endpoint), o, emit)
  if (open !== undefined && isOver(open, o)) close(store, open, o.at, emit)
}

const extend = (store: Store<OpenActivation>, span: OpenActivation, o: Observation, emit: Emit): void => {
  count(span, o)
  if (span.told === 0 || total(span) >= 2 * span.told) {
    span.told = total(span)
    emit('activations', span.endpoint, record(span, 0))
  }
  store.set(span.endpoint, span)
}

const close = (store: Store<OpenActivation>, open: OpenActivation, at: number, emit: Emit): void => {
  emit('activations', open.endpoint, record(open, at))
  store.delete(open.endpoint)
}

/** Closes the spans that nobody asked in any more. */
export const closeSilent = (store: Store<OpenActivation>, time: number, emit: Emit): void => {
  if (store.size === 0) return
  for (const key of store.keys()) {
    const open = store.get(key)
    if (open !== undefined && time > open.lastAt + SILENCE) close(store, open, open.lastAt, emit)
  }
}
