/** The words of the upstream's side: a call is one request and what is told about it, a connection carries one at a time. */
import type { Socket } from 'node:net'
import type { UploadBody } from '../body.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Parser } from './parser.ts'

/** Why there is no answer, or not all of one. */
export interface Trouble extends Error {
  readonly code?: string
}

/** What is told, in this order; the first argument is the call's own `about`. After `end` or `failed` nothing follows. */
export interface Listener<T> {
  /** A connection is there, and the request goes out on it. */
  handed(about: T): void
  interim(about: T, head: ResponseHead): void
  head(about: T, head: ResponseHead): void
  /** The bytes are the listener's own. false: no more, until `resume`. */
  data(about: T, bytes: Buffer): boolean
  /** What came in one piece has been told, and the answer is not whole yet. */
  pause(about: T): void
  end(about: T, trailers: readonly string[]): void
  /** `reused`: the connection had carried an answer before, and died before the first byte of this one. */
  failed(about: T, error: Trouble, reused: boolean): void
}

export interface Call<T = unknown> {
  readonly method: string
  /** The request's head, with the empty line. */
  readonly head: string
  readonly body: UploadBody
  /** A streamed body is sent in chunks. */
  readonly chunked: boolean
  /** Only on a connection that was not used before. */
  readonly fresh: boolean
  readonly listener: Listener<T>
  readonly about: T
  connection: Connection | undefined
  /** Nothing more is told. */
  over: boolean
}

export interface Connection {
  readonly socket: Socket
  readonly parser: Parser
  readonly owner: Owner
  /** The upstream's bytes are in memory that the next read overwrites. */
  readonly shared: boolean
  call: Call | undefined
  ready: boolean
  /** How many answers it carried. */
  carried: number
  /** A streamed request body is still on its way. */
  uploading: boolean
  /** The client takes no more for now. */
  held: boolean
  /** The answer is whole, the bytes it came with are not all looked at yet. */
  answered: boolean
  /** Something happened since the last tick. */
  stirred: boolean
  /** When that tick was, ms. */
  since: number
  /** How long it may lie idle, ms. */
  idle: number
  error: Trouble | undefined
}

export interface Owner {
  /** It may carry another exchange. */
  free(connection: Connection): void
  closed(connection: Connection): void
}
