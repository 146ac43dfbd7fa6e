import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openBudget, payIn, takeOut } from '../../../ingress/balance/budget.ts'

const options = { attempts: 2, budget: 0.2, perSecond: 10 }

it('lets little traffic retry, and much traffic a share of its requests', () => {
  const budget = openBudget(options)
  for (let i = 0; i < 100; i++) expect(takeOut(budget)).toBe(true)
  expect(takeOut(budget)).toBe(false)
  let retries = 0
  // 1,000 requests a second for a minute, and each wants to be sent again.
  for (let now = 0; now < 60_000; now++) {
    payIn(budget, options, now)
    if (takeOut(budget)) retries++
  }
  expect(retries / 60_000).toBeGreaterThan(0.19)
  expect(retries / 60_000).toBeLessThan(0.22)
})

it('never gives more than requests and time paid in', () => {
  const step = fc.record({ wait: fc.nat(5000), wants: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = openBudget(options)
      let now = 0
      let taken = 0
      for (const [i, { wait, wants }] of steps.entries()) {
        payIn(budget, options, (now += wait))
        for (let n = 0; n < wants; n++) if (takeOut(budget)) taken++
        expect(taken).toBeLessThanOrEqual(100 + (i + 1) * options.budget + (now / 1000) * options.perSecond + 1e-6)
      }
    }),
  )
})
