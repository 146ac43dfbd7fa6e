/** Candidates and questions for tests of balancers. */
import type { Balancer, Candidate, Question } from '../../../ingress/balance/candidate.ts'
import { openLatency } from '../../../ingress/balance/latency.ts'
import { seedOf } from '../../../ingress/balance/rendezvous.ts'

export interface Named extends Candidate {
  readonly name: string
  inFlight: number
}

export const candidate = (name: string, rest: Partial<Candidate> = {}): Named => ({
  name,
  weight: 1,
  ramp: 1,
  credit: 0,
  inFlight: 0,
  latency: openLatency(),
  seed: seedOf(name),
  ...rest,
})

export const ofWeights = (weights: readonly number[]): Named[] =>
  weights.map((weight, i) => candidate(`http://10.0.0.${i}:80`, { weight }))

/** Chance that is the same at every run (mulberry32). */
export const chance = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

export const question = (rest: Partial<Question> = {}): Question => ({ now: 0, client: '', random: chance(1), ...rest })

/** How often each is chosen, in the order of the candidates. */
export const counts = (
  balancer: Balancer,
  candidates: readonly Named[],
  asked: number | readonly string[],
  rest: Partial<Question> = {},
): number[] => {
  const found = new Map<string, number>()
  const clients = typeof asked === 'number' ? Array.from({ length: asked }, () => '') : asked
  const one = question(rest)
  for (const client of clients) {
    one.client = client
    const { name } = balancer(candidates, one) as Named
    found.set(name, (found.get(name) ?? 0) + 1)
  }
  return candidates.map(({ name }) => found.get(name) ?? 0)
}
