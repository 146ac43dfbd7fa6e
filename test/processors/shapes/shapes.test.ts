import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { formatOf } from '../../../processors/shapes/formats.ts'
import { schemaOf } from '../../../processors/shapes/json-schema.ts'
import { askerOf, see } from '../../../processors/shapes/learn.ts'
import { mergeShape } from '../../../processors/shapes/merge.ts'
import { emptyShape, sizeOf, type Shape } from '../../../processors/shapes/shape.ts'
import { shapes } from '../../../processors/shapes/shapes.ts'
import { shapeFromJson, shapeToJson } from '../../../processors/shapes/state.ts'
import type { Event, Exchange } from '../../../schemas/events.ts'
import { aBody, anEvent, anExchange, aSignal, json, NOON, SECOND } from '../kit/builders.ts'
import { given, type Then } from '../kit/given.ts'

const learned = (values: readonly JsonValue[], principal = ''): Shape => {
  const shape = emptyShape()
  for (const value of values) see(shape, value, { asker: askerOf(principal), changed: false, room: 1000 })
  return shape
}
const schema = (...values: readonly JsonValue[]): unknown => schemaOf(learned(values))
const times = <T>(n: number, value: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => value(i))

describe('a learned schema', () => {
  it('knows types, required and optional fields, nulls, ranges and lengths', () => {
    expect(schema({ a: 1, b: 'x' }, { a: 2.5, b: null }, { a: 3, c: true })).toMatchObject({
      type: 'object',
      required: ['a'],
      'x-count': 3,
      properties: {
        a: { type: 'number', 'x-range': [1, 3], 'x-count': 3 },
        b: { type: ['string', 'null'], 'x-length': [1, 1], 'x-count': 2 },
        c: { type: 'boolean' },
      },
    })
  })
  it.each([
    ['2024-02-11T10:00:00Z', 'date-time'],
    ['2024-02-11', 'date'],
    ['2024-13-11', ''],
    ['7d444840-9dc0-11d1-b245-5ffdce74fad2', 'uuid'],
    ['https://example.com/a?b', 'uri'],
    ['a.b@example.com', 'email'],
    ['10.0.0.255', 'ipv4'],
    ['-12345', 'integer'],
    ['12.50', 'decimal'],
    ['hello world', ''],
    ['', ''],
  ])('%s has the format "%s"', (text, format) => {
    expect(formatOf(text)).toBe(format)
    if (format !== '' && format !== 'integer' && format !== 'decimal')
      expect(schema(text, text)).toMatchObject({ format })
  })
  it('has no format where only some strings have it', () => {
    expect(schema('2024-02-11', 'soon')).not.toHaveProperty('format')
  })
  it('tells a map keyed by ids from an object', () => {
    expect(schema({ 17: { n: 1 }, 18: { n: 2 }, 19: { n: 3 } })).toMatchObject({
      'x-map': true,
      additionalProperties: { 'x-count': 3 },
    })
    expect(
      schema(Object.fromEntries(times(101, (i) => [`name${'abcdefghij'[i % 10]}${'x'.repeat(i)}`, i]))),
    ).toMatchObject({ 'x-map': true })
    expect(schema({ name: 1, title: 2, price: 3 })).toHaveProperty('properties.title')
  })
  it('keeps the names of the prototype as names', () => {
    const value = JSON.parse('{"__proto__":1,"constructor":2}') as JsonValue
    const restored = shapeFromJson(JSON.parse(JSON.stringify(shapeToJson(learned([value])))) as never)
    expect(JSON.stringify(schemaOf(restored))).toContain('"__proto__":{"type":"integer"')
  })
})

describe('an enumeration', () => {
  const words = ['red', 'green', 'blue']
  it('is told when values are few, frequent, and not one principal’s', () => {
    expect(schema(...times(30, (i) => words[i % 3] as string))).toMatchObject({ enum: ['blue', 'green', 'red'] })
    expect(schema(...times(15, (i) => words[i % 3] as string))).not.toHaveProperty('enum')
    expect(schema(...times(100, (i) => `word${i % 25}`))).not.toHaveProperty('enum')
  })
  it('never tells what only one principal was told', () => {
    const mine = learned(
      times(90, (i) => words[i % 3] as string),
      'alice',
    )
    expect(schemaOf(mine)).not.toHaveProperty('enum')
    mergeShape(
      mine,
      learned(
        times(90, (i) => words[i % 3] as string),
        'bob',
      ),
    )
    expect(schemaOf(mine)).toMatchObject({ enum: ['blue', 'green', 'red'] })
  })
})

/** Order of names is the order of arrival and no part of the law. */
const canonical = (shape: Shape): unknown =>
  JSON.parse(JSON.stringify(shapeToJson(shape)), (_, value: unknown) =>
    Array.isArray(value) && value.every((v) => Array.isArray(v))
      ? [...value].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
      : value,
  )
const jsonValues = fc.array(fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>, { maxLength: 12 })
const sum = (...all: readonly Shape[]): Shape => {
  const into = emptyShape()
  for (const one of all) mergeShape(into, one)
  return into
}

describe('shapes merge', () => {
  it('in any order and grouping to the same', () => {
    fc.assert(
      fc.property(jsonValues, jsonValues, jsonValues, (a, b, c) => {
        const [x, y, z] = [learned(a), learned(b, 'p'), learned(c, 'q')]
        expect(canonical(sum(x, y, z))).toEqual(canonical(sum(z, sum(y, x))))
        expect(canonical(sum(x))).toEqual(canonical(x))
      }),
      { numRuns: 200 },
    )
  })
  it('and learn on after a restore as they would have without', () => {
    fc.assert(
      fc.property(jsonValues, jsonValues, (a, b) => {
        const here = learned(a)
        const there = shapeFromJson(JSON.parse(JSON.stringify(shapeToJson(here))) as never)
        for (const value of b)
          for (const shape of [here, there]) see(shape, value, { asker: 1, changed: false, room: 1000 })
        expect(JSON.stringify(shapeToJson(there))).toBe(JSON.stringify(shapeToJson(here)))
      }),
    )
  })
  it('and stay bounded, whatever comes', () => {
    const shape = emptyShape()
    const walk = { asker: 0, changed: false, room: 300 }
    for (let i = 0; i < 500; i++)
      see(
        shape,
        { [`f${'x'.repeat(i % 90)}`]: { [`g${'y'.repeat(i % 70)}`]: [i, { [`h${'z'.repeat(i)}`]: 1 }] } },
        walk,
      )
    expect(sizeOf(shape)).toBeLessThanOrEqual(301)
  })
})

const call = (i: number, over: Partial<Exchange> = {}): Event =>
  anEvent({ id: `e${i}`, at: NOON + i * SECOND, exchange: anExchange({ target: '/a', ...json({ id: i }), ...over }) })
const beat = (i: number): Event => anEvent({ at: NOON + i * SECOND, signal: aSignal() })
const parts = (told: Then): Record<string, unknown> =>
  Object.fromEntries((told.on('shapes').at(-1)?.parts ?? []).map((p) => [p.direction + p.status, JSON.parse(p.schema)]))

describe('the shapes processor', () => {
  it('publishes on change and at doubled counts, not on each exchange', () => {
    const told = given(shapes).when(...times(65, (i) => call(i)))
    expect(told.on('shapes').map(({ parts: [, response] }) => response?.count)).toEqual([1, 2, 4, 8, 16, 32, 64])
    expect(
      given(shapes, ...times(40, (i) => call(i)))
        .when(call(41, json({ id: 1, more: 1 })), beat(42))
        .on('shapes'),
    ).toHaveLength(1)
  })
  it('learns query, request and answers by status class', () => {
    const body = aBody('{"title":"x"}')
    const told = given(shapes).when(
      call(1, { method: 'GET', target: '/a?page=2&tag=x&tag=y&flag=true', requestBody: body }),
      call(2, { target: '/a?page=zero', requestBody: aBody('{"bad":1}'), status: 404, ...json({ error: 'no' }) }),
      beat(3),
    )
    expect(parts(told)).toMatchObject({
      query: { properties: { page: { type: 'integer' }, tag: { type: 'array' }, flag: { type: 'boolean' } } },
      request: { required: ['title'] },
      response2xx: { required: ['id'], 'x-statuses': { 200: 1 }, 'x-media-types': { 'application/json': 1 } },
      response4xx: { required: ['error'] },
    })
    expect(parts(told)['request']).not.toHaveProperty('properties.bad')
  })
  it('learns nothing from ghosts, faults, replays and broken exchanges', () => {
    given(shapes)
      .when(
        call(1, { answeredBy: 'ghost' }),
        call(2, { faults: ['delay'] }),
        call(3, { replayed: true }),
        call(4, { complete: false }),
        beat(5),
      )
      .then([])
  })
})
