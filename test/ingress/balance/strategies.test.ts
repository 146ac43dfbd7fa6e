import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Balancer } from '../../../ingress/balance/candidate.ts'
import { leastConnections } from '../../../ingress/balance/least-connections.ts'
import { latencyAt, observe, openLatency } from '../../../ingress/balance/latency.ts'
import { peakEwma } from '../../../ingress/balance/peak-ewma.ts'
import { rendezvous } from '../../../ingress/balance/rendezvous.ts'
import { roundRobin } from '../../../ingress/balance/round-robin.ts'
import { strategies, type Strategy } from '../../../ingress/balance/strategies.ts'
import { weighted } from '../../../ingress/balance/weighted.ts'
import { candidate, chance, counts, ofWeights, question, type Named } from '../kit/candidates.ts'

const someWeights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
const clients = Array.from({ length: 4000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

describe.each(Object.keys(strategies) as Strategy[])('%s', (name) => {
  const balancer: Balancer = strategies[name]

  it('has nobody when there is nobody, and the only one when there is one', () => {
    expect(balancer([], question())).toBeUndefined()
    const only = candidate('a')
    expect(balancer([only], question())).toBe(only)
  })

  it('chooses a candidate, whatever they are like', () => {
    const any = fc.record({
      weight: fc.double({ min: 0.01, max: 1000, noNaN: true }),
      ramp: fc.double({ min: 0.1, max: 1, noNaN: true }),
      inFlight: fc.nat(1000),
      micros: fc.nat(10_000_000),
      client: fc.string(),
      seed: fc.integer(),
    })
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), (some) => {
        const candidates = some.map(({ micros, ...rest }, i) =>
          candidate(`c${i}`, { ...rest, latency: { micros, at: 0 } }),
        )
        const [first] = some
        const asked = question({ client: first?.client ?? '', random: chance(first?.seed ?? 0), now: 5 })
        for (let i = 0; i < 20; i++) expect(candidates).toContain(balancer(candidates, asked))
      }),
    )
  })

  it('gives one that starts slowly less than the others', () => {
    const some = [candidate('a'), candidate('b', { ramp: 0.1 }), candidate('c')]
    const [a = 0, b = 0, c = 0] = counts(balancer, some, clients, { random: chance(3) })
    // Peak EWMA compares two; the cold one wins only against a busy one, and here nobody is busy.
    expect(b).toBeLessThan(Math.min(a, c) / 4)
  })
})

describe('round robin and weighted', () => {
  it('give each its share over a cycle', () => {
    fc.assert(
      fc.property(someWeights, (weights) => {
        expect(counts(weighted, ofWeights(weights), sum(weights))).toEqual(weights)
        expect(counts(roundRobin, ofWeights(weights), 3 * weights.length)).toEqual(weights.map(() => 3))
      }),
    )
  })

  it('spread a heavy one out: 5, 1, 1 is never five in a row', () => {
    const some = ofWeights([5, 1, 1])
    const names = Array.from({ length: 7 }, () => some.indexOf(weighted(some, question()) as Named))
    expect(names).toEqual([0, 0, 1, 0, 2, 0, 0])
  })

  it('give the others their shares again soon after one has left', () => {
    fc.assert(
      fc.property(someWeights, fc.nat(50), (weights, before) => {
        fc.pre(weights.length > 1)
        const some = ofWeights(weights)
        counts(weighted, some, before)
        const rest = some.slice(1)
        const cycle = sum(weights.slice(1))
        const seen = counts(weighted, rest, 3 * cycle)
        for (const [i, count] of seen.entries())
          expect(Math.abs(count - 3 * (weights[i + 1] as number))).toBeLessThanOrEqual(weights.length)
      }),
    )
  })
})

describe('least connections', () => {
  it('never leaves one behind by more than one request for its weight', () => {
    fc.assert(
      fc.property(someWeights, fc.array(fc.nat(), { maxLength: 60 }), (weights, ends) => {
        const some = ofWeights(weights)
        for (const end of ends) {
          const chosen = leastConnections(some, question()) as Named
          const least = Math.min(...some.map(({ inFlight, weight }) => inFlight / weight))
          expect(chosen.inFlight / chosen.weight).toBe(least)
          chosen.inFlight++
          const over = some[end % some.length] as Named
          if (end % 3 === 0 && over.inFlight > 0) over.inFlight--
        }
      }),
    )
  })

  it('takes turns by weight when it is quiet', () => {
    fc.assert(
      fc.property(someWeights, (weights) => {
        expect(counts(leastConnections, ofWeights(weights), sum(weights))).toEqual(weights)
      }),
    )
  })
})

describe('peak EWMA', () => {
  it('jumps to a latency above it at once, forgets it slowly, and sinks without news', () => {
    const latency = openLatency()
    observe(latency, 1000, 0)
    observe(latency, 50_000, 10)
    expect(latency.micros).toBe(50_000)
    observe(latency, 1000, 20)
    expect(latency.micros).toBeGreaterThan(49_000)
    for (let now = 30; now <= 60_000; now += 10) observe(latency, 1000, now)
    expect(latency.micros).toBeLessThan(1200)
    expect(latencyAt(latency, 90_000)).toBeLessThan(100)
  })

  it('stays between the least and the most that was seen', () => {
    const sample = fc.record({ micros: fc.integer({ min: 1, max: 1e6 }), wait: fc.nat(20_000) })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const latency = openLatency()
        let now = 0
        for (const { micros, wait } of samples) observe(latency, micros, (now += wait))
        const seen = samples.map(({ micros }) => micros)
        expect(latency.micros).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-6)
        expect(latency.micros).toBeLessThanOrEqual(Math.max(...seen))
      }),
    )
  })

  it('asks a slow one seldom, and one of which nothing is known one request at a time', () => {
    const slow = candidate('slow', { latency: { micros: 200_000, at: 0 } })
    const fast = [1, 2, 3].map((i) => candidate(`fast${i}`, { latency: { micros: 2000, at: 0 } }))
    const [seen] = counts(peakEwma, [slow, ...fast], 1000)
    expect(seen).toBe(0)
    const fresh = candidate('fresh')
    const two = [fresh, candidate('known', { latency: { micros: 2000, at: 0 } })]
    expect(counts(peakEwma, two, 100)).toEqual([100, 0])
    fresh.inFlight = 1
    expect(counts(peakEwma, two, 100)).toEqual([0, 100])
  })

  it('asks each of equals as often as the others', () => {
    const seen = counts(peakEwma, ofWeights([1, 1, 1, 1]), 4000)
    for (const count of seen) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
})

describe('rendezvous', () => {
  const of = (some: readonly Named[]): string[] =>
    clients.map((client) => (rendezvous(some, question({ client })) as Named).name)

  it('gives each its weight', () => {
    const seen = counts(rendezvous, ofWeights([1, 2, 4, 1]), clients)
    expect(seen.map((count) => Math.round((count / clients.length) * 8))).toEqual([1, 2, 4, 1])
  })

  it('moves only the clients of the one that leaves; in any order of the candidates', () => {
    fc.assert(
      fc.property(someWeights, fc.nat(), (weights, at) => {
        fc.pre(weights.length > 1)
        const some = ofWeights(weights)
        const gone = some[at % some.length] as Named
        const before = of(some)
        const after = of(some.filter((one) => one !== gone).toReversed())
        expect(before.filter((name, i) => name !== gone.name && name !== after[i])).toEqual([])
      }),
      { numRuns: 20 },
    )
  })

  it('moves clients only to the one that gets more', () => {
    const some = ofWeights([1, 1, 1])
    const before = of(some)
    const after = of([...some.slice(0, 2), candidate(some[2]?.name ?? '', { weight: 3 })])
    const moved = after.filter((name, i) => name !== before[i])
    expect(new Set(moved)).toEqual(new Set([some[2]?.name]))
  })
})
