/**
 * The request's body on its way up. A small one is collected first: one buffer costs a quarter less than
 * a stream, and it can be sent again. A large one streams through a Readable of its own, with backpressure: a second
 * listener on `req` beside the sender would lose everything that arrives before the upstream's connection is ready.
 */
import { Readable } from 'node:stream'
import { tee, type Context } from '../phases/context.ts'
import { carrierOf } from './carrier.ts'

const COLLECT = 64 * 1024

export type UploadBody = Buffer | Readable | null

export interface Upload {
  /** undefined: the client stalled or went away. */
  readonly body: UploadBody | undefined
  readonly replayable: boolean
}

/** Bodies under way, and when a piece last came: one clock for all of them costs less than a timer for each. */
interface Waiting {
  /** ms */
  since: number
  readonly stall: number
  readonly giveUp: () => void
}

const waiting = new Set<Waiting>()
let clock: NodeJS.Timeout | undefined

const look = (): void => {
  const now = performance.now()
  for (const each of waiting) if (now - each.since > each.stall) each.giveUp()
  if (waiting.size > 0) return
  clearInterval(clock)
  clock = undefined
}

const LOOK = 50
const watch = (each: Waiting): void => {
  waiting.add(each)
  clock ??= setInterval(look, LOOK).unref()
}

const collect = (context: Context, stall: number, ready: (upload: Upload) => void): void => {
  const { req } = carrierOf(context)
  const chunks: Buffer[] = []
  const settle = (body: Buffer | undefined): void => {
    if (waiting.delete(self)) ready({ body, replayable: true })
  }
  const self: Waiting = { since: performance.now(), stall, giveUp: () => settle(undefined) }
  watch(self)
  req.on('data', (chunk: Buffer) => {
    self.since = performance.now()
    tee(context.requestBody, chunk)
    chunks.push(chunk)
  })
  req.on('end', () => settle(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
  req.on('close', self.giveUp)
}

const stream = (context: Context, stall: number): Readable => {
  const { req } = carrierOf(context)
  const body = new Readable({
    read: () => req.resume(),
    destroy: (error, done) => {
      clearTimeout(timer)
      done(error)
    },
  })
  // The sender listens too, but perhaps not yet or no more: nobody waits for this body then.
  body.on('error', () => undefined)
  // A paused upload waits for the upstream, not for the client: the timer only runs while the client is to send.
  const timer = setTimeout(() => {
    if (req.isPaused()) timer.refresh()
    else body.destroy(Object.assign(new Error('the client stopped sending'), { code: 'CLIENT_STALLED' }))
  }, stall)
  req.on('data', (chunk: Buffer) => {
    timer.refresh()
    tee(context.requestBody, chunk)
    if (!body.push(chunk)) req.pause()
  })
  req.on('end', () => {
    clearTimeout(timer)
    body.push(null)
  })
  req.on('close', () => {
    if (!req.complete) body.destroy(Object.assign(new Error('the client went away'), { code: 'CLIENT_GONE' }))
  })
  return body
}

/** Whether the request has a body. */
export const hasUpload = ({ head }: Context): boolean => head.chunked || head.contentLength > 0

/** Calls `ready` once: when a small body is complete, or soon for one that streams. */
export const openUpload = (context: Context, stall: number, ready: (upload: Upload) => void): void => {
  const { head } = context
  const { req, res } = carrierOf(context)
  if (head.expectsContinue) res?.writeContinue()
  if (!head.chunked && head.contentLength <= COLLECT) return collect(context, stall, ready)
  const body = stream(context, stall)
  // What came with the head is parsed first: a body that is broken from its beginning never reaches an upstream.
  setImmediate(() => req.socket.writableEnded || ready({ body, replayable: false }))
}
