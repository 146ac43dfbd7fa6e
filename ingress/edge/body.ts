/**
 * The request's body on its way up. A small one is collected first: handing undici one buffer costs a quarter less than
 * a stream, and it can be sent again. A large one streams through a Readable of its own, with backpressure: a second
 * listener on `req` beside undici would lose everything that arrives before the upstream's connection is ready.
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

const collect = (context: Context, stall: number, ready: (upload: Upload) => void): void => {
  const { req } = carrierOf(context)
  const chunks: Buffer[] = []
  const timer = setTimeout(() => settle(undefined), stall)
  let settled = false
  const settle = (body: Buffer | undefined): void => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    ready({ body, replayable: true })
  }
  req.on('data', (chunk: Buffer) => {
    timer.refresh()
    tee(context.requestBody, chunk)
    chunks.push(chunk)
  })
  req.on('end', () => settle(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
  req.on('close', () => settle(undefined))
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

/** Calls `ready` once, now or when a small body is complete. */
export const openUpload = (context: Context, stall: number, ready: (upload: Upload) => void): void => {
  const { head } = context
  if (!head.chunked && head.contentLength <= 0) return ready({ body: null, replayable: true })
  const { res } = carrierOf(context)
  if (head.expectsContinue) res?.writeContinue()
  if (!head.chunked && head.contentLength <= COLLECT) return collect(context, stall, ready)
  ready({ body: stream(context, stall), replayable: false })
}
