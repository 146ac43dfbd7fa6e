/**
 * The upstream's answer on its way down. The head is held until all that came with it is told: a small answer comes in
 * one piece, and one write is a third cheaper than three. Nothing waits for another packet.
 */
import type { ServerResponse } from 'node:http'
import { tee, type Context } from '../phases/context.ts'
import { hasBody, withVia, type AnswerHead } from '../phases/forward.ts'

export interface Flow {
  readonly context: Context
  readonly res: ServerResponse
  readonly status: number
  readonly text: string
  readonly contentLength: number
  readonly lines: string[]
  held: boolean
  first: Buffer | undefined
}

export interface Start {
  readonly status: number
  readonly text: string
  readonly head: AnswerHead
  readonly closing: boolean
}

const pairs = (flat: readonly string[]): [string, string][] => {
  const lines: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) lines.push([flat[i] as string, flat[i + 1] as string])
  return lines
}

export const openFlow = (context: Context, res: ServerResponse, start: Start): Flow => {
  const { status, text, head } = start
  context.status = status
  context.answeredBy = 'upstream'
  context.responseHeaders = head.lines
  const lines = withVia(head.lines.slice(), context.head.requestId) as string[]
  if (start.closing) lines.push('connection', 'close')
  return { context, res, status, text, contentLength: head.contentLength, lines, held: true, first: undefined }
}

const sendHead = (flow: Flow): void => {
  flow.held = false
  flow.res.writeHead(flow.status, flow.text, flow.lines)
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
  const { res, first } = flow
  if (!flow.held || res.destroyed) return
  sendHead(flow)
  if (first === undefined) res.flushHeaders()
  else res.write(first)
  flow.first = undefined
}

/** false: stop until the client took what it has. A client that is gone never does, so then it is true. */
export const pass = (flow: Flow, chunk: Buffer): boolean => {
  tee(flow.context.responseBody, chunk)
  if (flow.held && flow.first === undefined) {
    flow.first = chunk
    return true
  }
  flush(flow)
  return flow.res.write(chunk) || flow.res.destroyed
}

export const finish = (flow: Flow, trailers: readonly string[]): void => {
  const { res, first } = flow
  if (flow.held) {
    const measurable = flow.contentLength < 0 && trailers.length === 0
    if (measurable && hasBody(flow.context.arrival.method, flow.status))
      flow.lines.push('content-length', String(first?.length ?? 0))
    sendHead(flow)
    flow.first = undefined
  }
  if (trailers.length > 0) res.addTrailers(pairs(trailers))
  res.end(first)
}
