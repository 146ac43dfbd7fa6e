/** Holds each answer of an outage against what the dead server would have said. */
import { answer } from './bookstore/api.ts'
import type { Shop } from './bookstore/data.ts'
import type { Answered, Asked } from './traffic/traffic.ts'

export type Verdict = 'right' | 'different' | 'refused' | 'failed' | 'live'

export interface Tally {
  right: number
  different: number
  /** Honest 503s: to writes, and to what nobody could know. */
  refused: number
  refusedWrites: number
  /** No answer at all: what clients would have got without a proxy. */
  failed: number
  /** Answers of the server itself. */
  live: number
}

export const newTally = (): Tally => ({ right: 0, different: 0, refused: 0, refusedWrites: 0, failed: 0, live: 0 })

const sameJson = (a: string, b: string): boolean => {
  if (a === b) return true
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b))
  } catch {
    return false
  }
}

/** Reads only are asked of the twin: a write would change it. */
export const judge = (shop: Shop, asked: Asked, answered: Answered | undefined): Verdict => {
  if (!answered) return 'failed'
  if (answered.headers.get('x-ghost') === null)
    return answered.status === 503 || answered.status === 502 ? 'refused' : 'live'
  const headers = Object.fromEntries(Object.entries(asked.headers).map(([name, value]) => [name.toLowerCase(), value]))
  const truth = answer(shop, { method: asked.method, target: asked.target, headers })
  return truth.status === answered.status && sameJson(truth.body, answered.body) ? 'right' : 'different'
}

export const count = (tally: Tally, asked: Asked, verdict: Verdict): void => {
  tally[verdict] += 1
  if (verdict === 'refused' && asked.method !== 'GET') tally.refusedWrites += 1
}

/** Of what ghosts said, the share that was exactly right. */
export const fidelity = ({ right, different }: Tally): number =>
  right + different === 0 ? 0 : right / (right + different)

/** Of all reads, the share that got an answer as right as the server's. */
export const served = (tally: Tally): number => {
  const reads = tally.right + tally.different + tally.refused - tally.refusedWrites + tally.failed
  return reads === 0 ? 0 : tally.right / reads
}
