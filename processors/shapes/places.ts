/** The parts that an endpoint can have, and the bytes of state that each may cost. */
import type { Place } from './part.ts'

export interface Budgeted extends Place {
  readonly budget: number
}

const KIB = 1024
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const
type ByClass = readonly [number, number, number, number, number]

const answers = (direction: Place['direction'], kib: ByClass): Budgeted[] =>
  CLASSES.map((status, i) => ({ direction, status, budget: (kib[i] ?? 0) * KIB }))

/** In the order in which they are published; their numbers stand in the state. 60 KiB in all, 4 are left for counts. */
export const PLACES: readonly Budgeted[] = [
  { direction: 'query', status: '', budget: 5 * KIB },
  { direction: 'request', status: '', budget: 14 * KIB },
  ...answers('response', [0.5, 22, 1.5, 5, 3]),
  { direction: 'headers', status: '', budget: 3 * KIB },
  ...answers('headers', [0.5, 2.5, 1, 1, 1]),
]

export const QUERY = 0
export const REQUEST = 1
export const REQUEST_HEADERS = 7

const classOf = (status: number): number => Math.min(5, Math.max(1, Math.floor(status / 100)))
export const responsePlace = (status: number): number => REQUEST + classOf(status)
export const responseHeadersPlace = (status: number): number => REQUEST_HEADERS + classOf(status)
