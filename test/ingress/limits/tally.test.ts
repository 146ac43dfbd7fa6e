import { expect, it } from 'vitest'
import { openTally } from '../../../ingress/limits/tally.ts'

it('adds up what is the same, and begins anew when it was taken', () => {
  const tally = openTally()
  for (const key of ['a', 'b', 'a']) tally.note('shop', 'ip', key)
  tally.note('shop', 'route', 'a')
  const count = (rule: string, key: string, n: number) => ({ service: 'shop', rule, key, count: n })
  expect(tally.take()).toEqual([count('ip', 'a', 2), count('ip', 'b', 1), count('route', 'a', 1)])
  expect(tally.take()).toEqual([])
})

it('tells only so many of a flood, and goes on counting those', () => {
  const tally = openTally()
  for (let i = 0; i < 10_000; i++) tally.note('shop', 'ip', `client ${i}`)
  tally.note('shop', 'ip', 'client 0')
  const taken = tally.take()
  expect([taken.length, taken[0]?.count]).toEqual([2000, 2])
})
