/**
 * The upstream's answer on its way down. The head is held until all that came with it is told: a small answer comes in
 * one piece, and one write is a third cheaper than three. Nothing waits for another packet.
 */
import type { Context, FieldLines } from '../phases/context.ts'
import { tee } from '../phases/tee.ts'
import { hasBody, withVia, type AnswerHead } from '../phases/forward.ts'
import { carrierOf, type Carrier } from './carrier.ts'
import { trailing } from '../phases/trailers.ts'

export interface Flow {
  readonly context: Context
  readonly carrier: Carrier
  readonly status: number
  readonly text: string
  /** The fields of its head, as they came. */
  readonly raw: FieldLines
  readonly contentLength: number
  readonly lines: string[]
  readonly closing: boolean
  held: boolean
  first: Buffer | undefined
}

export interface Start {
  readonly status: number
  readonly text: string
  readonly raw: FieldLines
  readonly head: AnswerHead
  readonly closing: boolean
}

export const openFlow = (context: Context, start: Start): Flow => {
  const { status, text, raw, head, closing } = start
  const { contentLength } = head
  context.status = status
  context.answeredBy = 'upstream'
  context.responseHeaders = head.lines
  context.marks = undefined
  const lines = withVia(head.lines.slice(), context.head.requestId, context) as string[]
  const carrier = carrierOf(context)
  return { context, carrier, status, text, raw, contentLength, lines, closing, held: true, first: undefined }
}

const begin = (flow: Flow, length: number): void => {
  const { carrier, context, status, text: reason, lines, closing: close } = flow
  flow.held = false
  const bodiless = !hasBody(context.arrival.method, status)
  carrier.via.begin(carrier, { status, reason, lines, length, bodiless, close })
}

/** Nothing of it went out: the answer is as if it had never begun. False when it is too late for that. */
export const takeBack = ({ held, context }: Flow): boolean => {
  if (!held) return false
  context.responseHeaders = []
  Object.assign(context.responseBody, { chunks: [], kept: 0, length: 0 })
  return true
}

/** What is held goes out. */
export const flush = (flow: Flow): void => {
  const { carrier, first } = flow
  if (!flow.held || carrier.over) return
  begin(flow, flow.contentLength)
  if (first === undefined) carrier.via.flush(carrier)
  else carrier.via.write(carrier, first)
  flow.first = undefined
}

/** false: stop until the client took what it has. A client that is gone never does, so then it is true. */
export const pass = (flow: Flow, chunk: Buffer): boolean => {
  const { carrier } = flow
  tee(flow.context.responseBody, chunk)
  if (flow.held && flow.first === undefined) {
    flow.first = chunk
    return true
  }
  flush(flow)
  return carrier.via.write(carrier, chunk)
}

export const finish = (flow: Flow, trailers: readonly string[]): void => {
  const { carrier, first } = flow
  if (flow.held) {
    const measured =
      flow.contentLength < 0 && trailers.length === 0 && hasBody(flow.context.arrival.method, flow.status)
    const length = measured ? (first?.length ?? 0) : flow.contentLength
    if (measured) flow.lines.push('content-length', String(length))
    begin(flow, length)
    flow.first = undefined
  }
  carrier.via.end(carrier, first, trailing(trailers, flow.raw))
}
