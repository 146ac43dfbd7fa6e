/** The words of the client's side in HTTP/1.1: a connection carries one exchange after the other. */
import type { Socket } from 'node:net'
import type { ListenLimits, ListenTimeouts } from '../../options.ts'
import type { BodyReader, Carrier, Wire } from '../carrier.ts'
import type { Chunked } from '../http1/chunked.ts'
import type { FieldBlock, RequestHead } from '../http1/request-head.ts'

/** What all connections of one listener share. */
export interface Front {
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
  readonly wire: Wire<Exchange>
  readonly serve: (head: RequestHead, exchange: Exchange) => void
  readonly connections: Set<Connection>
  inFlight: number
}

export interface Connection {
  readonly front: Front
  readonly socket: Socket
  readonly secure: boolean
  readonly peer: string
  /**
   * `head`: a request is awaited or its head is coming; `length` and `chunked`: its body is; `answer`: it is read, its
   * answer is not out; `closing`: nothing is read any more; `tunnel`: the socket is somebody else's.
   */
  phase: 'head' | 'length' | 'chunked' | 'answer' | 'closing' | 'tunnel'
  /** What came of a head that is not whole yet. */
  text: string
  /** The fields of the last request. */
  block: FieldBlock | undefined
  /** Bytes of the body that are still to come. */
  left: number
  chunked: Chunked | undefined
  /** Bytes that came, but that cannot be looked at yet; the socket is paused meanwhile. */
  stash: Buffer | undefined
  /** Bytes are being looked at. */
  reading: boolean
  /** undefined in a body phase: the answer is out already, the rest of the body is dropped. */
  exchange: Exchange | undefined
  /** More may be dropped of such a body. */
  toDrop: number
  /** How many requests it carried. */
  carried: number
  /** The client will send no more. */
  ended: boolean
  /** Something came since the last tick. */
  stirred: boolean
  /** What is awaited since when, as the last tick saw it. */
  awaited: Awaited
  since: number
  unsent: number
}

/** What a connection waits for that has a limit; undefined while it waits for us. */
export type Awaited = 'idle' | 'head' | 'body' | 'send' | 'linger' | undefined

export interface Exchange extends Carrier {
  readonly connection: Connection
  readonly minor: number
  persistent: boolean
  reader: BodyReader | undefined
  paused: boolean
  /** The head of the answer, as long as it is held. */
  head: string
  framing: 'none' | 'length' | 'chunked' | 'close'
}
