/** The words of the upstream's side: a call is one request and what is told about it, a connection carries one at a time. */
import type { Socket } from 'node:net'
import type { FieldLines } from '../../phases/context.ts'
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

/** Told when a connection is there, before a byte of the request goes out: whether it may go is said once. */
export type Gate = (go: (may: boolean) => void) => void

export interface Call<T = unknown> {
  readonly method: string
  readonly target: string
  /** Fields of the request; what they say of its framing is left out when it is sent. */
  readonly lines: FieldLines
  readonly body: UploadBody
  /** Of the body: its length, 'chunked', or 'none' when there is no body. */
  readonly framing: number | 'chunked' | 'none'
  /** Only on a connection that was not used before. */
  readonly fresh: boolean
  readonly listener: Listener<T>
  readonly about: T
  readonly gate?: Gate | undefined
  /** What carries it, once something does. */
  carried: Carried | undefined
  /** Nothing more is told. */
  over: boolean
}

/** A connection, or a stream of one, as its call may use it. */
export interface Carried {
  /** The answer is taken again. */
  resume(): void
  /** No answer is wanted any more. */
  drop(): void
}

/** Nobody waits for the answer any more. Nothing more is told. */
export const abort = (call: Call): void => {
  if (call.over) return
  call.over = true
  call.carried?.drop()
}

/** The client takes bytes again. */
export const resume = (call: Call): void => {
  if (!call.over) call.carried?.resume()
}

export interface Connection extends Carried {
  readonly socket: Socket
  readonly parser: Parser
  readonly owner: Owner
  call: Call | undefined
  ready: boolean
  /** How many answers it carried. */
  carried: number
  /** A streamed request body is still on its way. */
  uploading: boolean
  /** The upstream takes no more of the request, but what it said before that is still to be read. */
  deaf: boolean
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
