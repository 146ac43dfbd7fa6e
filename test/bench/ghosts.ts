/**
 * What an answer of the ghost book costs, without sockets, from 1,000 to 100,000 known objects and as many exact answers:
 * the largest against the smallest is the peer, since what is known must not be paid for by each request.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { GhostBook, GhostRequest } from '../../schemas/semantics/ghost-port.ts'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import type { AnswerSet, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { keyOf } from '../../schemas/semantics/ghosts/model.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { encodePart } from '../../schemas/semantics/ghosts/parts.ts'
import { START } from '../processors/ghosts/given.ts'
import { openOffline } from '../processors/ghosts/offline.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const section = 'ghosts'
const SIZES = [1000, 10_000, 100_000]
const CALLS = 1000
const ROUNDS = 3
const WARM = 4
/** The bar of the exact answers of one core. */
const EXACT = 25_000
/** A made answer at 100,000 objects may cost little more than at 1,000. */
const FLAT = 0.5

const NOW = START + 3_600_000_000
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
const openBook = (size: number): GhostBook => {
  const known = openGhostBook()
  const offline = openOffline((key, part) => known.apply(key, part ?? undefined))
  let at = START
  const feed = (target: string, body: unknown): void =>
    offline.feed({ at: (at += 1_000_000), target, responseBody: JSON.stringify(body) })
  for (let i = 1; i <= 12; i++) {
    feed(`/books?page=${i}&limit=10`, page(10 * i - 9))
    feed(`/books/${i}`, book(i))
    feed(`/books?author=author-${i}`, [book(i)])
  }
  offline.advance(NOW)
  for (let id = 200; id < 200 + size; id++) {
    known.apply(...objectPart(id))
    known.apply(...answerPart(id))
  }
  return known
}

const objectPart = (id: number): Parameters<GhostBook['apply']> => {
  const key = objectKey('shop', '/books', String(id))
  const views = [{ asker: '', json: JSON.stringify(book(id)), at: START, whole: true }]
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
  return [key, encodePart(key, { kind: 'object', value }, START, -1)]
}

const answerPart = (id: number): Parameters<GhostBook['apply']> => {
  const key = keyOf('answer', 'shop', 'GET', `/books/${id}?exact=1`, '')
  const told = { status: 200, headers: [{ name: 'content-type', value: 'application/json' }], at: START }
  const kind = { headersKey: '', varyKey: 'accept:\n', binary: false, coding: '' }
  const variants = [{ ...kind, ...told, body: JSON.stringify(book(id)) }]
  const value: AnswerSet = { key, service: 'shop', endpoint: 'shop GET /books/{p1}', variants, at: START, tick: 0 }
  return [key, encodePart(key, { kind: 'answer', value }, START, -1)]
}

const CASES: Readonly<Record<string, { readonly rule: string; readonly target: (id: number) => string }>> = {
  'exact answers': { rule: 'exact', target: (id) => `/books/${id}?exact=1` },
  'objects known from elsewhere': { rule: 'object', target: (id) => `/books/${id}` },
  'pages of a list': { rule: 'list', target: (id) => `/books?page=${20 + (id % 50)}&limit=10` },
  'lists filtered by a field': { rule: 'list', target: (id) => `/books?author=author-${id % 500}&limit=10` },
  'objects that are not there': { rule: 'status', target: (id) => `/books/${10_000_000 + id}` },
}

const requestFor = (target: string): GhostRequest => ({
  service: 'shop',
  method: 'GET',
  target,
  headers: [{ name: 'user-agent', value: 'bench/1' }],
  body: undefined,
  principal: '',
  at: NOW,
})

const measure = (known: GhostBook, size: number, { rule, target }: (typeof CASES)[string]): Cost => {
  const requests = Array.from({ length: CALLS }, (_, i) => requestFor(target(200 + ((i * 7919) % size))))
  const verdict = known.answer(requests[0] as GhostRequest)
  const found = verdict.kind === 'answer' ? verdict.rule : verdict.detail
  if (found !== rule)
    throw new Error(`the benchmark means an answer by ${rule}, not by ${found}: mend test/bench/ghosts.ts`)
  for (let warm = 0; warm < WARM; warm++) for (const request of requests) known.answer(request)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const read = stopwatch()
    for (const request of requests) known.answer(request)
    return costOf(read(), CALLS)
  })
  return best(rounds)
}

const collect = (): number => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  return process.memoryUsage().heapUsed
}

const figuresOf = (name: string, costs: readonly Cost[]): Figure[] => {
  const [least] = costs
  return costs.map((cost, i) => ({
    section,
    name: `${name}, of ${SIZES[i]}`,
    unit: '/s and core',
    value: round(perCore(cost)),
    better: 'more',
    ...(i === 0 || least === undefined
      ? {}
      : { peer: { name: `of ${SIZES[0]}`, value: round(perCore(least)) }, floor: { of: 'ratio', at: FLAT } }),
    ...(i === 0 && name === 'exact answers' ? { floor: { of: 'value', at: EXACT } } : {}),
    seen: round(cost.seen),
  }))
}

const run = async (): Promise<Figure[]> => {
  const costs = new Map<string, Cost[]>(Object.keys(CASES).map((name) => [name, []]))
  const memory: Figure[] = []
  for (const size of SIZES) {
    const before = collect()
    const known = openBook(size)
    const value = round((collect() - before) / size)
    const name = `memory of one object and one exact answer, of ${size}`
    memory.push({ section, name, unit: 'bytes', value, better: 'less' })
    for (const [what, one] of Object.entries(CASES)) costs.get(what)?.push(measure(known, size, one))
  }
  return [...[...costs].flatMap(([name, all]) => figuresOf(name, all)), ...memory]
}

export const ghostsSection: Section = { name: section, run: async () => run() }
