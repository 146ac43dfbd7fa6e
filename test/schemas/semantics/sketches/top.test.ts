import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addName, emptyTop, mergeTop, ranked, type Top } from '../../../../schemas/semantics/sketches/top.ts'

const ROOM = 8
const of = (names: readonly string[]): Top => {
  const top = emptyTop(ROOM)
  for (const name of names) addName(top, name)
  return top
}
const merged = (...tops: readonly Top[]): Top => {
  const sum = emptyTop(ROOM)
  for (const top of tops) mergeTop(sum, top)
  return sum
}
const streams = (kinds: number): fc.Arbitrary<string[]> =>
  // Squared: some names are frequent, as in traffic.
  fc.array(
    fc.nat({ max: kinds * kinds }).map((n) => `n${Math.floor(Math.sqrt(n))}`),
    { maxLength: 150 },
  )

/** Every promise of the port, against the exact counts. */
const holds = (top: Top, names: readonly string[]): void => {
  const exact = new Map<string, number>()
  for (const name of names) exact.set(name, (exact.get(name) ?? 0) + 1)
  const bound = names.length / ROOM
  expect(top.names.size).toBeLessThanOrEqual(ROOM)
  for (const { name, count, error } of top.names.values()) {
    const truth = exact.get(name) ?? 0
    expect(count).toBeGreaterThanOrEqual(truth)
    expect(count - error).toBeLessThanOrEqual(truth)
    expect(error).toBeLessThanOrEqual(bound)
  }
  for (const [name, truth] of exact) if (truth > bound) expect([...top.names.keys()]).toContain(name)
}

describe('the most frequent names', () => {
  it('are all here, with counts within their error', () => {
    fc.assert(fc.property(streams(30), (names) => holds(of(names), names)))
  })
  it('still are after merging, in any grouping', () => {
    fc.assert(
      fc.property(streams(30), streams(30), streams(10), (a, b, c) => {
        const all = [...a, ...b, ...c]
        holds(merged(of(a), of(b), of(c)), all)
        holds(merged(of(a), merged(of(c), of(b))), all)
      }),
    )
  })
  it('merge to the exact counts while there is room, whatever the order', () => {
    fc.assert(
      fc.property(streams(ROOM - 1), streams(ROOM - 1), (a, b) => {
        const all = ranked(of([...a, ...b]))
        expect(ranked(merged(of(a), of(b)))).toEqual(all)
        expect(ranked(merged(of(b), of(a)))).toEqual(all)
      }),
    )
  })
  it('merge the same way from both sides', () => {
    fc.assert(
      fc.property(streams(30), streams(30), (a, b) => {
        expect(ranked(merged(of(a), of(b)))).toEqual(ranked(merged(of(b), of(a))))
      }),
    )
  })
})
