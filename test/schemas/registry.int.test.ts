import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCodecs } from '../../schemas/codec.ts'
import { registrySchemaStore } from '../../schemas/registry.ts'
import { startRegistry, type TestRegistry } from '../kit/registry.ts'

const schema = (...fields: object[]): string => JSON.stringify({ type: 'record', name: 'dev.test.R', fields })
const a = { name: 'a', type: 'string' }
const b = { name: 'b', type: ['null', 'string'], default: null }

describe('a schema registry', () => {
  let registry: TestRegistry
  beforeEach(async () => {
    registry = await startRegistry()
  })
  afterEach(() => registry.close())

  it('gives every topic an id, holds subjects to FULL_TRANSITIVE, and serves a second process', async () => {
    const codecs = await openCodecs(registrySchemaStore({ url: registry.url }))
    expect(registry.compatibility.size).toBeGreaterThan(5)
    expect(new Set(registry.compatibility.values())).toEqual(new Set(['FULL_TRANSITIVE']))
    const signal = { kind: 'mode', subject: 's', from: 'a', to: 'b', reason: 'r', count: 1, attributes: [] } as const
    const event = {
      id: 'i',
      at: 1_700_000_000_000_000,
      service: 'shop',
      instance: 'x',
      sequence: 1,
      kind: 'signal',
      exchange: null,
      signal,
      command: null,
    } as const
    const value = codecs.encode('exchanges', event)
    const other = await openCodecs(registrySchemaStore({ url: registry.url }))
    await other.prepare([value])
    expect(other.decode('exchanges', value)).toMatchObject({ service: 'shop', signal: { subject: 's', to: 'b' } })
  })

  it('takes a field with a default, refuses one without, and says the cure', async () => {
    const store = registrySchemaStore({ url: registry.url })
    const first = await store.register('s', schema(a))
    const second = await store.register('s', schema(a, b))
    expect(second).not.toBe(first)
    await expect(store.register('s', schema(a, { name: 'c', type: 'string' }))).rejects.toThrow(/s at the.*default/)
  })

  it('knows the writer’s schema of an id another process has registered, and no other', async () => {
    const id = await registrySchemaStore({ url: registry.url }).register('s', schema(a, b))
    const reader = registrySchemaStore({ url: registry.url })
    expect(JSON.parse((await reader.fetch(id)) ?? '')).toMatchObject({ fields: [{ name: 'a' }, { name: 'b' }] })
    expect(await reader.fetch(9999)).toBeUndefined()
  })

  it('knows nothing of what another team keeps there that is no Avro', async () => {
    const store = registrySchemaStore({ url: registry.url })
    expect(await store.fetch(registry.other('JSON', '{"type":"object"}'))).toBeUndefined()
    expect(
      await store.fetch(registry.other('PROTOBUF', 'syntax = "proto3"; message A { string a = 1; }')),
    ).toBeUndefined()
  })

  it('goes on with what it knows while the registry is down, and rejects what it does not know', async () => {
    const writer = registrySchemaStore({ url: registry.url })
    const id = await writer.register('s', schema(a))
    const reader = registrySchemaStore({ url: registry.url })
    const text = await reader.fetch(id)
    await registry.close()
    expect(await writer.register('s', schema(a))).toBe(id)
    expect(await writer.fetch(id)).toBe(schema(a))
    expect(await reader.fetch(id)).toBe(text)
    await expect(reader.fetch(id + 1)).rejects.toThrow(/is the registry up/)
    await expect(writer.register('s', schema(a, b))).rejects.toThrow(/is the registry up/)
  })
})
