/** F10: each poison is either processed or on dead-letters with reason, source offset and bytes; the next event goes on. */
import { gzipSync, brotliCompressSync, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { topology } from '../../../processors/topology.ts'
import type { DeadLetter, Event } from '../../../schemas/events.ts'
import { MAX_DECODED, parseBody } from '../../../processors/runtime/body.ts'
import { aBody, anEvent, anExchange, aSignal, json, MINUTE, NOON } from '../kit/builders.ts'
import { codecs, givenTopology } from '../kit/given.ts'

const good = (i: number): Event =>
  anEvent({ id: `g${i}`, at: NOON + i, exchange: anExchange({ target: '/books', ...json({ i }) }) })
const later = anEvent({ at: NOON + 5 * MINUTE, signal: aSignal() })

/** What the whole topology says when poison stands between good events, and how many exchanges its windows count. */
const withPoison = (poison: Event | Uint8Array): { letters: readonly DeadLetter[]; counted: number } => {
  const told = givenTopology(topology, [good(1)]).when(poison, good(2), good(3), later)
  const minutes = told.on('windows').filter(({ scope, span }) => scope === 'service' && span === 60)
  const last = new Map(minutes.map((w) => [`${w.endpoint}@${w.start}`, w.count]))
  return { letters: told.on('dead-letters'), counted: [...last.values()].reduce((a, b) => a + b, 0) }
}

const answering = (body: ReturnType<typeof aBody>): Event =>
  anEvent({ id: 'p', at: NOON + 2, exchange: anExchange({ target: '/books', responseBody: body }) })

const deep = (n: number): string => '['.repeat(n) + ']'.repeat(n)
const valid = codecs.encode('exchanges', good(9))

const undecodable: Record<string, [Uint8Array, string]> = {
  'no frame': [Buffer.from('hello'), 'not-framed'],
  'an empty value': [new Uint8Array(0), 'not-framed'],
  'an unknown schema id': [Buffer.concat([Buffer.from([0, 1, 2, 3, 4]), valid.subarray(5)]), 'unknown-schema'],
  'broken Avro': [valid.subarray(0, valid.length - 20), 'malformed'],
  'Avro and more': [Buffer.concat([valid, Buffer.from([1])]), 'malformed'],
}

describe('an event that cannot be decoded', () => {
  it.each(Object.keys(undecodable))('%s goes to dead-letters, and the next ones are processed', (name) => {
    const [bytes, code] = undecodable[name] as [Uint8Array, string]
    const { letters, counted } = withPoison(bytes)
    expect(letters).toMatchObject([{ stage: 'decode', by: 'host', partition: 0, offset: 1 }])
    expect(letters[0]?.reason).toContain(code)
    expect(Buffer.from(letters[0]?.bytes ?? []).equals(bytes)).toBe(true)
    expect(counted).toBe(3)
  })
})

const bodies: Record<string, ReturnType<typeof aBody>> = {
  'a 10 MB body': aBody(JSON.stringify('x'.repeat(10_000_000))),
  'invalid UTF-8': aBody(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
  'JSON 10,000 deep': aBody(deep(10_000)),
  'names of the prototype': aBody(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}',
  ),
  'numbers beyond 2^53 and 1e999': aBody('{"a":123456789012345678901234567890,"b":1e999,"c":-1e999}'),
  'duplicate keys': aBody('{"a":1,"a":"two","a":null}'),
  '100,000 keys': aBody(JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i])))),
  'lone surrogates': aBody('{"a":"\\ud800","\\udfff":1}'),
  'NUL bytes': aBody('{"a\\u0000":"\\u0000"}'),
  'a zip bomb': aBody(gzipSync(Buffer.alloc(64 * 1024 * 1024)), { coding: 'gzip' }),
  'a bomb in a bomb': aBody(gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024))), { coding: 'gzip, gzip' }),
  'broken gzip': aBody('no gzip at all', { coding: 'gzip' }),
  'an unknown coding': aBody('{}', { coding: 'zstd' }),
}

describe('an event with a strange body', () => {
  it.each(Object.keys(bodies))('%s is processed, and so are the next ones', (name) => {
    const start = process.cpuUsage()
    const { letters, counted } = withPoison(answering(bodies[name] as ReturnType<typeof aBody>))
    expect(letters).toEqual([])
    expect(counted).toBe(4)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    // Of the processor's time, which others on the machine do not take.
    expect(process.cpuUsage(start).user).toBeLessThan(5_000_000)
  })
})

describe('parseBody', () => {
  const text = JSON.stringify({ a: [1, 2, { b: 'é' }] })
  it.each([
    ['', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br, gzip', gzipSync(brotliCompressSync(text))],
  ])('reads JSON coded as "%s"', (coding, bytes) => {
    expect(parseBody(aBody(bytes, { coding }))).toEqual(JSON.parse(text))
  })
  it('takes exactly what fits the bound', () => {
    const fits = JSON.stringify('x'.repeat(MAX_DECODED - 2))
    expect(parseBody(aBody(gzipSync(fits), { coding: 'gzip' }))).toBe(JSON.parse(fits))
    expect(parseBody(aBody(gzipSync(`${fits} `), { coding: 'gzip' }))).toBeUndefined()
  })
  it('takes 200 levels and no more', () => {
    expect(parseBody(aBody(deep(200)))).toBeDefined()
    expect(parseBody(aBody(deep(201)))).toBeUndefined()
  })
  it('reads neither cut bodies nor other media types', () => {
    expect(parseBody(aBody('{}', { cut: true }))).toBeUndefined()
    expect(parseBody(aBody('{}', { mediaType: 'text/html' }))).toBeUndefined()
    expect(parseBody(aBody('{}', { mediaType: 'application/problem+json; charset=utf-8' }))).toEqual({})
    expect(parseBody(aBody('{}', { mediaType: '' }))).toEqual({})
  })
})
