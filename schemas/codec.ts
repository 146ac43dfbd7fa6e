/**
 * Avro in Confluent's wire format: a zero byte, the writer's schema id (4 bytes, big-endian), the Avro body.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 *
 * Ids come from a SchemaStore (a registry, or the log itself: see schema-store.ts). Encoding and decoding are synchronous;
 * an unknown id must be fetched first with `prepare`, and is never guessed.
 */
import avro from 'avsc'
import { avroSchemas } from './generated/avro.ts'
import type { Codecs, SchemaStore, ValueTopic } from './codecs.ts'
import { topics } from './topics.ts'

export type DecodeErrorCode = 'not-framed' | 'unknown-schema' | 'malformed'

export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code: DecodeErrorCode
  constructor(code: DecodeErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const HEADER = 5

/** avsc writes Buffers only; pure code has Uint8Arrays. So `bytes` takes both. */
const anyBytes: avro.Type = Object.assign(Object.create(avro.Type.forSchema('bytes')) as avro.Type, {
  _check(this: avro.Type, value: unknown, _flags: unknown, hook?: (value: unknown, type: avro.Type) => void): boolean {
    const ok = value instanceof Uint8Array
    if (!ok) hook?.(value, this)
    return ok
  },
  _write(tap: { writeBytes(bytes: Buffer): void }, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('bytes must be a Uint8Array')
    tap.writeBytes(Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  },
})

interface Tap {
  readonly buf: Uint8Array
  pos: number
  writeString(text: string): void
}

/** Below it, a length is one byte of Avro's zigzag varint. */
const SHORT = 64

/** Most strings of an event are short ASCII: written by hand, they cost a third of avsc's way by two native calls. */
const shortStrings: avro.Type = Object.assign(Object.create(avro.Type.forSchema('string')) as avro.Type, {
  _write(tap: Tap, text: unknown): void {
    if (typeof text !== 'string') throw new TypeError('not a string')
    const { buf } = tap
    if (text.length >= SHORT || tap.pos + text.length >= buf.length) return tap.writeString(text)
    let at = tap.pos
    buf[at++] = text.length << 1
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (c > 127) return tap.writeString(text)
      buf[at++] = c
    }
    tap.pos = at
  },
})

const replaced = (part: unknown): avro.Type | undefined =>
  part === 'bytes' ? anyBytes : part === 'string' ? shortStrings : undefined

/** A text that is no Avro, or not of a kind that can be read: whoever wrote with it cannot be read either. */
const parsed = (schema: string): avro.Type | undefined => {
  try {
    return parse(schema)
  } catch {
    return undefined
  }
}

const parse = (schema: string | object): avro.Type =>
  avro.Type.forSchema(
    (typeof schema === 'string' ? JSON.parse(schema) : structuredClone(schema)) as avro.Schema,
    {
      typeHook: replaced,
    } as Parameters<typeof avro.Type.forSchema>[1],
  )

interface Reader {
  readonly type: avro.Type
  /** By writer id. */
  readonly resolvers: Map<number, avro.Resolver>
}

/** Reads the schema id of a framed value. */
export const schemaId = (bytes: Uint8Array): number => {
  if (bytes.length < HEADER || bytes[0] !== 0)
    throw new DecodeError('not-framed', 'the value does not start with a zero byte and a schema id')
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1)
}

/** Frames into memory of its own, which the next call overwrites. */
const encoder = (type: avro.Type, id: number): ((value: unknown) => Buffer) => {
  let scratch = Buffer.allocUnsafe(64 * 1024)
  return (value) => {
    let end = type.encode(value, scratch, HEADER)
    if (end < 0) {
      scratch = Buffer.allocUnsafe(2 * (scratch.length - end))
      end = type.encode(value, scratch, HEADER)
    }
    scratch[0] = 0
    scratch.writeUInt32BE(id, 1)
    return scratch.subarray(0, end)
  }
}

/** Registers the current schema of every topic and resolves with their codecs. */
export const openCodecs = async (store: SchemaStore): Promise<Codecs> => {
  const encoders = new Map<ValueTopic, (value: unknown) => Buffer>()
  const readers = new Map<ValueTopic, Reader>()
  const writers = new Map<number, avro.Type>()
  const missing = new Set<number>()
  for (const [topic, definition] of Object.entries(topics)) {
    if (definition.schema === 'none') continue
    const schema = avroSchemas[definition.schema] as object
    const type = parse(schema)
    const id = await store.register(`chaosproxy.${topic}.v1-value`, JSON.stringify(schema))
    writers.set(id, type)
    encoders.set(topic as ValueTopic, encoder(type, id))
    readers.set(topic as ValueTopic, { type, resolvers: new Map() })
  }

  const resolver = (reader: Reader, id: number): avro.Resolver => {
    const known = reader.resolvers.get(id)
    if (known !== undefined) return known
    const writer = writers.get(id)
    if (!writer) throw new DecodeError('unknown-schema', `schema id ${id} is not registered`)
    try {
      const made = reader.type.createResolver(writer)
      reader.resolvers.set(id, made)
      return made
    } catch (cause) {
      throw new DecodeError('malformed', `a value of schema id ${id} cannot be read as ${reader.type.name}`, cause)
    }
  }

  const encodeBriefly = (topic: ValueTopic, value: unknown): Buffer =>
    (encoders.get(topic) as (value: unknown) => Buffer)(value)

  return {
    encode: (topic, value) => Buffer.from(encodeBriefly(topic, value)),
    encodeBriefly,
    decode: (topic, bytes) => {
      const reader = readers.get(topic) as Reader
      const resolve = resolver(reader, schemaId(bytes))
      const body = Buffer.from(bytes.buffer, bytes.byteOffset + HEADER, bytes.length - HEADER)
      try {
        return reader.type.fromBuffer(body, resolve)
      } catch (cause) {
        throw new DecodeError('malformed', `not a ${reader.type.name}: ${(cause as Error).message}`, cause)
      }
    },
    prepare: async (values) => {
      for (const value of values) {
        if (value === null || value.length < HEADER || value[0] !== 0) continue
        const id = schemaId(value)
        if (writers.has(id) || missing.has(id)) continue
        const schema = await store.fetch(id)
        const type = schema === undefined ? undefined : parsed(schema)
        if (type === undefined) missing.add(id)
        else writers.set(id, type)
      }
    },
  }
}
