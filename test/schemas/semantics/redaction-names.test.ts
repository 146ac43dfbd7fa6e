/** The quick look by the endings of names must never pass over a secret field that a full look would find. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { redactJsonFields } from '../../../schemas/semantics/redaction-json.ts'
import { createNameFilter } from '../../../schemas/semantics/redaction-names.ts'

const secrets = new Set(['password', 'token', 'otp', 'pw', 'x', 'apikey', 'cardnumber', 'authorization', 'pin2'])
const isSecretField = (name: string): boolean => secrets.has(name.toLowerCase().replaceAll(/[-_]/g, ''))

/** A secret name with case, hyphens and underscores mixed in. */
const disguised = fc
  .tuple(
    fc.constantFrom(...secrets),
    fc.infiniteStream(fc.constantFrom('', '', '', '-', '_', '__')),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([name, marks, uppers]) =>
    [...name].map((c) => (uppers.next().value ? c.toUpperCase() : c) + marks.next().value).join(''),
  )
const other = fc.constantFrom(
  'id',
  'version',
  'description',
  'key',
  'created_at',
  'n',
  '',
  'é',
  'a"b',
  'street',
  'x1',
  'okapi',
)
const name = fc.oneof(disguised, other, fc.string({ maxLength: 6 }))
const field = fc.tuple(name, fc.oneof(fc.string({ maxLength: 8 }), fc.integer()), fc.constantFrom(':', ' : ', '\n:\t'))

const written = (fields: readonly (readonly [string, string | number, string])[]): string =>
  `{${fields.map(([key, value, colon]) => JSON.stringify(key) + colon + JSON.stringify(value)).join(',')}}`

it('finds every secret field that a look at each colon finds, plain and inside strings', () => {
  const filter = createNameFilter(secrets)
  const secret = (): string => '***'
  let found = 0
  fc.assert(
    fc.property(fc.array(field, { maxLength: 8 }), fc.boolean(), fc.nat(), (fields, nested, cut) => {
      const plain = written(fields)
      const whole = nested ? JSON.stringify({ log: plain }) : plain
      const text = Buffer.from(cut % 3 === 0 ? whole.slice(0, cut % (whole.length + 1)) : whole).toString('latin1')
      fc.pre(!text.includes('\\u'))
      const bytes = Buffer.from(text, 'latin1')
      const expected = redactJsonFields(text, { isSecretField, secret }, (from) => text.indexOf(':', from))
      expect(redactJsonFields(text, { isSecretField, secret }, (from) => filter(text, bytes, from))).toBe(expected)
      if (expected !== text) found++
    }),
    { numRuns: 3000 },
  )
  expect(found).toBeGreaterThan(500)
})
