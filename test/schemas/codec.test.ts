import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, openCodecs, schemaId } from '../../schemas/codec.ts'
import { avroSchemas } from '../../schemas/generated/avro.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topics } from '../../schemas/topics.ts'
import type { Event } from '../../schemas/events.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
}
interface RecordSchema {
  type: 'record'
  name: string
  namespace: string
  fields: Field[]
}
const schemaOf = (name: string): RecordSchema => structuredClone(avroSchemas[name]) as RecordSchema
const typeOf = (schema: unknown): avro.Type => avro.Type.forSchema(schema as avro.Schema)
const names = [...new Set(Object.values(topics).map((t) => t.schema))].filter((n) => n !== 'none')

describe.each(names)('%s', (name) => {
  const type = typeOf(schemaOf(name))
  /** avsc's own random values, seeded by fast-check's choice of run. */
  test('values round-trip through the frame', async () => {
    const topic = Object.entries(topics).find(([, t]) => t.schema === name)?.[0] as 'exchanges'
    const codecs = await openCodecs(memorySchemaStore())
    for (let i = 0; i < 50; i++) {
      const value = type.random() as unknown as Event
      const bytes = codecs.encode(topic, value)
      expect(bytes[0]).toBe(0)
      expect(type.toBuffer(codecs.decode(topic, bytes)).equals(type.toBuffer(value))).toBe(true)
      expect(Buffer.from(bytes.subarray(5)).equals(type.toBuffer(value))).toBe(true)
    }
  })

  /** FULL_TRANSITIVE: a later version may add and remove fields that have defaults; both read each other. */
  test('an evolved schema reads old bytes and the other way round', () => {
    const evolved = schemaOf(name)
    evolved.fields.push({ name: 'addedLater', type: ['null', 'string'], default: null })
    evolved.fields = evolved.fields.filter((f, i) => f.default === undefined || i % 2 === 0)
    const next = typeOf(evolved)
    for (let i = 0; i < 20; i++) {
      expect(() => next.fromBuffer(type.toBuffer(type.random()), next.createResolver(type))).not.toThrow()
      expect(() => type.fromBuffer(next.toBuffer(next.random()), type.createResolver(next))).not.toThrow()
    }
  })

  test('enums have a default symbol, so that a new one stays readable', () => {
    const enums: { default?: string; symbols: string[] }[] = []
    JSON.stringify(schemaOf(name), (_, v: { type?: string }) => {
      if (v?.type === 'enum') enums.push(v as never)
      return v
    })
    for (const e of enums) expect(e.symbols).toContain(e.default)
  })
})

describe('bad bytes are an error that says what is wrong', async () => {
  const codecs = await openCodecs(memorySchemaStore())
  test('arbitrary bytes never decode as something else silently', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          codecs.decode('exchanges', bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })
  test('not framed, unknown schema', () => {
    expect(() => codecs.decode('exchanges', Uint8Array.of(1, 2))).toThrow(/zero byte/)
    expect(() => codecs.decode('exchanges', Uint8Array.of(0, 0, 0, 0, 9, 1))).toThrow(/schema id 9 is not registered/)
  })
  test('an unknown writer is fetched by prepare, then resolved', async () => {
    const store = memorySchemaStore()
    const later = schemaOf('control')
    later.fields.push({ name: 'extra', type: 'string', default: '' })
    const reader = await openCodecs(store)
    const id = await store.register('x', JSON.stringify(later))
    const body = typeOf(later).toBuffer({
      key: 'k',
      kind: 'mode',
      service: 's',
      at: 1,
      by: '',
      value: '{}',
      extra: 'new',
    })
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 0]), body])
    bytes.writeUInt32BE(id, 1)
    expect(() => reader.decode('control', bytes)).toThrow(DecodeError)
    await reader.prepare([bytes, null, Uint8Array.of(7)])
    expect(reader.decode('control', bytes).key).toBe('k')
    expect(schemaId(bytes)).toBe(id)
  })
  test('a writer’s schema that is no Avro leaves its values unreadable, and others as they are', async () => {
    const store = memorySchemaStore()
    const reader = await openCodecs(store)
    const value = reader.encode('control', { key: 'k', kind: 'mode', service: 's', at: 1, by: '', value: '{}' })
    const foreign = Buffer.concat([Buffer.from([0, 0, 0, 0, 0]), value.subarray(5)])
    foreign.writeUInt32BE(await store.register('x', 'syntax = "proto3";'), 1)
    await reader.prepare([foreign, value])
    expect(() => reader.decode('control', foreign)).toThrow(/is not registered/)
    expect(reader.decode('control', value).key).toBe('k')
  })
})
