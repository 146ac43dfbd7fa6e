/**
 * The known request that a request looks most like: for people, where the request itself is not known. Looked for among the
 * last few of its endpoint whose answers this asker may see: so many comparisons of short texts and no more, however much is
 * known.
 */
import { readRequest } from './asked.ts'
import type { Asked } from './asked.ts'
import type { AnswerSet } from './model.ts'
import { isDigits } from './pointers.ts'

/** Requests of an endpoint that are kept in mind. */
const RECENT = 64
/** Endpoints; the one that was silent longest is forgotten first. */
const ENDPOINTS = 2_000
const LONGEST = 64

export interface Nearest {
  readonly method: string
  readonly target: string
  readonly status: number
  /** 0 to 1: the same request. */
  readonly likeness: number
}

export interface Exemplars {
  /** An answer of an endpoint is known under a key. */
  note(endpoint: string, key: string): void
  /** `known` is what is still known under a key. */
  find(endpoint: string, asked: Asked, known: (key: string) => AnswerSet | undefined): Nearest | undefined
}

const pairsOf = (text: string): Map<string, number> => {
  const pairs = new Map<string, number>()
  const padded = ` ${text.slice(0, LONGEST).toLowerCase()} `
  for (let i = 0; i + 1 < padded.length; i++) {
    const pair = padded.slice(i, i + 2)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  return pairs
}

const sizeOf = (pairs: ReadonlyMap<string, number>): number => [...pairs.values()].reduce((sum, n) => sum + n, 0)

/** Of two values: numbers by their ratio, texts by the letter pairs that they share (Dice 1945). */
const alike = (a: string, b: string): number => {
  if (a === b) return 1
  if (isDigits(a) && isDigits(b)) return (1 + Math.min(+a, +b)) / (1 + Math.max(+a, +b))
  const [left, right] = [pairsOf(a), pairsOf(b)]
  let common = 0
  for (const [pair, count] of left) common += Math.min(count, right.get(pair) ?? 0)
  return common / (sizeOf(left) + sizeOf(right))
}

type Pairs = Asked['query']

/** Half for the names that both have, half for their values. */
const likeQuery = (a: Pairs, b: Pairs): number => {
  const values = new Map(b)
  let sum = 0
  for (const [name, value] of a) {
    const other = values.get(name)
    if (other !== undefined) sum += 0.5 + 0.5 * alike(value, other)
  }
  return sum
}

/** The mean over the segments and parameters that either has. */
const likenessOf = (a: Pick<Asked, 'segments' | 'query'>, b: Pick<Asked, 'segments' | 'query'>): number => {
  const places = Math.max(a.segments.length, b.segments.length) + Math.max(a.query.length, b.query.length)
  let sum = likeQuery(a.query, b.query)
  for (const [i, segment] of a.segments.entries()) sum += alike(segment, b.segments[i] ?? '')
  return places === 0 ? 1 : sum / places
}

interface Known {
  readonly service: string
  readonly method: string
  readonly target: string
  readonly asker: string
}

/** What the key of an answer says; undefined for other keys. */
const readKey = (key: string): Known | undefined => {
  const [kind, service, method, target, asker] = key.split(' ').map((part) => decodeURIComponent(part))
  return kind !== 'answer' ||
    service === undefined ||
    method === undefined ||
    target === undefined ||
    asker === undefined
    ? undefined
    : { service, method, target, asker }
}

const requestOf = ({ service, method, target }: Known): Asked =>
  readRequest({ service, method, target, headers: [], body: undefined, principal: '', at: 0 })

export const openExemplars = (): Exemplars => {
  const recent = new Map<string, string[]>()
  return {
    note: (endpoint, key) => {
      const keys = recent.get(endpoint) ?? []
      if (keys.includes(key)) return
      recent.delete(endpoint)
      recent.set(endpoint, keys)
      keys.push(key)
      if (keys.length > RECENT) keys.shift()
      const [oldest] = recent.keys()
      if (recent.size > ENDPOINTS && oldest !== undefined) recent.delete(oldest)
    },
    find: (endpoint, asked, known) => {
      let best: Nearest | undefined
      for (const key of recent.get(endpoint) ?? []) {
        const [about, variant] = [readKey(key), known(key)?.variants[0]]
        if (about === undefined || variant === undefined || (about.asker !== '' && about.asker !== asked.asker))
          continue
        const likeness = likenessOf(asked, requestOf(about))
        if (likeness < 1 && likeness > (best?.likeness ?? 0))
          best = { method: about.method, target: about.target, status: variant.status, likeness }
      }
      return best
    },
  }
}
