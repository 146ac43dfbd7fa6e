/**
 * The keys under which clients carry their TLS sessions (RFC 5077, RFC 8446 section 4.6.1). A key serves for one period of
 * the wall clock, its predecessor and its successor are understood too, so that processes that share a seed need not turn
 * at the same instant. A seed makes the next one, never the one
 * before: who steals it cannot open what was recorded earlier.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Server, TlsOptions } from 'node:tls'
import type { TicketSeed } from '../options.ts'

interface Keys {
  readonly name: Buffer
  readonly hmac: Buffer
  readonly aes: Buffer
}

/** ms */
const ROTATION = 12 * 3_600_000

const derive = (seed: Uint8Array, what: string): Buffer => createHmac('sha384', seed).update(what).digest()

const keysOf = (seed: Uint8Array): Keys => {
  const bytes = derive(seed, 'keys')
  return { name: bytes.subarray(0, 16), hmac: bytes.subarray(16, 32), aes: bytes.subarray(32) }
}

const after = ({ seed, period }: TicketSeed): TicketSeed => ({ seed: derive(seed, 'next'), period: period + 1 })

const periodOf = (at: number, every: number): number => Math.floor(at / Math.max(1, every))

/** Hands out seeds from which the keys of now, of before and of later follow; `every`: ms of a period. */
export const ticketSeeds = (every = ROTATION, now: () => number = Date.now): (() => TicketSeed) => {
  let seed: TicketSeed = { seed: randomBytes(48), period: periodOf(now(), every) - 1 }
  return () => {
    while (seed.period < periodOf(now(), every) - 1) seed = after(seed)
    return seed
  }
}

export interface Tickets {
  /** To lock with. */
  current(): Keys
  /** By the name in a ticket; undefined when it is too old, or not ours. */
  find(name: Buffer): Keys | undefined
}

/** `given`: of the period before now, or older. */
export const openTickets = (given: TicketSeed, every = ROTATION, now: () => number = Date.now): Tickets => {
  /** Of the period before now. */
  let seed = given
  let ring: readonly Keys[] = []
  const turn = (): readonly Keys[] => {
    const wanted = periodOf(now(), every) - 1
    if (ring.length > 0 && seed.period >= wanted) return ring
    while (seed.period < wanted) seed = after(seed)
    const current = after(seed)
    ring = [seed, current, after(current)].map((each) => keysOf(each.seed))
    return ring
  }
  return {
    current: () => turn()[1] as Keys,
    find: (name) => turn().find((keys) => keys.name.equals(name)),
  }
}

/** What Node has for OpenSSL's ticket callback, and does not document: without it one key at a time is understood. */
interface TicketContext {
  enableTicketKeyCallback?: () => void
  onticketkeycallback?: (name: Buffer, iv: Buffer, locks: boolean) => readonly [number, Buffer, Buffer, Buffer, Buffer]
}

const NOTHING = Buffer.alloc(0)
/** As OpenSSL counts them: another handshake in full, this session, this session and a newer ticket. */
const [REFUSED, TAKEN, RENEWED] = [0, 1, 2] as const

const answer =
  (tickets: Tickets): NonNullable<TicketContext['onticketkeycallback']> =>
  (name, _iv, locks) => {
    const current = tickets.current()
    const { hmac, aes } = current
    if (locks) return [TAKEN, hmac, aes, current.name, randomBytes(16)]
    const found = tickets.find(name)
    if (found === undefined) return [REFUSED, hmac, aes, NOTHING, NOTHING]
    return [found === current ? TAKEN : RENEWED, found.hmac, found.aes, NOTHING, NOTHING]
  }

/** For a server that is made. */
export const ticketOptions = (tickets: Tickets): Pick<TlsOptions, 'ticketKeys'> => {
  const { name, hmac, aes } = tickets.current()
  return { ticketKeys: Buffer.concat([name, hmac, aes]) }
}

/** The server understands all keys of the ring from now on; to be said again when its certificates change. */
export const useTickets = (server: Server, tickets: Tickets): void => {
  const { _sharedCreds: shared } = server as Server & { _sharedCreds?: { readonly context?: TicketContext } }
  const context = shared?.context
  if (context?.enableTicketKeyCallback === undefined) return
  context.onticketkeycallback = answer(tickets)
  context.enableTicketKeyCallback()
}
