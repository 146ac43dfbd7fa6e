/** What a balancer sees of an upstream, and what it is asked. Health, breakers and what was tried are the caller's. */
import type { Latency } from './latency.ts'

export interface Candidate {
  readonly weight: number
  /** 0..1: less than 1 while it starts slowly. */
  readonly ramp: number
  /** Smooth weighted round robin's current weight. */
  credit: number
  /** Requests that were given to it and are not over. */
  readonly inFlight: number
  readonly latency: Latency
  /** 32 bits of its name, the same in every process. */
  readonly seed: number
}

/** One question at a time: its values are those of the request at hand. */
export interface Question {
  /** ms, monotonic. */
  now: number
  /** The client's address. */
  client: string
  /** 0 <= random() < 1 */
  readonly random: () => number
}

/** Chooses one of the candidates, undefined only when there is none. Allocates nothing. */
export type Balancer = <T extends Candidate>(candidates: readonly T[], question: Question) => T | undefined

/** What a candidate should get, against the others. */
export const shareOf = ({ weight, ramp }: Pick<Candidate, 'weight' | 'ramp'>): number => weight * ramp
