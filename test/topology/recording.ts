/**
 * A recorded log, made from a seed: a bookshop's traffic with logins, writes, misses, outages, late events, duplicates,
 * gaps, signals and poison. The same seed gives the same bytes, so it needs no file.
 */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Event } from '../../schemas/events.ts'
import type { NewRecord } from '../../schemas/log.ts'
import { anEvent, anExchange, aSignal, json } from '../processors/kit/builders.ts'

/** Mulberry32: small, seeded, good enough to choose among cases. */
export const random = (seed: number): (() => number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface RecordingOptions {
  readonly seed: number
  readonly count: number
  readonly services?: readonly string[]
  /** Undecodable records, duplicates and losses among the rest (default true). */
  readonly dirty?: boolean
}

const START = 1_760_000_000_000_000

interface Ask {
  readonly next: () => number
  readonly principal: string
}

const book = (id: number): object => ({
  id,
  title: `Book ${id}`,
  author: { id: id % 7, name: `Author ${id % 7}` },
  price: Math.round(id * 137) / 100,
  tags: id % 3 === 0 ? ['new', 'sale'] : [],
  published: `20${String(10 + (id % 14))}-0${1 + (id % 9)}-11`,
  format: ['paper', 'audio', 'digital'][id % 3],
  ...(id % 5 === 0 ? { subtitle: null } : {}),
})

const pick = ({ next, principal }: Ask): Parameters<typeof anExchange>[0] => {
  const kind = next()
  const id = 1 + Math.floor(next() * 40)
  if (kind < 0.35) return { target: `/api/books/${id}`, ...json(book(id)) }
  if (kind < 0.5) {
    const page = 1 + Math.floor(next() * 5)
    const items = Array.from({ length: 5 }, (_, i) => book(page * 5 + i))
    return { target: `/api/books?page=${page}&limit=5`, ...json({ items, page, total: 40 }) }
  }
  if (kind < 0.6)
    return { target: `/api/users/${principal || 'guest'}/orders`, ...json([{ order: id, total: id * 3 }]) }
  if (kind < 0.7) {
    const body = json({ book: id, stars: id % 5, text: `fine ${id}` }).responseBody
    return {
      method: 'POST',
      target: `/api/books/${id}/reviews`,
      status: 201,
      requestBody: body,
      ...json({ id: id + 900 }),
    }
  }
  if (kind < 0.78) return { target: `/api/books/${9000 + id}`, status: 404, ...json({ error: 'not found' }) }
  if (kind < 0.84) return { method: 'DELETE', target: `/api/carts/${id}`, status: 204 }
  if (kind < 0.88) return { target: `/api/books/${id}`, status: 503, answeredBy: 'self', why: 'no-upstream' }
  return {
    target: `/api/authors/${['jane', 'emily', 'mary-s', 'leo', 'anton'][id % 5]}`,
    ...json({ name: 'x', books: id }),
  }
}

interface Made {
  readonly event: Event
  readonly key: string
}

const makeEvent = (next: () => number, i: number, service: string, at: number): Made => {
  const principal = next() < 0.4 ? `p${Math.floor(next() * 6)}` : ''
  const id = `e-${i}`
  if (next() < 0.02) return { event: anEvent({ id, at, service, signal: aSignal({ subject: service }) }), key: service }
  const total = Math.round(2000 + 50_000 * next() ** 3)
  const timings = { queue: 10, connect: 100, firstByte: total - 50, total }
  const exchange = anExchange({ principal, timings, upstream: `u${i % 2}`, ...pick({ next, principal }) })
  return { event: anEvent({ id, at, service, exchange }), key: service }
}

/** The records, ready to append; ten percent of the events come late, a few are poison, twice there or missing. */
export const recording = (codecs: Codecs, options: RecordingOptions): NewRecord[] => {
  const { seed, count, services = ['shop'], dirty = true } = options
  const next = random(seed)
  const records: NewRecord[] = []
  const sequences = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const service = services[Math.floor(next() * services.length)] as string
    const late = next() < 0.1 ? next() * 30_000_000 : 0
    const { event, key } = makeEvent(next, i, service, Math.round(START + i * 40_000 - late))
    const gap = dirty && next() < 0.003 ? 2 : 1
    const sequence = (sequences.get(service) ?? 0) + gap
    sequences.set(service, sequence)
    const value = codecs.encode('exchanges', { ...event, sequence })
    const record = { key, value, timestamp: Math.floor(event.at / 1000) }
    records.push(record)
    if (dirty && next() < 0.005) records.push(record)
    if (dirty && next() < 0.005) records.push({ ...record, value: Uint8Array.from([0, 0, 0, 0, 9, 1, 2, i % 256]) })
  }
  return records
}
