import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checked, openHealth } from '../../../ingress/balance/health.ts'
import { roundRobin } from '../../../ingress/balance/round-robin.ts'

it('gives each its weight over a cycle', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
      const candidates = weights.map((weight) => ({ weight, credit: 0 }))
      const counts = weights.map(() => 0)
      const cycle = weights.reduce((a, b) => a + b, 0)
      for (let i = 0; i < cycle; i++) {
        const at = candidates.indexOf(roundRobin(candidates) as (typeof candidates)[number])
        counts[at] = (counts[at] as number) + 1
      }
      expect(counts).toEqual(weights)
    }),
  )
})

it('has nobody when there is nobody', () => expect(roundRobin([])).toBeUndefined())

it('calls an upstream down after so many bad checks in a row, and up after so many good ones', () => {
  const health = openHealth()
  const options = { healthyAfter: 2, unhealthyAfter: 3 }
  const results = [true, false, false, true, false, false, false, true, false, true, true]
  const changes = results.map((ok) => checked(health, ok, options)?.to)
  expect(changes).toEqual(['up', ...Array<undefined>(5).fill(undefined), 'down', undefined, undefined, undefined, 'up'])
})
