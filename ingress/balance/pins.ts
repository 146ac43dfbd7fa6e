/**
 * Clients that a ghost answered stay with ghosts until the backend has been well for a moment, so that a backend that
 * comes and goes does not show them truth and ghost in turns. Bounded, and in no case longer than `stay` after the last
 * ghost. Time is an argument, in ms of any monotonic clock.
 */
import { seedOf } from './rendezvous.ts'

export interface Pins {
  /** When a ghost answered last, by client; the longest ago first. */
  readonly clients: Map<string, number>
  /** When the backend was last ill; -Infinity: never. */
  illAt: number
  /** When a breaker opened or closed last: before, a few failures are no coming and going. */
  movedAt: number
}

const MOST = 10_000
/** ms of health after which the first and the last client go back: not all at once. */
const SOONEST = 300
const LATEST = 700
/** ms for which a breaker's move is remembered. */
const SHAKY = 10_000

export const openPins = (): Pins => ({ clients: new Map(), illAt: -Infinity, movedAt: -Infinity })

/** 0..1, the same for a client at all times. */
const turnOf = (client: string): number => seedOf(client) / 2 ** 32

/** The backend failed. */
export const noteIll = (pins: Pins, now: number): void => {
  pins.illAt = now
}

/** A breaker opened or closed. */
export const noteMove = (pins: Pins, now: number): void => {
  pins.movedAt = now
}

/** ms: who asks again and again is noted anew so often. */
const ANEW = 50

/** A ghost answered this client. */
export const pin = ({ clients }: Pins, client: string, now: number): void => {
  const before = clients.get(client)
  if (before !== undefined && now >= before && now - before < ANEW) return
  clients.delete(client)
  clients.set(client, now)
  if (clients.size <= MOST) return
  const [oldest] = clients.keys()
  if (oldest !== undefined) clients.delete(oldest)
}

/** The backend told this client the truth. */
export const unpin = ({ clients }: Pins, client: string): void => {
  clients.delete(client)
}

/** The backend has been well for long enough to call it that. */
export const isOver = ({ illAt }: Pins, now: number): boolean => now - illAt >= LATEST

/** Whether a ghost should answer this client though the backend may be asked again. */
export const isPinned = (pins: Pins, client: string, now: number, stay: number): boolean => {
  if (pins.clients.size === 0 || now - pins.movedAt > SHAKY) return false
  const well = now - pins.illAt
  if (isOver(pins, now)) {
    pins.clients.clear()
    return false
  }
  const at = pins.clients.get(client)
  return at !== undefined && now - at < stay && well < SOONEST + (LATEST - SOONEST) * turnOf(client)
}
