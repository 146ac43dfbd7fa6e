import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, nearest, suggestion } from '../../../deploy/config/problems.ts'

test('distance is a metric that counts a swap of neighbours as one slip', () => {
  expect(distance('port', 'prot')).toBe(1)
  expect(distance('', 'abc')).toBe(3)
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(distance(a, b)).toBe(distance(b, a))
      expect(distance(a, b) === 0).toBe(a === b)
      expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})

test('a near word is suggested, a far one is not', () => {
  expect(nearest('max_body', ['bodies', 'maxBody'])).toBe('maxBody')
  expect(nearest('zzz', ['bodies', 'maxBody'])).toBeUndefined()
  expect(suggestion('zzz', ['bodies', 'maxBody'])).toBe('; there is bodies, maxBody')
})
