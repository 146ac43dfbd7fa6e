/**
 * The access log: one line of JSON for each request, in the order in which they ended. At the end of a request only its
 * figures are taken down; lines are made and written together, a few times a second. A disk that is full or slow costs
 * lines, which are counted, and never a request.
 *
 * The fields, always all of them, in this order: time (when it arrived, RFC 3339), id (of the event on the log),
 * request_id, trace_id, client (address), principal (pseudonym), service, method, host, target (redacted as on the log),
 * protocol, status (0: nothing reached the client), answered_by, why, upstream, attempts, bytes_in, bytes_out (of bodies),
 * duration_ms, first_byte_ms (of the upstream; null without one), complete, faults, ghost, user_agent.
 */
import { createWriteStream, type WriteStream } from 'node:fs'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import type { Logger } from '../options.ts'
import { redactedOf } from '../phases/capture.ts'
import type { Context } from '../phases/context.ts'

export interface AccessLogSettings {
  /** `-` is the standard output. */
  readonly file: string
  readonly redactor: Redactor
  /** µs, monotonic. */
  readonly clock: () => number
  readonly logger: Logger
}

export interface AccessLog {
  /** The request is over. */
  readonly note: (context: Context) => void
  /** Opens the file anew: somebody has moved it away (logrotate). */
  readonly reopen: () => void
  readonly dropped: () => number
  /** Resolves when everything is written. */
  readonly close: () => Promise<void>
}

const EVERY = 200
/** Lines that wait to be made, and bytes that wait for the disk: beyond these they are dropped. */
const MOST_LINES = 20_000
const MOST_BYTES = 8 * 1024 * 1024

const round = (ms: number): number => Math.round(ms * 1000) / 1000

const userAgentOf = (headers: readonly { readonly name: string; readonly value: string }[]): string =>
  headers.find(({ name }) => name.length === 10 && name.toLowerCase() === 'user-agent')?.value ?? ''

/** What a line is made of, without the bodies that the context holds. */
const figuresOf = (context: Context, { redactor, clock }: AccessLogSettings) => {
  const { arrival, head, firstByteAt } = context
  const { target, principal, headers } = redactedOf(context, redactor)
  return {
    time: arrival.at,
    id: arrival.id,
    request_id: head.requestId,
    trace_id: head.traceparent.slice(3, 35),
    client: head.client,
    principal,
    service: context.service?.name ?? '',
    method: arrival.method,
    host: head.publicHost || head.host,
    target,
    protocol: arrival.protocol,
    status: context.status,
    answered_by: context.answeredBy,
    why: context.why,
    upstream: context.upstream?.url ?? '',
    attempts: context.attempts,
    bytes_in: context.requestBody.length,
    bytes_out: context.responseBody.length || context.replied,
    duration_ms: round((clock() - arrival.started) / 1000),
    first_byte_ms: firstByteAt === 0 ? null : round((firstByteAt - arrival.started) / 1000),
    complete: context.complete,
    faults: context.faults,
    ghost: context.ghost?.kind ?? '',
    user_agent: userAgentOf(headers),
  }
}

type Figures = ReturnType<typeof figuresOf>

const lineOf = (figures: Figures): string =>
  `${JSON.stringify({ ...figures, time: new Date(figures.time / 1000).toISOString() })}\n`

interface Sink {
  /** undefined while it cannot be opened. */
  stream: WriteStream | NodeJS.WriteStream | undefined
}

const open = (sink: Sink, { file, logger }: AccessLogSettings): void => {
  const stream = file === '-' ? process.stdout : createWriteStream(file, { flags: 'a' })
  sink.stream = stream
  if (file === '-') return
  stream.on('error', (error) => {
    if (sink.stream === stream) sink.stream = undefined
    logger.error({ err: error, file }, 'the access log cannot be written; its lines are dropped until it can')
  })
}

const ended = (stream: Sink['stream']): Promise<void> =>
  new Promise((resolve) => {
    if (stream === undefined || stream === process.stdout || stream.destroyed) return resolve()
    stream.once('close', resolve)
    stream.end()
  })

/** ms between two tries to open a file that could not be written. */
const RETRY = 5000

export const openAccessLog = (settings: AccessLogSettings): AccessLog => {
  const sink: Sink = { stream: undefined }
  let waiting: Figures[] = []
  let dropped = 0
  let tried = performance.now()
  open(sink, settings)

  const write = (): void => {
    if (waiting.length === 0) return
    const lines = waiting
    waiting = []
    if (sink.stream === undefined && performance.now() - tried > RETRY) {
      tried = performance.now()
      open(sink, settings)
    }
    const { stream } = sink
    if (stream === undefined || stream.writableLength > MOST_BYTES) dropped += lines.length
    else stream.write(lines.map(lineOf).join(''))
  }
  const timer = setInterval(write, EVERY).unref()
  return {
    note: (context) => {
      if (waiting.length >= MOST_LINES) dropped++
      else waiting.push(figuresOf(context, settings))
    },
    reopen: () => {
      const { stream } = sink
      write()
      open(sink, settings)
      void ended(stream)
    },
    dropped: () => dropped,
    close: async () => {
      clearInterval(timer)
      write()
      await ended(sink.stream)
    },
  }
}
