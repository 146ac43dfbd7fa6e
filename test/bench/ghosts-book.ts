/** A ghost book for benchmarks: endpoints as some traffic teaches them, and so many objects and exact answers. */
import type { GhostBook } from '../../schemas/semantics/ghost-port.ts'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import type { AnswerSet, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { keyOf } from '../../schemas/semantics/ghosts/model.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { encodePart } from '../../schemas/semantics/ghosts/parts.ts'
import { openOffline } from '../processors/ghosts/offline.ts'

export const SIZES = [1000, 10_000, 100_000]
/** The objects that the topic brought begin here. */
const FIRST = 200
/** Seconds over which they were seen: answers are of as many ages. */
const SPREAD = 3600

const book = (id: number) => ({
  id,
  title: `The story of number ${id}`,
  author: `author-${id % 500}`,
  year: 1900 + (id % 120),
  price: (id % 90) + 0.5,
  tags: ['novel', `shelf-${id % 40}`],
})
const page = (from: number) => Array.from({ length: 10 }, (_, i) => book(from + i))

/** The endpoints as some traffic teaches them; then so many objects and exact answers, as the topic would bring them. */
export const openBook = (size: number, start: number): GhostBook => {
  const known = openGhostBook()
  const offline = openOffline((key, part) => known.apply(key, part ?? undefined))
  let at = start
  const feed = (target: string, body: unknown): void =>
    offline.feed({ at: (at += 1_000_000), target, responseBody: JSON.stringify(body) })
  for (let i = 1; i <= 12; i++) {
    feed(`/books?page=${i}&limit=10`, page(10 * i - 9))
    feed(`/books/${i}`, book(i))
    feed(`/books?author=author-${i}`, [book(i)])
  }
  offline.advance(start + 3_600_000_000)
  for (let id = FIRST; id < FIRST + size; id++) {
    const seen = start - (id % SPREAD) * 1_000_000
    known.apply(...objectPart(id, seen))
    known.apply(...answerPart(id, seen))
  }
  return known
}

const objectPart = (id: number, at: number): Parameters<GhostBook['apply']> => {
  const key = objectKey('shop', '/books', String(id))
  const views = [{ asker: '', json: JSON.stringify(book(id)), at, whole: true }]
  const value: ObjectRecord = {
    key,
    service: 'shop',
    type: '/books',
    id: String(id),
    views,
    gone: 0,
    written: 0,
    born: id,
    tick: 0,
  }
  return [key, encodePart(key, { kind: 'object', value }, at, -1)]
}

const answerPart = (id: number, at: number): Parameters<GhostBook['apply']> => {
  const key = keyOf('answer', 'shop', 'GET', `/books/${id}?exact=1`, '')
  const told = { status: 200, headers: [{ name: 'content-type', value: 'application/json' }], at }
  const kind = { headersKey: '', varyKey: 'accept:application/json\n', binary: false, coding: '' }
  const variants = [{ ...kind, ...told, body: JSON.stringify(book(id)) }]
  const value: AnswerSet = { key, service: 'shop', endpoint: 'shop GET /books/{p1}', variants, at, tick: 0 }
  return [key, encodePart(key, { kind: 'answer', value }, at, -1)]
}

export interface Case {
  readonly rule: string
  readonly status: number
  readonly target: (id: number) => string
}

/** By what makes the answer. */
export const CASES: Readonly<Record<string, Case>> = {
  'exact answers': { rule: 'exact', status: 200, target: (id) => `/books/${id}?exact=1` },
  'objects known from elsewhere': { rule: 'object', status: 200, target: (id) => `/books/${id}` },
  'pages of a list': { rule: 'list', status: 200, target: (id) => `/books?page=${20 + (id % 50)}&limit=10` },
  'lists filtered by a field': {
    rule: 'list',
    status: 200,
    target: (id) => `/books?author=author-${id % 500}&limit=10`,
  },
  'objects that are not there': { rule: 'status', status: 404, target: (id) => `/books/${10_000_000 + id}` },
}

/** So many targets of a case, spread over what is known. */
export const targetsOf = ({ target }: Case, size: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => target(FIRST + ((i * 7919) % size)))

/** What a backend of these books answers: as much as the ghosts do. */
export const documentOf = (target: string): string => {
  const { pathname, searchParams } = new URL(target, 'http://bench')
  const id = Number(pathname.split('/')[2] ?? 0)
  return JSON.stringify(searchParams.has('limit') ? page(Number(searchParams.get('page') ?? id)) : book(id))
}
