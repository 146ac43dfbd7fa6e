import { expect, test } from 'vitest'
import { redactParts } from '../../../schemas/semantics/redaction-multipart.ts'

const redacted = (text: string): string =>
  redactParts(text, { secret: (value) => `<${value}>`, isSecretField: (name) => name === 'pin' })

const part = (head: string, value: string): string => `--b\r\n${head}\r\n\r\n${value}\r\n`
const field = (name: string): string => `Content-Disposition: form-data; name="${name}"`

test.each([
  ['a secret', part(field('pin'), '1234'), part(field('pin'), '<1234>')],
  ['another field', part(field('note'), '1234'), part(field('note'), '1234')],
  [
    'a secret among others',
    part(field('a'), 'x') + part(field('pin'), '1') + part(field('c'), 'z'),
    part(field('a'), 'x') + part(field('pin'), '<1>') + part(field('c'), 'z'),
  ],
  [
    'a secret with more in its head',
    part(`Content-Type: text/plain\r\n${field('pin')}\r\nX-More: 1`, '1'),
    part(`Content-Type: text/plain\r\n${field('pin')}\r\nX-More: 1`, '<1>'),
  ],
  [
    'an empty secret before another field',
    part(field('pin'), '') + part(field('a'), 'x'),
    part(field('pin'), '') + part(field('a'), 'x'),
  ],
  ['a secret that was cut', `--b\r\n${field('pin')}\r\n\r\n12`, `--b\r\n${field('pin')}\r\n\r\n<12>`],
  ['no parts', 'name="pin"', 'name="pin"'],
])('%s', (_, text, expected) => {
  expect(redacted(text)).toBe(expected)
})

/** Quadratic, it would be looked at for minutes. */
test.each(['name="a"', 'name="a"\r\n', '\r\n\r\n', '\r\n\r\nname="a"'])(
  'a body of nothing but %j is passed over',
  (text) => {
    const hostile = text.repeat(2_000_000 / text.length)
    expect(redacted(hostile) === hostile).toBe(true)
  },
)
