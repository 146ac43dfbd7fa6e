/**
 * The upstream's answer on its way down. The head is held until the end of the tick in which it came: for a small answer
 * undici reports head, body and end in one tick, and one write is a third cheaper than three. Nothing waits longer.
 */
import type { ServerResponse } from 'node:http'
import { tee, type Context } from '../phases/context.ts'
import { hasBody, withVia, type AnswerHead } from '../phases/forward.ts'

export interface Flow {
  /** false: stop until the client took what it has. A client that is gone never does, so then it is true. */
  readonly data: (chunk: Buffer) => boolean
  readonly end: (trailers: readonly (string | Buffer)[]) => void
}

export interface Start {
  readonly status: number
  readonly text: string
  readonly head: AnswerHead
  readonly closing: boolean
}

export const latin1 = (bytes: Uint8Array): string => (bytes as Buffer).toString('latin1')

const pairs = (flat: readonly (string | Buffer)[]): [string, string][] => {
  const lines: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) lines.push([String(flat[i]), String(flat[i + 1])])
  return lines
}

export const openFlow = (context: Context, res: ServerResponse, start: Start): Flow => {
  context.status = start.status
  context.answeredBy = 'upstream'
  context.responseHeaders = start.head.lines.slice()
  const lines = withVia(start.head.lines, context.head.requestId) as string[]
  if (start.closing) lines.push('connection', 'close')
  let held = true
  let first: Buffer | undefined

  const sendHead = (): void => {
    held = false
    res.writeHead(start.status, start.text, lines)
  }
  const flush = (): void => {
    if (!held || res.destroyed) return
    sendHead()
    if (first === undefined) res.flushHeaders()
    else res.write(first)
    first = undefined
  }
  process.nextTick(flush)

  return {
    data: (chunk) => {
      tee(context.responseBody, chunk)
      if (held && first === undefined) {
        first = chunk
        return true
      }
      flush()
      return res.write(chunk) || res.destroyed
    },
    end: (trailers) => {
      if (held) {
        const measurable = start.head.contentLength < 0 && trailers.length === 0
        if (measurable && hasBody(context.arrival.method, start.status))
          lines.push('content-length', String(first?.length ?? 0))
        sendHead()
      }
      if (trailers.length > 0) res.addTrailers(pairs(trailers))
      res.end(first)
    },
  }
}
