import { expect, test } from 'vitest'
import type { Figure } from './kit/figure.ts'
import { baselineOf, complaint, judge, merged } from './kit/judge.ts'

const rate: Figure = {
  section: 'log',
  name: 'append',
  unit: 'records/s',
  value: 8000,
  better: 'more',
  peer: { name: 'plain', value: 16_000 },
  floor: { of: 'value', at: 10_000 },
}
const cost: Figure = {
  section: 'ingress',
  name: 'GET',
  unit: 'µs',
  value: 50,
  better: 'less',
  peer: { name: 'plain', value: 40 },
  floor: { of: 'ratio', at: 0.7 },
}
const alone: Figure = { section: 'log', name: 'p50', unit: 'ms', value: 4, better: 'less' }

test('a ratio above 1 is better than the peer, whichever way is good', () => {
  expect(judge(rate, undefined)).toMatchObject({ ratio: 0.5, margin: 0.8, change: undefined })
  expect(judge(cost, undefined).ratio).toBe(0.8)
  expect(judge(cost, undefined).margin).toBeCloseTo(0.8 / 0.7)
})

test('the baseline keeps ratios, so that a machine of half the speed is as good as before', () => {
  const baseline = baselineOf([rate, cost, alone], {})
  const slower = { ...rate, value: 4000, peer: { name: 'plain', value: 8000 } }
  expect(judge(slower, baseline).change).toBe(1)
  expect(judge({ ...cost, value: 100 }, baseline).change).toBe(0.5)
  expect(judge({ ...alone, value: 8 }, baseline).change).toBe(0.5)
  expect(judge({ ...alone, name: 'p99' }, baseline).change).toBeUndefined()
})

test('saving some sections keeps the others', () => {
  const all = merged(baselineOf([rate, alone], { date: 'then' }), baselineOf([cost], { date: 'now' }))
  expect(all.recorded).toEqual({ date: 'now' })
  expect(Object.keys(all.figures)).toEqual(['log: append', 'log: p50', 'ingress: GET'])
})

test('a floor missed by little is a finding only when strict; missed widely it always is', () => {
  const little = judge(rate, undefined)
  expect(complaint(little, false)).toBeUndefined()
  expect(complaint(little, true)).toBe('log: append is at 80 % of its floor')
  expect(complaint(judge({ ...rate, value: 6000 }, undefined), false)).toBe('log: append is at 60 % of its floor')
})

test('a floor that the machine itself does not reach now is no finding', () => {
  const busy = { ...rate, value: 4000, peer: { name: 'plain', value: 9000 } }
  expect(judge(busy, undefined).margin).toBeUndefined()
})

test('a figure without a peer is never a finding against the baseline: it moves with the machine', () => {
  const slow = judge({ ...alone, value: 40 }, baselineOf([alone], {}))
  expect(slow.change).toBe(0.1)
  expect(complaint(slow, true)).toBeUndefined()
})

test('strict: a fifth below the baseline is a finding, even where the floor holds', () => {
  const baseline = baselineOf([{ ...cost, value: 40 }], {})
  const now = judge({ ...cost, value: 52 }, baseline)
  expect(complaint(now, false)).toBeUndefined()
  expect(complaint(now, true)).toBe('ingress: GET is at 77 % of the baseline')
})
