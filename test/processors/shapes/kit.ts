/** Builders and arbitraries of the shapes' tests. */
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { FILE } from '../../../processors/kit/formats.ts'
import { openWriter, written } from '../../../processors/shapes/bytes.ts'
import { schemaOf } from '../../../processors/shapes/json-schema.ts'
import { askerOf, emptyTree, learnValue, type Tree } from '../../../processors/shapes/learn.ts'
import type { Shape } from '../../../processors/shapes/shape.ts'
import { putShape, takeShape } from '../../../processors/shapes/state.ts'

export const PLENTY = 1_000_000

export const learnAll = (tree: Tree, values: readonly JsonValue[], principal = ''): Tree => {
  for (const value of values) learnValue(tree, value, { asker: askerOf(principal) })
  return tree
}
export const learned = (values: readonly JsonValue[], principal = ''): Shape =>
  learnAll(emptyTree(PLENTY), values, principal).shape
export const schema = (...values: readonly JsonValue[]): unknown => schemaOf(learned(values))
/** A shape's state. */
export const bytesOf = (shape: Shape): Uint8Array => {
  const writer = openWriter()
  putShape(writer, shape)
  return written(writer)
}
export const restored = (shape: Shape): Shape => takeShape({ bytes: bytesOf(shape), at: 0 })
export const times = <T>(n: number, value: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => value(i))

const ANNOTATIONS =
  'x-any x-count x-discriminator x-incomplete x-items x-length x-map x-media-types x-range x-statuses x-types'.split(
    ' ',
  )

/** A strict validator: formats are checked, and a keyword that is neither JSON Schema's nor one of ours is an error. */
const validator = (): InstanceType<typeof Ajv2020.default> => {
  const ajv = new Ajv2020.default({ strict: true, strictTypes: false, strictRequired: false, ownProperties: true })
  ajvFormats.default(ajv)
  ajv.addFormat('date-time-local', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/)
  ajv.addFormat('binary', true)
  for (const name of ANNOTATIONS) ajv.addKeyword(name)
  return ajv
}
const ajv = validator()
export const compile = (wanted: object): ValidateFunction => ajv.compile(wanted)

const words = fc.constantFrom('red', 'green', 'blue')
const texts = fc.oneof(
  words,
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    '2024-02-29',
    '2023-02-29',
    '2024-02-11T10:00:00Z',
    '2024-02-11T10:00:00',
    '2024-02-11T23:59:60Z',
    '7d444840-9dc0-11d1-b245-5ffdce74fad2',
    'a.b@example.com',
    'YWJj@sealed.invalid',
    'cp_abcdefghijklmnopqrstuv',
    '10.0.0.1',
    '12',
    '1.5',
    FILE,
  ),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.emailAddress(),
  fc.ipV4(),
  fc.uuid(),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
)
const names = fc.constantFrom('id', 'type', 'name', 'data', 'kind', '__proto__', 'constructor', '17', '2024-01-01')

/** JSON as APIs have it: few names, few words, formats, tags; and a share of anything. */
export const bodies: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    texts,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    // JSON.parse, so that `__proto__` is a name as it is in a body.
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 5 })
      .map((pairs) => JSON.parse(JSON.stringify(Object.fromEntries(pairs))) as JsonValue),
    fc.tuple(words, tie('value')).map(([type, value]) => ({ type, [type]: value })),
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue),
  ),
})).value
