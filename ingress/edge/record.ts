/** The recording phase: capture, then emit; once for each request, after its answer. */
import { capture, codedBodies, redactedOf, type CaptureSettings, type Plain } from '../phases/capture.ts'
import type { Context } from '../phases/context.ts'
import { keyer, type Draft } from '../phases/emit.ts'
import type { IngressEvent, Logger } from '../options.ts'
import { decodeBodies } from './decode.ts'
import type { Emitter } from './emitter.ts'
import type { Metrics } from './metrics.ts'

export interface RecordSettings {
  readonly capture: CaptureSettings
  readonly maxBody: number
  readonly emitter: Emitter
  readonly metrics: Metrics
  readonly logger: Logger
  readonly onEvent: ((event: IngressEvent) => void) | undefined
}

const tell = (context: Context, settings: RecordSettings, ms: number): void => {
  const service = context.service?.name ?? ''
  if (context.ghost !== null) settings.metrics.ghost(service, context.ghost.kind)
  if (settings.onEvent === undefined) return
  const { target } = redactedOf(context, settings.capture.redactor)
  const { method } = context.arrival
  const { status, why, answeredBy, endpoint, ghost } = context
  settings.onEvent({ kind: 'request', service, method, target, status, answeredBy, why, ms })
  if (ghost === null) return
  const { confidence } = ghost
  const kind = ghost.kind as Extract<IngressEvent, { kind: 'ghost' }>['ghost']
  settings.onEvent({ kind: 'ghost', service, method, target, status, ghost: kind, endpoint, confidence, why })
}

export const createRecord = (settings: RecordSettings): ((context: Context) => void) => {
  const keyOf = keyer()
  const { emitter } = settings

  const draftOf = (context: Context, key: string, plain?: Plain): Draft => {
    const { id, at } = context.arrival
    return { id, at, key, service: context.service?.name ?? '', exchange: capture(context, settings.capture, plain) }
  }
  const emit = (context: Context): void => {
    const key = keyOf(context)
    const coded = codedBodies(context, settings.capture)
    if (coded.length === 0) return emitter.emit(draftOf(context, key))
    // Decoding takes a moment: the event keeps its place in the order meanwhile.
    const slot = emitter.open(key)
    void decodeBodies(coded, settings.maxBody).then((plain) => emitter.fill(slot, draftOf(context, key, plain)))
  }
  return (context) => {
    const ms = (settings.capture.clock() - context.arrival.started) / 1000
    try {
      settings.metrics.observe(context, ms / 1000)
      tell(context, settings, ms)
      if (context.service !== undefined) emit(context)
    } catch (error) {
      settings.logger.error({ err: error, request: context.head.requestId }, 'an exchange could not be recorded')
    }
  }
}
