import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { formatOf } from '../../../processors/kit/formats.ts'
import { schemaOf } from '../../../processors/shapes/json-schema.ts'
import { mergeShape } from '../../../processors/shapes/merge.ts'
import { learned, restored, schema, times } from './kit.ts'

describe('a learned schema', () => {
  it('knows types, required and optional fields, nulls, ranges and lengths', () => {
    expect(schema({ a: 1, b: 'x' }, { a: 2.5, b: null }, { a: 3, c: true, d: [1, 2] })).toMatchObject({
      type: 'object',
      required: ['a'],
      'x-count': 3,
      properties: {
        a: { type: 'number', 'x-range': [1, 3], 'x-count': 3 },
        b: { type: ['string', 'null'], 'x-types': { string: 1, null: 1 }, 'x-length': [1, 1], 'x-count': 2 },
        c: { type: 'boolean' },
        d: { type: 'array', items: { type: 'integer', 'x-count': 2 }, 'x-items': [2, 2] },
      },
    })
  })
  it('takes null for a type of its own, and an integer for a number', () => {
    expect(schema(null, null)).toMatchObject({ type: 'null' })
    expect(schema(1, 2.5)).toMatchObject({ type: 'number' })
  })
  it('tells a range for what it spans, and no value of one principal in it', () => {
    const told = (...values: readonly number[]): unknown => (schema(...values) as Record<string, unknown>)['x-range']
    expect(told(-3, 17)).toEqual([-3, 17])
    expect(told(0.25, 99.5)).toEqual([0, 100])
    expect(told(-1234.56, 87_654.32)).toEqual([-2000, 90_000])
    expect(told(-1.7e308, 1.7e308)).toEqual([-1.7e308, 1.7e308])
  })
  it.each([
    ['2024-02-11T10:00:00Z', 'date-time'],
    ['2024-02-11T10:00:00.123+02:00', 'date-time'],
    ['2024-02-11T10:00:00', 'date-time-local'],
    ['2024-02-11 10:00:00', ''],
    ['2024-02-11', 'date'],
    ['2024-02-29', 'date'],
    ['2023-02-29', ''],
    ['2024-13-11', ''],
    ['7d444840-9dc0-11d1-b245-5ffdce74fad2', 'uuid'],
    ['https://example.com/a?b', 'uri'],
    ['https://example.com/{id}', ''],
    ['https://example.com/%zz', ''],
    ['a.b@example.com', 'email'],
    ['Zm9vYmFy-_@sealed.invalid', 'email'],
    ['10.0.0.255', 'ipv4'],
    ['10.0.0.256', ''],
    ['-12345', 'integer'],
    ['12.50', 'decimal'],
    ['cp_abcdefghijklmnopqrstuv', 'password'],
    ['hello world', ''],
    ['', ''],
  ])('%s has the format "%s"', (text, format) => {
    expect(formatOf(text)).toBe(format)
    if (format === '') expect(schema(text, text)).not.toHaveProperty('format')
    else if (format !== 'integer' && format !== 'decimal') expect(schema(text, text)).toMatchObject({ format })
  })
  it('has no format where only some strings have it, and no length where redaction changed it', () => {
    expect(schema('2024-02-11', 'soon')).not.toHaveProperty('format')
    expect(schema('12', '12.5')).toMatchObject({ pattern: '^-?[0-9]+(\\.[0-9]+)?$' })
    expect(schema('YWJj@sealed.invalid')).not.toHaveProperty('x-length')
  })
  it('tells a map keyed by ids from an object', () => {
    expect(schema({ 17: { n: 1 }, 18: { n: 2 }, 19: { n: 3 } })).toMatchObject({
      'x-map': true,
      additionalProperties: { 'x-count': 3 },
    })
    expect(
      schema(Object.fromEntries(times(101, (i) => [`name${'abcdefghij'[i % 10]}${'x'.repeat(i)}`, i]))),
    ).toMatchObject({ 'x-map': true })
    expect(schema(...times(12, (i) => ({ [`${'abcdefghijkl'[i]}word`]: i })))).toMatchObject({ 'x-map': true })
    expect(schema({ name: 1, title: 2, price: 3 })).toHaveProperty('properties.title')
    // Rare, but not of one kind: fields that are optional.
    const rare = times(12, (i) => ({ [`${'abcdefghijkl'[i]}word`]: i % 2 ? i : 'x' }))
    expect(schema(...rare)).toHaveProperty('properties.aword')
  })
  it('keeps the names of the prototype as names', () => {
    const value = JSON.parse('{"__proto__":1,"constructor":2}') as JsonValue
    expect(JSON.stringify(schemaOf(restored(learned([value]))))).toContain('"__proto__":{"type":"integer"')
  })
})

describe('a discriminated union', () => {
  const card = { type: 'card', number: '4', holder: { name: 'x' } }
  const transfer = { type: 'transfer', iban: 'DE' }
  const both = times(20, (i) => (i % 2 ? card : transfer))
  it('is told apart where the tag selects the rest', () => {
    expect(schema(...both)).toMatchObject({
      oneOf: [
        { title: 'transfer', properties: { type: { const: 'transfer' } }, required: ['type', 'iban'] },
        { title: 'card', properties: { type: { const: 'card' } }, required: ['type', 'number', 'holder'] },
      ],
      'x-discriminator': 'type',
    })
  })
  it('also where it selects what stands in another object', () => {
    const events = times(20, (i) =>
      i % 2 ? { event: 'user.created', data: { user: 1 } } : { event: 'order.paid', data: { order: 2 } },
    )
    expect(schema(...events)).toMatchObject({ oneOf: [{ title: 'order.paid' }, { title: 'user.created' }] })
  })
  it('leaves room for what is no object', () => {
    expect(schema(...both, null, 'none')).toMatchObject({ oneOf: [{}, {}, { type: ['string', 'null'] }] })
  })
  it('is none where the tag selects nothing, is missing, or is no word', () => {
    const same = times(100, (i) => ({ type: i % 2 ? 'a' : 'b', n: i }))
    expect(schema(...same)).toMatchObject({ properties: { type: { enum: ['a', 'b'] }, n: {} } })
    expect(learned(same).union).toBeUndefined()
    for (const odd of [{ iban: 'x' }, { type: 7 }, { type: 'two words' }])
      expect(schema(...both, odd)).toHaveProperty('properties.iban')
    expect(schema(...times(40, (i) => ({ type: `t${'x'.repeat(i)}`, [`f${i}`]: i })))).not.toHaveProperty('oneOf')
  })
  it('is not told by a tag that only one principal saw', () => {
    expect(schemaOf(learned(both, 'alice'))).toHaveProperty('properties.iban')
  })
})

describe('an enumeration', () => {
  const words = ['red', 'green', 'blue']
  const some = times(90, (i) => words[i % 3] as string)
  it('is told when values are few, frequent, and not one principal’s', () => {
    expect(schema(...some)).toMatchObject({ enum: ['blue', 'green', 'red'] })
    expect(schema(...some, null)).toMatchObject({ enum: ['blue', 'green', 'red', null] })
    expect(schema(...some.slice(0, 15))).not.toHaveProperty('enum')
    expect(schema(...times(100, (i) => `word${i % 25}`))).not.toHaveProperty('enum')
    expect(schema(...some, 7)).not.toHaveProperty('enum')
  })
  it('never tells what only one principal was told', () => {
    const mine = learned(some, 'alice')
    expect(schemaOf(mine)).not.toHaveProperty('enum')
    mergeShape(mine, learned(some, 'bob'))
    expect(schemaOf(mine)).toMatchObject({ enum: ['blue', 'green', 'red'] })
  })
})
