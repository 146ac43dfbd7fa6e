import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schemaOf } from '../../../../processors/shapes/json-schema.ts'
import { exampleOf } from '../../../../schemas/semantics/openapi/example.ts'
import type { Json } from '../../../../schemas/semantics/openapi/schema.ts'
import { bodies, compile, learned, times } from '../../../processors/shapes/kit.ts'

describe('an example', () => {
  it('validates against the schema that it was made from', () => {
    fc.assert(
      fc.property(fc.array(bodies, { minLength: 1, maxLength: 8 }), (values) => {
        const schema = schemaOf(learned(values))
        const example = exampleOf(schema as Json)
        expect(compile(schema)(example), JSON.stringify([schema, example])).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
  it('shows enumerations and numbers as they were, and no other value', () => {
    const values = times(60, (i) => ({ state: i % 2 ? 'open' : 'shut', secret: `s${i}`, n: i + 5, tags: [`t${i}`] }))
    expect(exampleOf(schemaOf(learned(values)) as Json)).toEqual({
      state: 'open',
      secret: 'text',
      n: 5,
      tags: ['text'],
    })
  })
  it('shows one variant of a union, and a key of a map', () => {
    const union = times(20, (i) => (i % 2 ? { type: 'a', x: 1 } : { type: 'b', y: 2 }))
    expect(exampleOf(schemaOf(learned(union)) as Json)).toEqual({ type: 'b', y: 2 })
    expect(exampleOf(schemaOf(learned([{ 11: true, 12: true, 13: false }])) as Json)).toEqual({ key: true })
  })
})
