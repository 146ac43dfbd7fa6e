import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointCodec } from '../../../processors/drift/codec.ts'
import { drift } from '../../../processors/drift/drift.ts'
import { emptyEndpoint, learn, type Endpoint } from '../../../processors/drift/endpoint.ts'
import { mergeEndpoint } from '../../../processors/drift/merge.ts'
import type { JsonValue } from '../../../processors/kit/processor.ts'
import { createTask, type ProcessorTask } from '../../../processors/runtime/task.ts'
import type { Output } from '../../../schemas/log.ts'
import { codecs, literalLocator, recordOf } from '../kit/given.ts'
import { random } from '../../topology/recording.ts'
import { aUser, traffic, without, type Scene } from './traffic.ts'

const taught = (bodies: readonly JsonValue[], status = 200): Endpoint => {
  const endpoint = emptyEndpoint(0)
  const visits = { count: 0 }
  for (const [i, json] of bodies.entries()) {
    const now = { index: i, at: i, offset: i, exchange: `e${i}` }
    const nothing = (): void => undefined
    const known = { has: () => false, add: nothing }
    const lesson = {
      endpoint: 'a',
      status: i % 7 ? status : 400,
      json,
      request: json,
      query: ['page'],
      asked: i,
      now,
      known,
      asker: 0,
    }
    learn(endpoint, { ...lesson, suspect: nothing, forget: nothing }, visits)
  }
  return endpoint
}

const merged = (...parts: readonly Endpoint[]): Endpoint => {
  const sum = emptyEndpoint(0)
  for (const part of parts) mergeEndpoint(sum, part)
  return sum
}

/** The state with names in order: a merge promises all but that. */
const canonical = (value: unknown): unknown => {
  if (!Array.isArray(value)) {
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, canonical(one)]))
  }
  const items = value.map(canonical)
  const isPairs = items.length > 0 && items.every((one) => Array.isArray(one) && typeof one[0] === 'string')
  return isPairs ? items.sort((a, b) => ((a as string[])[0]! < (b as string[])[0]! ? -1 : 1)) : items
}
const state = (endpoint: Endpoint): unknown =>
  canonical(JSON.parse(JSON.stringify(endpointCodec.toJson(endpoint))) as unknown)

const leaf = fc.oneof(fc.constantFrom('a', 'b', 'long value'), fc.integer({ min: 0, max: 5000 }), fc.constant(null))
const names = fc.constantFrom('id', 'name', 'tags', 'more', '__proto__')
const { body } = fc.letrec<{ body: JsonValue }>((tie) => ({
  body: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('body'), { maxLength: 5 }),
    fc.dictionary(names, tie('body'), { maxKeys: 4 }),
  ),
}))
const bodies = fc.array(body, { maxLength: 15 })

describe('merging endpoints', () => {
  it('gives the same in any order and grouping', () => {
    fc.assert(
      fc.property(bodies, bodies, bodies, (a, b, c) => {
        const [x, y, z] = [taught(a), taught(b), taught(c)]
        const all = state(merged(x, y, z))
        expect(state(merged(z, y, x))).toEqual(all)
        expect(state(merged(x, merged(y, z)))).toEqual(all)
      }),
    )
  })
  it('takes nothing from what is merged', () => {
    fc.assert(
      fc.property(bodies, bodies, (a, b) => {
        const [x, y] = [taught(a), taught(b)]
        const before = JSON.stringify(endpointCodec.toJson(y))
        const sum = merged(x, y)
        mergeEndpoint(sum, x)
        expect(JSON.stringify(endpointCodec.toJson(y))).toBe(before)
      }),
    )
  })
})

describe('state', () => {
  it('reads back as it was', () => {
    fc.assert(
      fc.property(bodies, (some) => {
        const json = JSON.stringify(endpointCodec.toJson(taught(some)))
        const again = endpointCodec.fromJson(JSON.parse(json) as unknown)
        expect(JSON.stringify(endpointCodec.toJson(again))).toBe(json)
      }),
    )
  })

  it('stays within 64 KiB, whatever an endpoint answers', () => {
    const next = random(3)
    const word = (): string => Math.floor(next() * 1e9).toString(36)
    const wide = (depth: number): JsonValue => {
      if (depth === 0) return next() < 0.7 ? `${word()} ${word()}`.slice(0, 40) : next() * 1e6
      return Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a_long_name_${i}_${word()[0]}`, wide(depth - 1)]))
    }
    const endpoint = taught(Array.from({ length: 400 }, () => wide(3)))
    expect(JSON.stringify(endpointCodec.toJson(endpoint)).length).toBeLessThan(64 * 1024)
  })
})

const change = (s: Scene): unknown => (s.i < 300 ? aUser(s) : { ...without(aUser(s), 'user_id'), email: 'x' })

const hex = (outputs: readonly Output[]): string[] =>
  outputs.map(({ key, value }) => `${key} ${value === null ? 'null' : Buffer.from(value).toString('base64')}`)

describe('a fold', () => {
  const records = traffic(0, 600, (s) => ({ body: change(s) })).map(recordOf)
  const topology = { locator: literalLocator(), processors: [drift] }

  it('restored anywhere, it tells the same and holds the same bytes', () => {
    const whole = createTask({ topology, codecs })
    const expected = hex(whole.step(records).outputs)
    expect(expected.length).toBeGreaterThan(2)
    const next = random(9)
    let task: ProcessorTask = createTask({ topology, codecs })
    const outputs: Output[] = []
    for (let at = 0; at < records.length;) {
      const end = at + 1 + Math.floor(next() * 40)
      outputs.push(...task.step(records.slice(at, end)).outputs)
      const restored = createTask({ topology, codecs })
      restored.restore(task.dump())
      task = restored
      at = end
    }
    expect(hex(outputs)).toEqual(expected)
    expect(task.dump()).toEqual(whole.dump())
  })
})
