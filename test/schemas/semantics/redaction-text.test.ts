/** JSON Web Tokens in any text, found as the rule says, in linear time; e-mail addresses in JSON that escapes what stands around them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectIn } from '../../../schemas/semantics/redaction-text.ts'

const marked = detectIn({ secret: (token) => `<${token}>`, seal: (mail) => mail, personal: false })

test('a token is found wherever it stands', () => {
  const rule = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/g
  const pieces = fc.constantFrom('eyJ', 'abcd', 'abcdefgh', 'x', '.', '.', '-', '_', 'yJ', ' ', '"')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const text = parts.join('')
      expect(marked(text)).toBe(text.replace(rule, (token) => `<${token}>`))
    }),
    { numRuns: 2000 },
  )
})

/** Quadratic, it would be looked at for minutes. */
test.each(['eyJ', 'eyJaaaaaaaa', 'eyJaaaaaaaa.aaa.'])('a text of nothing but %j is passed over', (text) => {
  const hostile = text.repeat(2_000_000 / text.length)
  expect(marked(hostile) === hostile).toBe(true)
})

const sealed = detectIn({ secret: (token) => token, seal: () => '[mail]', personal: true })

test.each([
  [String.raw`{"from":"Shop \u003cann@shop.test\u003e"}`, String.raw`{"from":"Shop \u003c[mail]\u003e"}`],
  [String.raw`{"text":"to\nann@shop.test"}`, String.raw`{"text":"to\n[mail]"}`],
  [String.raw`{"user":"OFFICE\\ann@shop.test"}`, String.raw`{"user":"OFFICE\\[mail]"}`],
  [String.raw`"{\"from\":\"\\u003cann@shop.test\\u003e\"}"`, String.raw`"{\"from\":\"\\u003c[mail]\\u003e\"}"`],
])('an escape before an e-mail address is no part of it: %s', (text, expected) => {
  expect(sealed(text)).toBe(expected)
  expect(() => JSON.parse(sealed(text)) as unknown).not.toThrow()
})
