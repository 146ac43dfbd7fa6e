/**
 * Traces over OTLP/HTTP: a server span for each sampled request, and one for each of its phases. Spans are made after the
 * answer went out, from the times that are noted anyway, so that a request that is not sampled costs nothing.
 * Attributes follow OpenTelemetry's semantic conventions for HTTP; targets are redacted as on the log.
 */
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api'
import type { BatchSpanProcessor, ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import { redactedOf } from '../phases/capture.ts'
import type { Context } from '../phases/context.ts'
import { monotonic } from './clock.ts'
import { newSpan } from './ids.ts'

export interface TraceSettings {
  /** Of the collector: `http://host:4318`, or the whole address of its traces. */
  readonly url: string
  readonly instance: string
  readonly redactor: Redactor
}

export interface Traces {
  /** The request is over. */
  readonly over: (context: Context) => void
  /** Sends what is waiting; at most `limit` ms. */
  readonly close: (limit: number) => Promise<void>
}

const SERVER = 1
const INTERNAL = 0
const UNSET = { code: 0 } as const
const ERROR = { code: 2 } as const
const SAMPLED = 1

/** The address of a collector, with OTLP's path unless another one is given (OTLP specification 1.x, OTLP/HTTP). */
export const tracesUrl = (url: string): string => {
  const { pathname } = new URL(url)
  return pathname === '/' ? new URL('/v1/traces', url).href : url
}

type Made = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>

interface Drawn {
  readonly name: string
  readonly kind: typeof SERVER | typeof INTERNAL
  readonly id: string
  readonly parent: string
  /** µs since the epoch. */
  readonly from: number
  readonly to: number
  readonly failed: boolean
  readonly attributes: Attributes
}

const hrTime = (micros: number): HrTime => [Math.floor(micros / 1e6), Math.round((micros % 1e6) * 1000)]

const spanOf = (trace: string, drawn: Drawn, made: Made): ReadableSpan => {
  const contextOf = (spanId: string): SpanContext => ({ traceId: trace, spanId, traceFlags: SAMPLED })
  const { name, kind, id, parent, from, to, failed, attributes } = drawn
  const own = contextOf(id)
  return {
    name,
    kind,
    spanContext: () => own,
    ...(parent === '' ? {} : { parentSpanContext: contextOf(parent) }),
    startTime: hrTime(from),
    endTime: hrTime(to),
    duration: hrTime(Math.max(0, to - from)),
    status: failed ? ERROR : UNSET,
    attributes,
    links: [],
    events: [],
    ended: true,
    ...made,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

const attributesOf = (context: Context, redactor: Redactor): Attributes => {
  const { arrival, status, answeredBy, why, ghost, attempts, upstream, service } = context
  const [path = '', query = ''] = redactedOf(context, redactor).target.split('?', 2)
  return {
    'http.request.method': arrival.method,
    'url.path': path,
    ...(query === '' ? {} : { 'url.query': query }),
    'url.scheme': arrival.secure ? 'https' : 'http',
    'network.protocol.version': arrival.protocol.slice(5),
    'http.response.status_code': status,
    ...(upstream === undefined ? {} : { 'server.address': upstream.authority }),
    'http.request.resend_count': Math.max(0, attempts - 1),
    'chaosproxy.service': service?.name ?? '',
    'chaosproxy.answered_by': answeredBy,
    'chaosproxy.why': why,
    ...(ghost === null ? {} : { 'chaosproxy.ghost': ghost.kind, 'chaosproxy.ghost.confidence': ghost.confidence }),
  }
}

/** What was noted on the way, as spans one after the other; µs of the monotonic clock, 0 where it never came to that. */
const phasesOf = ({ arrival, chosenAt, handedAt, firstByteAt }: Context, end: number): [string, number, number][] => {
  const marks: [string, number][] = [
    ['decide', arrival.started],
    ['connect', chosenAt],
    ['wait', handedAt],
    ['answer', firstByteAt],
  ]
  const reached = marks.filter(([, at]) => at > 0)
  return reached.map(([name, at], i) => [name, at, reached[i + 1]?.[1] ?? end])
}

/** The spans of one request; [] when it is not sampled. */
export const spansOf = (context: Context, made: Made, redactor: Redactor, end: number): ReadableSpan[] => {
  const { arrival, head, status } = context
  const [, trace = '', id = '', flags = ''] = head.traceparent.split('-')
  if ((Number.parseInt(flags, 16) & SAMPLED) === 0) return []
  const at = (mark: number): number => arrival.at + (mark - arrival.started)
  const attributes = attributesOf(context, redactor)
  const failed = status >= 500 || status === 0
  const name = `${arrival.method} ${context.service?.match ?? ''}`.trim()
  const server = { name, kind: SERVER, id, parent: head.parentSpan, failed, attributes } as const
  const phases = phasesOf(context, end).map(([phase, from, to]): ReadableSpan => {
    const drawn = { name: phase, kind: INTERNAL, id: newSpan(), parent: id, failed: false, attributes: {} } as const
    return spanOf(trace, { ...drawn, from: at(from), to: at(to) }, made)
  })
  return [spanOf(trace, { ...server, from: arrival.at, to: at(end) }, made), ...phases]
}

interface Sending {
  readonly processor: BatchSpanProcessor
  readonly made: Made
}

const openSending = async ({ url, instance }: TraceSettings): Promise<Sending> => {
  const [{ BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  return {
    processor: new BatchSpanProcessor(new OTLPTraceExporter({ url: tracesUrl(url) })),
    made: {
      resource: resourceFromAttributes({ 'service.name': 'chaos-proxy', 'service.instance.id': instance }),
      instrumentationScope: { name: 'chaos-proxy' },
    },
  }
}

/** Sends in the background; a collector that is away costs the spans, and nothing else. */
export const openTraces = async (settings: TraceSettings): Promise<Traces> => {
  const { processor, made } = await openSending(settings)
  return {
    over: (context) => {
      for (const span of spansOf(context, made, settings.redactor, monotonic())) processor.onEnd(span)
    },
    close: async (limit) => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, limit).unref())
      await Promise.race([processor.shutdown().catch(() => undefined), late])
    },
  }
}
