import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addValue,
  decodeSketch,
  emptySketch,
  encodeSketch,
  MAX_BUCKETS,
  mergeSketch,
  quantile,
  RELATIVE_ERROR,
  type DDSketch,
} from '../../../../schemas/semantics/sketches/ddsketch.ts'

const of = (values: readonly number[]): DDSketch => {
  const sketch = emptySketch()
  for (const value of values) addValue(sketch, value)
  return sketch
}
const merged = (...sketches: readonly DDSketch[]): DDSketch => {
  const sum = emptySketch()
  for (const sketch of sketches) mergeSketch(sum, sketch)
  return sum
}
/** Times from a µs to an hour, and zero. */
const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 3_600_000_000 }), fc.integer({ min: 0, max: 5000 })), {
  maxLength: 200,
})

describe('DDSketch', () => {
  it('keeps its relative error at every quantile', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const exact = [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0
        const told = quantile(of(values), q)
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(RELATIVE_ERROR * exact * (1 + 1e-9))
      }),
    )
  })
  it('merges to the sketch of all values, in any order and grouping', () => {
    fc.assert(
      fc.property(times, times, times, (a, b, c) => {
        const all = of([...a, ...b, ...c])
        expect(merged(of(a), of(b), of(c))).toEqual(all)
        expect(merged(of(c), merged(of(b), of(a)))).toEqual(all)
      }),
    )
  })
  it('has canonical bytes that read back', () => {
    fc.assert(
      fc.property(times, (values) => {
        expect(decodeSketch(encodeSketch(of(values)))).toEqual(of(values))
        expect(encodeSketch(of([...values].reverse()))).toEqual(encodeSketch(of(values)))
      }),
    )
  })
  it('refuses broken bytes', () => {
    const bytes = encodeSketch(of([1, 10, 100]))
    for (let end = 0; end < bytes.length; end++) expect(() => decodeSketch(bytes.subarray(0, end))).toThrow(RangeError)
  })
  it('stays bounded, gives up low quantiles first, and passes over what is no number', () => {
    const sketch = of([1e-2, 1, 1e300, NaN, Infinity, -5])
    expect(sketch.buckets.length).toBeLessThanOrEqual(MAX_BUCKETS)
    expect(sketch.count).toBe(4)
    expect(Math.abs(quantile(sketch, 1) / 1e300 - 1)).toBeLessThanOrEqual(RELATIVE_ERROR)
  })
})
