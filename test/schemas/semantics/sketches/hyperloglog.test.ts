import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addHash,
  decodeDistinct,
  distinct,
  emptyDistinct,
  encodeDistinct,
  mergeDistinct,
  SPARSE,
  STANDARD_ERROR,
  type HyperLogLog,
} from '../../../../schemas/semantics/sketches/hyperloglog.ts'
import { random } from '../../../topology/recording.ts'

const of = (hashes: Iterable<number>): HyperLogLog => {
  const sketch = emptyDistinct()
  for (const hash of hashes) addHash(sketch, hash)
  return sketch
}
const merged = (...sketches: readonly HyperLogLog[]): HyperLogLog => {
  const sum = emptyDistinct()
  for (const sketch of sketches) mergeDistinct(sum, sketch)
  return sum
}
const next = random(8)
const hash = (): number => Math.floor(next() * 2 ** 32)
const some = (n: number): number[] => Array.from({ length: n }, hash)
/** Few, about as many as are kept one by one, and many. */
const sets = fc
  .oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: SPARSE - 40, max: SPARSE + 40 }), fc.constant(3000))
  .map(some)

describe('HyperLogLog', () => {
  it('is exact while values are few', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: SPARSE }), (values) => {
        expect(distinct(of([...values, ...values]))).toBe(values.length)
      }),
    )
  })
  it('keeps its stated error beyond', () => {
    for (const n of [600, 2_000, 10_000, 50_000]) {
      const errors = Array.from({ length: 12 }, () => distinct(of(some(n))) / n - 1)
      const spread = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)
      expect(spread, String(n)).toBeLessThan(2 * STANDARD_ERROR)
      expect(Math.max(...errors.map(Math.abs)), String(n)).toBeLessThan(4 * STANDARD_ERROR)
    }
  })
  it('merges to the sketch of the union, in any order, grouping and number of times', () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        const all = encodeDistinct(of([...a, ...b, ...c]))
        expect(encodeDistinct(merged(of(a), of(b), of(c)))).toEqual(all)
        expect(encodeDistinct(merged(of(c), merged(of(b), of(a)), of(b)))).toEqual(all)
      }),
      { numRuns: 40 },
    )
  })
  it('has canonical bytes that read back, and never many', () => {
    fc.assert(
      fc.property(sets, (values) => {
        const bytes = encodeDistinct(of(values))
        expect(encodeDistinct(of([...values].reverse()))).toEqual(bytes)
        expect(encodeDistinct(decodeDistinct(bytes))).toEqual(bytes)
        expect(distinct(decodeDistinct(bytes))).toBe(distinct(of(values)))
        expect(bytes.length).toBeLessThanOrEqual(3073)
      }),
      { numRuns: 40 },
    )
  })
  it('refuses broken bytes', () => {
    for (const bytes of [encodeDistinct(of(some(3))), encodeDistinct(of(some(2000)))])
      for (const end of [0, 2, bytes.length - 1])
        expect(() => decodeDistinct(bytes.subarray(0, end))).toThrow(RangeError)
    expect(() => decodeDistinct(Uint8Array.of(7))).toThrow(RangeError)
    expect(() => decodeDistinct(new Uint8Array(3073).fill(255).fill(2, 0, 1))).toThrow(RangeError)
  })
})
