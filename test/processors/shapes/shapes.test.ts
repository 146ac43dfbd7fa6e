import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FILE } from '../../../processors/kit/formats.ts'
import { formOf } from '../../../processors/shapes/forms.ts'
import { headerObject } from '../../../processors/shapes/parameters.ts'
import { shapes } from '../../../processors/shapes/shapes.ts'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { createTask } from '../../../processors/runtime/task.ts'
import type { Event, Exchange, ShapePart } from '../../../schemas/events.ts'
import { aBody, anEvent, anExchange, aSignal, json, NOON, SECOND } from '../kit/builders.ts'
import { codecs, given, literalLocator, recordOf, type Then } from '../kit/given.ts'
import { bodies, compile, times } from './kit.ts'

const call = (i: number, over: Partial<Exchange> = {}): Event =>
  anEvent({ id: `e${i}`, at: NOON + i * SECOND, exchange: anExchange({ target: '/a', ...json({ id: i }), ...over }) })
const beat = (i: number): Event => anEvent({ at: NOON + i * SECOND, signal: aSignal() })
const parts = (told: Then): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    (told.on('shapes').at(-1)?.parts ?? []).map((p) => [
      p.direction + p.status,
      JSON.parse(p.schema) as Record<string, unknown>,
    ]),
  )
const form = (mediaType: string, text: string): Partial<Exchange> => ({
  method: 'POST',
  requestBody: aBody(Buffer.from(text, 'latin1'), { mediaType }),
})

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
      call(1, { method: 'GET', target: '/a?page=2&tag=x&tag=y&flag=true&lat=1.5', requestBody: body }),
      call(2, { target: '/a?page=zero', requestBody: aBody('{"bad":1}'), status: 404, ...json({ error: 'no' }) }),
      beat(3),
    )
    expect(parts(told)).toMatchObject({
      query: {
        properties: {
          page: { type: 'integer' },
          tag: { type: 'array' },
          flag: { type: 'boolean' },
          lat: { type: 'number' },
        },
      },
      request: { required: ['title'] },
      response2xx: { required: ['id'], 'x-statuses': { 200: 1 }, 'x-media-types': { 'application/json': 1 } },
      response4xx: { required: ['error'] },
    })
    expect(parts(told)['request']).not.toHaveProperty('properties.bad')
  })
  it('takes rare parameters for optional ones, and names made by a machine for data', () => {
    const rare = times(12, (i) => call(i, { target: `/a?${'abcdefghijkl'[i]}word=${i}` }))
    expect(parts(given(shapes).when(...rare, beat(13)))['query']).toHaveProperty('properties.lword')
    const made = times(12, (i) => call(i, { target: `/a?${17 + i}=x` }))
    expect(parts(given(shapes).when(...made, beat(13)))['query']).toMatchObject({ 'x-map': true })
  })
  it('learns the header fields that matter, both ways', () => {
    const told = given(shapes).when(
      call(1, {
        requestHeaders: [
          { name: 'X-Api-Version', value: '3' },
          { name: 'User-Agent', value: 'x' },
          { name: 'Authorization', value: 'cp_abcdefghijklmnopqrstuv' },
        ],
        responseHeaders: [
          { name: 'X-Total-Count', value: '7' },
          { name: 'Link', value: '<a>' },
          { name: 'link', value: '<b>' },
          { name: 'Date', value: 'x' },
        ],
      }),
      call(2, { responseHeaders: [{ name: 'x-total-count', value: '9' }] }),
      beat(3),
    )
    const { headers, headers2xx } = parts(told)
    expect(headers).toMatchObject({
      properties: { 'x-api-version': { type: 'integer' }, authorization: { format: 'password' } },
    })
    expect(headers).not.toHaveProperty('required')
    expect(headers).not.toHaveProperty('properties.user-agent')
    expect(headers2xx).toMatchObject({ required: ['x-total-count'], properties: { link: { type: 'string' } } })
  })
  it('says nothing of header fields where none matters', () => {
    expect(Object.keys(parts(given(shapes).when(call(1), beat(2))))).toEqual(['query', 'response2xx'])
  })
  it('learns forms, and of a file only that it is one', () => {
    const told = given(shapes).when(
      call(1, form('application/x-www-form-urlencoded; charset=utf-8', 'a=1&b=x+y')),
      beat(2),
    )
    expect(parts(told)['request']).toMatchObject({
      required: ['a', 'b'],
      properties: { a: { type: 'integer' }, b: { type: 'string', 'x-length': [3, 3] } },
      'x-media-types': { 'application/x-www-form-urlencoded': 1 },
    })
    const lines = [
      '--b1',
      'Content-Disposition: form-data; name="title"',
      '',
      'M\u00c3\u00bcller',
      '--b1',
      'Content-Disposition: form-data; name="cover"; filename="a.png"',
      'Content-Type: image/png',
      '',
      'PNG\u0000',
      '--b1--',
      '',
    ]
    const upload = form('multipart/form-data; boundary=b1', lines.join('\r\n'))
    expect(formOf(upload.requestBody as never)).toEqual({ title: 'Müller', cover: FILE })
    const { request } = parts(given(shapes).when(call(1, upload), beat(2)))
    expect(request).not.toHaveProperty('properties.cover.x-length')
    expect(request).toMatchObject({
      properties: { title: { type: 'string' }, cover: { type: 'string', format: 'binary' } },
    })
  })
  it('never throws at a form, whatever stands in it', () => {
    const types = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'multipart/form-data']
    const pieces = fc.array(fc.constantFrom('--b', '\r\n', 'name="a"', ';', '=', '&', '%', '%f', 'x', '\u00ff', '+'))
    fc.assert(
      fc.property(fc.constantFrom(...types), pieces, (mediaType, text) => {
        formOf(aBody(Buffer.from(text.join(''), 'latin1'), { mediaType }))
      }),
    )
  })
  it('reads header fields whatever their names', () => {
    expect(headerObject([{ name: '__proto__', value: '1' }])).toEqual(JSON.parse('{"__proto__":1}'))
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
  it('gives what a merged endpoint knew to the one it belongs to', () => {
    const locator = literalLocator({ last: { from: 'shop GET /a', into: 'shop GET /b' } })
    const task = createTask({ topology: { locator, processors: [shapes] }, codecs })
    const at = (i: number, target: string, id: string, body: JsonValue): Event =>
      anEvent({ id, at: NOON + i * SECOND, exchange: anExchange({ target, ...json(body) }) })
    const events = [at(1, '/a', 'x', { a: 1 }), at(2, '/b', 'y', { b: 1 }), at(3, '/b', 'last', { b: 2 }), beat(4)]
    const { outputs } = task.step(events.map(recordOf))
    const last = outputs.findLast(({ key }) => key === 'shop GET /b')
    const told = codecs.decode('shapes', last?.value as Uint8Array)
    expect(told.parts.find(({ direction }) => direction === 'response')).toMatchObject({ count: 3 })
    expect(outputs.findLast(({ key }) => key === 'shop GET /a')?.value).toBeNull()
    expect(task.dump().filter(({ key }) => key.startsWith('shapes.') && key.includes('/a'))).toEqual([])
  })
})

const response = (all: readonly ShapePart[]): object =>
  JSON.parse(all.find(({ direction }) => direction === 'response')?.schema ?? 'null') as object

describe('what is published', () => {
  it('holds for every body learned before it, and until the next', () => {
    const run = fc.array(bodies, { minLength: 1, maxLength: 25 })
    fc.assert(
      fc.property(run, (values) => {
        const task = createTask({ topology: { locator: literalLocator(), processors: [shapes] }, codecs })
        let validate = compile({})
        for (const [i, value] of values.entries()) {
          const { outputs } = task.step(
            [call(2 * i, json(value)), beat(2 * i + 1)].map((e, n) => recordOf(e, 2 * i + n)),
          )
          for (const { value: bytes } of outputs)
            validate = compile(response(codecs.decode('shapes', bytes as Uint8Array).parts))
          for (const before of values.slice(0, i + 1)) expect(validate(before), JSON.stringify(before)).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('the sampling rule', () => {
  const quiet = (n: number): Event[] => times(n, (i) => call(i))
  const learnedOf = (told: Then): number => Number(parts(told)['response2xx']?.['x-count'])
  it('learns every body, each 8th after 1,000 quiet ones, each 64th after 1,000 of these', () => {
    const some = given(shapes, ...quiet(2047)).when(call(2048), beat(2049))
    expect(some.on('shapes').at(-1)?.parts[1]?.count).toBe(2048)
    expect(learnedOf(some)).toBeGreaterThan(1000 + 1047 / 16)
    expect(learnedOf(some)).toBeLessThan(1001 + 1047 / 4)
    const many = given(shapes, ...quiet(16_383)).when(call(16_384), beat(16_385))
    expect(learnedOf(many)).toBeGreaterThan(2000)
    expect(learnedOf(many)).toBeLessThan(2001 + (16_384 - 8000) / 32)
  })
  it('learns every body again after news, and is late with it by some exchanges only', () => {
    const changed = times(1200, (i) => call(3000 + i, json({ id: i, more: true })))
    const told = given(shapes, ...quiet(3000)).when(...changed, beat(4201))
    expect(parts(told)['response2xx']).toHaveProperty('properties.more')
    // Told when the count doubles to 4,096.
    const more = (parts(told)['response2xx'] as never)['properties']['more']['x-count']
    expect(more).toBeGreaterThan(1096 - 400)
    expect(more).toBeLessThan(1096)
  })
  it('counts every exchange, and a new status is news at once', () => {
    const told = given(shapes, ...quiet(3000)).when(call(3001, { status: 201 }), beat(3002))
    expect(parts(told)['response2xx']?.['x-statuses']).toEqual({ 200: 3000, 201: 1 })
  })
})

describe('state', () => {
  it('of one endpoint stays within 64 KiB, whatever it is sent and answers', () => {
    const hostile = (i: number): JsonValue =>
      Object.fromEntries(
        times(60, (f) => [
          `${'éf"\u0001x'[f % 5]}${f}${'n'.repeat((i * f) % 200)}`,
          [i, `v${i}`, { [`k${i % 90}`]: [`w${i * f}`, null] }, 1.7e308, true][(i + f) % 5] as JsonValue,
        ]),
      )
    const task = createTask({ topology: { locator: literalLocator(), processors: [shapes] }, codecs })
    const events = times(1500, (i) =>
      call(i, {
        method: 'POST',
        target: `/a?${times(30, (p) => `p${(i * p) % 4000}=${'q'.repeat(p)}${i}`).join('&')}`,
        status: [200, 201, 302, 404, 500, 101][i % 6] as number,
        requestBody: aBody(JSON.stringify(hostile(i + 1))),
        requestHeaders: times(20, (h) => ({ name: `x-${(i * h) % 900}`, value: `${i}` })),
        responseHeaders: times(20, (h) => ({ name: `y-${(i * h) % 900}`, value: `${i}` })),
        ...json(hostile(i)),
      }),
    )
    task.step(events.map(recordOf))
    let bytes = 0
    for (const { key, value } of task.dump()) if (key.startsWith('shapes.')) bytes += key.length + (value?.length ?? 0)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThanOrEqual(64 * 1024)
  })
})
