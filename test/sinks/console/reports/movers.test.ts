import { expect, test } from 'vitest'
import { addRow, emptySum, type Sum } from '../../../../sinks/console/reports/figures.ts'
import { moversOf } from '../../../../sinks/console/reports/movers.ts'
import { addValue, emptySketch, encodeSketch } from '../../../../schemas/semantics/sketches/ddsketch.ts'

const sum = (count: number, ms: number, errors = 0): Sum => {
  const latency = emptySketch()
  for (let i = 0; i < count; i++) addValue(latency, ms * 1000)
  const into = emptySum()
  addRow(into, { count, errors, latency: encodeSketch(latency) })
  return into
}
const all = (entries: Record<string, Sum>): ReadonlyMap<string, Sum> => new Map(Object.entries(entries))

test('the largest changes come first, in words', () => {
  const before = all({
    calm: sum(100, 10),
    more: sum(100, 10),
    slow: sum(100, 10),
    bad: sum(100, 10),
    gone: sum(50, 10),
  })
  const now = all({
    calm: sum(110, 11),
    more: sum(800, 10),
    slow: sum(100, 40),
    bad: sum(100, 10, 30),
    fresh: sum(60, 10),
  })
  const moved = moversOf(before, now, 9).map(({ endpoint, what, sentence }) => [endpoint, what, sentence])
  expect(moved).toEqual([
    ['fresh', 'requests', 'is new: 60 requests'],
    ['gone', 'requests', 'is silent; it had 50 requests'],
    ['bad', 'errors', '30.0 % errors, before 0.0 %'],
    ['more', 'requests', '8.0 × the requests (100 → 800)'],
    ['slow', 'p95', expect.stringMatching(/^4\.0 × the p95/)],
  ])
})

test('a few requests more or less are no news', () => {
  expect(moversOf(all({ a: sum(2, 10) }), all({ a: sum(9, 90, 5), b: sum(3, 1) }))).toEqual([])
})
