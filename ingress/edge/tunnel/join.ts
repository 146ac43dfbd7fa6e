/** Two streams become one tunnel: what either side says goes to the other, with backpressure, until both have ended. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { reset } from '../front/reset.ts'

/** ms: an hour, as is usual for a proxy that is told nothing. */
export const TUNNEL_IDLE = 3_600_000

/** ms in which one side may say its last when the other is gone; and without a byte when the other has only ended. */
const LINGER = 2000
const HALF = 30_000

/** Its peer sees that it broke off: a reset of the connection, or of the stream in HTTP/2. */
const breakOff = (stream: Duplex): void => {
  if (stream.destroyed) return
  if (stream instanceof Socket) reset(stream)
  else stream.destroy(new Error('the tunnel broke off'))
}

/** Where `from` has ended, `to` was told so, and what was said before arrives; otherwise it broke off. */
const onClose = (from: Duplex, to: Duplex): void => {
  if (!from.readableEnded) return breakOff(to)
  if (to.destroyed) return
  // Nobody hears it any more, but what is unread when a socket closes would undo what it was sent.
  to.resume()
  to.once('end', () => to.writableFinished && to.destroy())
  setTimeout(() => to.destroy(), LINGER).unref()
}

const link = (from: Duplex, to: Duplex, stirred: () => void): void => {
  from.on('data', stirred)
  from.pipe(to)
  from.on('error', () => breakOff(to))
  from.once('close', () => onClose(from, to))
}

/** `idle`: ms after which a tunnel on which nobody says anything is broken off; 0: never. */
export const join = (client: Duplex, upstream: Duplex, idle: number): void => {
  let timer: NodeJS.Timeout | undefined
  const patient = (ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => [client, upstream].forEach(breakOff), ms).unref()
  }
  const stirred = (): void => void timer?.refresh()
  const halved = (): void => patient(idle > 0 ? Math.min(idle, HALF) : HALF)
  if (idle > 0) patient(idle)
  for (const stream of [client, upstream]) stream.once('end', halved)
  link(client, upstream, stirred)
  link(upstream, client, stirred)
  client.once('close', () => clearTimeout(timer))
}
