/** A client's HTTP/2 connection with its guard before it: what node:http2 reads from has passed it. */
import { constants } from 'node:http2'
import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { GOAWAY } from '../http2/frames.ts'
import { look, openGuard, type Fault, type Guard } from '../http2/guard.ts'

export interface Guarded {
  readonly guard: Guard
  /** For node:http2. */
  readonly stream: Duplex
  /** Ends the connection, and tells the client why. */
  readonly refuse: (fault: Fault) => void
  /** Asks the client to open no more streams; those it opens all the same are served (node:http2 would ignore them). */
  readonly dismiss: () => void
}

const { NGHTTP2_NO_ERROR } = constants

/** All streams that a client can open. */
const ALL = 2 ** 31 - 1

/** GOAWAY (section 6.8). `newest`: the last stream that is served. */
const goAway = (newest: number, { code, reason }: Fault): Buffer => {
  const frame = Buffer.alloc(17 + reason.length)
  frame.writeUIntBE(8 + reason.length, 0, 3)
  frame[3] = GOAWAY
  frame.writeUInt32BE(newest, 9)
  frame.writeUInt32BE(code, 13)
  frame.write(reason, 17, 'latin1')
  return frame
}

/** ms: in which a client may read the end, while it still sends; and in which it may take what was written before. */
const LINGER = 2000
const LONGEST = 60_000

/** What is unread when a connection is closed resets it, and the client would never read our last frame. */
const leave = (socket: Socket, done?: () => void): void => {
  const destroy = (): void => void socket.destroy()
  socket.end(() => {
    setTimeout(destroy, LINGER).unref()
    done?.()
  })
  socket.resume()
  setTimeout(destroy, LONGEST).unref()
}

/** What node:http2 reads of `socket` has passed the guard. What the guard refuses, and what is behind it, is not read. */
export const guardSocket = (socket: Socket): Guarded => {
  const guard = openGuard(performance.now())
  let refused = false
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    writev: (pieces, done) => void socket.write(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)), done),
    final: (done) => leave(socket, done),
    destroy: (error, done) => {
      if (!refused) socket.destroy()
      done(error)
    },
  })
  const pass = (bytes: Uint8Array): void => {
    if (!stream.push(bytes)) socket.pause()
  }
  // What node:http2 writes at once are whole frames, so this one stands between two; its own may be lost when it is destroyed.
  const refuse = (fault: Fault): void => {
    if (refused) return
    refused = true
    socket.write(goAway(guard.newest, fault))
    leave(socket)
    stream.destroy()
  }
  const written = (): number => socket.bytesWritten
  socket.on('data', (bytes: Buffer) => {
    if (refused) return
    const fault = look(guard, bytes, { now: performance.now(), written }, pass)
    if (fault !== undefined) refuse(fault)
  })
  // A client that sends no more cannot open windows either: it is gone.
  socket.on('end', () => stream.destroy())
  socket.on('error', (error) => stream.destroy(error))
  socket.on('close', () => stream.destroy())
  const dismiss = (): void => {
    if (!refused && socket.writable) socket.write(goAway(ALL, { code: NGHTTP2_NO_ERROR, reason: '' }))
  }
  return { guard, stream, refuse, dismiss }
}
