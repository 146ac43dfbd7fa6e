/**
 * The request's body on its way up. A small one is collected first: one buffer costs a quarter less than a stream, and it
 * can be sent again. A large one streams with backpressure; what came with its head is looked at first, so that a body
 * that is broken from its beginning never reaches an upstream.
 */
import type { Context, FieldLines } from '../phases/context.ts'
import { tee } from '../phases/tee.ts'
import { trailing } from '../phases/trailers.ts'
import { carrierOf, goOn, type Broken, type Carrier } from './carrier.ts'

const COLLECT = 64 * 1024
/** ms: many upstreams never say it, and not every client sends the body at last all the same. */
const PATIENCE = 500

export interface StreamReader {
  data(bytes: Buffer): void
  end(trailers: FieldLines): void
}

/** A body that comes as it is taken. It begins once; when it breaks, the `Upload`'s `broken` is called instead of `end`. */
export interface UploadStream {
  start(reader: StreamReader): void
  /** Until it is, another upstream can have all of it. */
  isStarted(): boolean
  pause(): void
  resume(): void
}

export type UploadBody = Buffer | UploadStream | null

export interface Upload {
  readonly body: UploadBody
  readonly replayable: boolean
}

export interface UploadEvents {
  /** Bytes that the body may have; any number unless given, or with 0. */
  readonly limit?: number
  /** A client that waits to be told to send it is told by the upstream. */
  readonly asked?: boolean
  /** Once, unless it is broken first. */
  ready(upload: Upload): void
  /** At any time before the end of the body. */
  broken(why: Broken, detail: string): void
}

const tooLarge = (limit: number): string => `the body is longer than ${limit} bytes`

const whole = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)

const collect = (context: Context, carrier: Carrier, { ready, broken }: UploadEvents): void => {
  const pieces: Buffer[] = []
  carrier.via.read(carrier, {
    data: (bytes) => {
      tee(context.requestBody, bytes)
      pieces.push(bytes)
    },
    end: () => ready({ body: whole(pieces), replayable: true }),
    broken,
  })
}

const stream = (context: Context, carrier: Carrier, { ready, broken, limit = 0 }: UploadEvents): void => {
  const { via } = carrier
  const first: Buffer[] = []
  let reader: StreamReader | undefined
  let ended: FieldLines | undefined
  let dead = false
  const body: UploadStream = {
    start: (to) => {
      for (const bytes of first.splice(0)) to.data(bytes)
      reader = to
      if (ended === undefined) via.resume(carrier)
      else to.end(ended)
    },
    isStarted: () => reader !== undefined,
    pause: () => via.pause(carrier),
    resume: () => via.resume(carrier),
  }
  via.read(carrier, {
    data: (bytes) => {
      if (dead) return
      tee(context.requestBody, bytes)
      if (limit > 0 && context.requestBody.length > limit) {
        dead = true
        return broken('too-large', tooLarge(limit))
      }
      if (reader !== undefined) return reader.data(bytes)
      first.push(bytes)
      via.pause(carrier)
    },
    end: (all) => {
      ended = trailing(all, context.arrival.rawHeaders)
      reader?.end(ended)
    },
    broken: (why, detail) => {
      dead = true
      broken(why, detail)
    },
  })
  setImmediate(() => {
    if (dead || (carrier.over && ended === undefined)) return
    const small = ended?.length === 0
    ready(small ? { body: whole(first), replayable: true } : { body, replayable: false })
  })
}

/** Whether the request has a body. */
export const hasUpload = ({ head }: Context): boolean => head.chunked || head.contentLength > 0

export const openUpload = (context: Context, events: UploadEvents): void => {
  const { chunked, contentLength } = context.head
  const { limit = 0, broken, asked = false } = events
  const carrier = carrierOf(context)
  if (limit > 0 && contentLength > limit) return broken('too-large', tooLarge(limit))
  const waits = asked && carrier.expecting
  const open = chunked || waits || contentLength > COLLECT ? stream : collect
  if (waits) setTimeout(() => goOn(carrier), PATIENCE).unref()
  else goOn(carrier)
  open(context, carrier, events)
}
