/** Readers of the Bookstore: a seeded, realistic mix of browsing, searching, carts and orders, over real HTTP. */
import { setTimeout as delay } from 'node:timers/promises'
import { GENRES } from '../bookstore/data.ts'
import { seeded, type Random } from '../random.ts'

export interface Visitor {
  readonly name: string
  /** '' browses without logging in. */
  readonly email: string
  readonly password: string
}

export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly ms: number
}

export interface TrafficOptions {
  readonly base: string
  readonly visitors: readonly Visitor[]
  /** Requests a second, all visitors together. */
  readonly rate: number
  readonly seed: number
  readonly signal: AbortSignal
  /** How many requests; endless unless given. */
  readonly requests?: number
  /** What came back; undefined: the connection failed. */
  readonly onAnswer?: (asked: Asked, answered: Answered | undefined) => void
}

interface Session {
  readonly visitor: Visitor
  token: string
  readonly etags: Map<string, string>
  readonly orders: string[]
}

const BOOKS = 60
/** A few books are read by everyone, most by few (Zipf's law, roughly). */
const popular = (random: Random): number => 1 + Math.floor(BOOKS * random.next() ** 2.2)

type Move = readonly [weight: number, make: (random: Random, session: Session) => Asked]
const get = (session: Session, target: string, personal = false): Asked => ({
  method: 'GET',
  target,
  headers: { accept: 'application/json', ...(personal ? { authorization: `Bearer ${session.token}` } : {}) },
})
const post = (session: Session, target: string, value: unknown): Asked => ({
  method: 'POST',
  target,
  headers: { 'content-type': 'application/json', authorization: `Bearer ${session.token}` },
  body: JSON.stringify(value),
})

const BROWSING: readonly Move[] = [
  [14, (r, s) => get(s, `/books?page=${1 + r.int(3)}&limit=10`)],
  [6, (r, s) => get(s, `/books?genre=${r.pick(GENRES)}`)],
  [3, (r, s) => get(s, `/books?sort=${r.pick(['price', '-price', 'title'])}&limit=5`)],
  [34, (r, s) => get(s, `/books/${popular(r)}`)],
  [9, (r, s) => get(s, `/books/${popular(r)}/reviews`)],
  [8, (r, s) => get(s, `/authors/${1 + r.int(12)}`)],
  [3, (_r, s) => get(s, '/authors')],
  [2, (r, s) => get(s, `/books/${900 + r.int(5)}`)],
  [1, (_r, s) => get(s, '/books?limit=500')],
]
const MEMBERS: readonly Move[] = [
  [5, (_r, s) => get(s, '/me', true)],
  [6, (_r, s) => get(s, '/cart', true)],
  [4, (_r, s) => get(s, '/orders', true)],
  [4, (r, s) => get(s, s.orders.length > 0 ? `/orders/${r.pick(s.orders)}` : '/orders', true)],
  [3, (r, s) => post(s, '/cart/items', { bookId: popular(r), quantity: 1 + r.int(2) })],
  [1, (_r, s) => post(s, '/orders', {})],
  [1, (r, s) => post(s, `/books/${popular(r)}/reviews`, { stars: r.int(7), text: 'Read it twice.' })],
]

const choose = (random: Random, moves: readonly Move[]): Move[1] => {
  let at = random.next() * moves.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, make] of moves) {
    at -= weight
    if (at < 0) return make
  }
  return (moves[0] as Move)[1]
}

/** Sends one request; undefined when no answer came. */
export const ask = async (base: string, asked: Asked): Promise<Answered | undefined> => {
  const started = performance.now()
  try {
    const answer = await fetch(base + asked.target, {
      method: asked.method,
      headers: asked.headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      ...(asked.body === undefined ? {} : { body: asked.body }),
    })
    const body = await answer.text()
    return { status: answer.status, headers: answer.headers, body, ms: performance.now() - started }
  } catch {
    return undefined
  }
}

const logIn = async (options: TrafficOptions, session: Session): Promise<void> => {
  const { email, password } = session.visitor
  const asked: Asked = {
    method: 'POST',
    target: '/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  }
  const answered = await ask(options.base, asked)
  options.onAnswer?.(asked, answered)
  if (answered?.status === 200) session.token = (JSON.parse(answered.body) as { token: string }).token
}

/** Clients remember: an ETag is sent again, a list of orders leads to an order. */
const remember = (session: Session, asked: Asked, answered: Answered): void => {
  const etag = answered.headers.get('etag')
  if (etag !== null && asked.target.startsWith('/books/')) session.etags.set(asked.target, etag)
  if (asked.target !== '/orders' || asked.method !== 'GET' || answered.status !== 200) return
  const { items } = JSON.parse(answered.body) as { items?: { id: string }[] }
  for (const { id } of items ?? []) if (!session.orders.includes(id)) session.orders.push(id)
}

const turn = async (options: TrafficOptions, random: Random, session: Session): Promise<void> => {
  if (session.visitor.email !== '' && session.token === '') await logIn(options, session)
  const moves = session.token === '' ? BROWSING : [...BROWSING, ...MEMBERS]
  const made = choose(random, moves)(random, session)
  const etag = random.next() < 0.2 ? session.etags.get(made.target) : undefined
  const asked = etag === undefined ? made : { ...made, headers: { ...made.headers, 'if-none-match': etag } }
  const answered = await ask(options.base, asked)
  if (answered) remember(session, asked, answered)
  options.onAnswer?.(asked, answered)
}

/** Sends traffic until it is told to stop or has sent enough; resolves with how many requests it sent. */
export const sendTraffic = async (options: TrafficOptions): Promise<number> => {
  const random = seeded(options.seed)
  const sessions = options.visitors.map((visitor): Session => ({ visitor, token: '', etags: new Map(), orders: [] }))
  const pending = new Set<Promise<void>>()
  const started = performance.now()
  let sent = 0
  while (!options.signal.aborted && sent < (options.requests ?? Infinity)) {
    const session = sessions[sent % sessions.length]
    if (!session) break
    const going: Promise<void> = turn(options, random, session).finally(() => pending.delete(going))
    pending.add(going)
    sent += 1
    const wait = started + (sent * 1000) / options.rate - performance.now()
    if (wait > 0) await delay(wait, undefined, { signal: options.signal }).catch(() => undefined)
    if (pending.size >= 32) await Promise.race(pending)
  }
  await Promise.all(pending)
  return sent
}
