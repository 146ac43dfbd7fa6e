import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rememberBodies, type RedactBody } from '../../../schemas/semantics/redaction-memo.ts'

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

test('whatever came before, a body is redacted as if it came alone', () => {
  const plain: RedactBody = (bytes, mediaType) => Buffer.concat([Buffer.from(mediaType), bytes.map((byte) => byte ^ 1)])
  const redact = rememberBodies(plain, same)
  // Few different bytes and lengths: most bodies come again, or share their samples with another.
  const body = fc
    .tuple(fc.integer({ min: 254, max: 258 }), fc.array(fc.nat(257), { maxLength: 2 }))
    .map(([length, ones]) => Uint8Array.from({ length }, (_, n) => (ones.includes(n) ? 1 : 0)))
  fc.assert(
    fc.property(body, fc.constantFrom('text/plain', 'application/json'), (bytes, mediaType) => {
      expect(same(redact(bytes, mediaType), plain(bytes, mediaType))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('the same bytes are looked through once', () => {
  let looked = 0
  const redact = rememberBodies((bytes) => {
    looked++
    return bytes
  }, same)
  for (let n = 0; n < 5; n++) redact(new Uint8Array(1000), 'application/json')
  expect(looked).toBe(1)
})

test('an answer that repeats its request under another media type is looked through once, too', () => {
  let looked = 0
  const redact = rememberBodies((bytes) => {
    looked++
    return bytes
  }, same)
  for (let n = 0; n < 5; n++)
    for (const mediaType of ['application/json', 'application/json; charset=utf-8'])
      redact(new Uint8Array(1000), mediaType)
  expect(looked).toBe(2)
})
