/**
 * The schema store on the log itself, for those who run no registry. An id is the first 31 bits of the schema's SHA-256:
 * every writer finds the same id without asking, so there is nothing to coordinate and nothing to race.
 */
import { createHash } from 'node:crypto'
import type { SchemaStore } from './codecs.ts'
import type { EventLog, View } from './log.ts'
import { topicName } from './topics.ts'

/** The id of a schema text: 31 bits, so that it fits Avro's and Kafka's signed integers. */
export const schemaIdOf = (schema: string): number => createHash('sha256').update(schema).digest().readUInt32BE(0) >>> 1

/** Where schemas are kept in memory: tests, and `learn`. */
export const memorySchemaStore = (): SchemaStore => {
  const schemas = new Map<number, string>()
  return {
    register: async (_subject, schema) => {
      const id = schemaIdOf(schema)
      schemas.set(id, schema)
      return id
    },
    fetch: async (id) => schemas.get(id),
  }
}

/** A log that may be away has views only: what these have not come to counts as nowhere then. */
type Readable = Pick<EventLog, 'view'> & Partial<Pick<EventLog, 'read' | 'ranges'>>

const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)

/** An event may be read before the view has come to its schema, which was on the log before it. */
const unseen = async ({ read, ranges }: Readable, view: View, id: number): Promise<string | undefined> => {
  const topic = topicName('schemas')
  for (const { partition, end } of (await ranges?.(topic)) ?? []) {
    const from = { kind: 'offset', offset: view.positions()[partition] ?? 0 } as const
    for await (const records of read?.(topic, { partition, from, until: { kind: 'offset', offset: end } }) ?? []) {
      const found = records.find(({ key }) => key === String(id))
      if (found !== undefined) return textOf(found.value ?? undefined)
    }
  }
  return undefined
}

const find = async (log: Readable, view: View, id: number): Promise<string | undefined> =>
  textOf(view.get(String(id))) ?? (await unseen(log, view, id))

/** Follows the `schemas` topic; `register` writes a schema once and finds it there afterwards. */
export const logSchemaStore = async (log: EventLog): Promise<SchemaStore & { close(): Promise<void> }> => {
  const view = await log.view(topicName('schemas'))
  return {
    register: async (subject, schema) => {
      const id = schemaIdOf(schema)
      const known = textOf(view.get(String(id)))
      if (known !== undefined && known !== schema)
        throw new Error(
          `schema id ${id} of ${subject} is taken by another schema: change its doc text to get another id`,
        )
      if (known === undefined)
        await log.append(topicName('schemas'), [
          { key: String(id), value: new TextEncoder().encode(schema), timestamp: Date.now() },
        ])
      return id
    },
    fetch: (id) => find(log, view, id),
    close: () => view.close(),
  }
}

/** For those who write no schema: their own are known, others are looked up on the log when a value needs one. */
export const readingSchemaStore = (log: Readable): SchemaStore & { close(): Promise<void> } => {
  const known = memorySchemaStore()
  let view: Promise<View> | undefined
  const open = (): Promise<View> =>
    (view ??= log.view(topicName('schemas')).catch((error: unknown) => {
      view = undefined
      throw error
    }))
  return {
    register: known.register,
    fetch: async (id) => (await known.fetch(id)) ?? (await find(log, await open(), id)),
    close: async () => await (await view?.catch(() => undefined))?.close(),
  }
}
