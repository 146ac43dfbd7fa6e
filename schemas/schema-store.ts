/**
 * The schema store on the log itself, for those who run no registry. An id is the first 31 bits of the schema's SHA-256:
 * every writer finds the same id without asking, so there is nothing to coordinate and nothing to race.
 */
import { createHash } from 'node:crypto'
import type { SchemaStore } from './codecs.ts'
import type { EventLog } from './log.ts'
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

/** Follows the `schemas` topic; `register` writes a schema once and finds it there afterwards. */
export const logSchemaStore = async (log: EventLog): Promise<SchemaStore & { close(): Promise<void> }> => {
  const view = await log.view(topicName('schemas'))
  const text = (id: number): string | undefined => {
    const bytes = view.get(String(id))
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
  return {
    register: async (subject, schema) => {
      const id = schemaIdOf(schema)
      const known = text(id)
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
    fetch: async (id) => text(id),
    close: () => view.close(),
  }
}
