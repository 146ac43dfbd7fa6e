/**
 * The schema store in a Confluent-compatible registry (Confluent, Karapace, Apicurio's ccompat API). Subjects are held to
 * FULL_TRANSITIVE: old code reads new values and new code old ones, whatever the order in which they are rolled out.
 * What was asked once is kept, so a registry that is down stops new schemas only.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { SchemaStore } from './codecs.ts'

export interface RegistryOptions {
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string }
}

interface RegistryFailure {
  readonly status?: number
  readonly name?: string
  readonly message: string
}

const CURES: Partial<Record<number, string>> = {
  401: 'check the user name and password',
  403: 'this user may not do that: ask for the right',
  409: 'it must read, and be read by, every earlier version: give new fields a default, remove only what has one',
}

const explain = (what: string, url: string, failure: RegistryFailure): Error => {
  const mismatch = failure.name === 'ConfluentSchemaRegistryCompatibilityError'
  const cure = mismatch
    ? 'set the subject to FULL_TRANSITIVE'
    : (CURES[failure.status ?? 0] ?? 'is the registry up and reachable?')
  return new Error(`${what} at the schema registry ${url}: ${failure.message}; ${cure}`, { cause: failure })
}

/** avsc's own description of a type, with defaults and aliases; undefined for what is no Avro (JSON Schema, Protobuf). */
const textOf = (schema: unknown): string | undefined => {
  const type = schema as { schema?(options: { exportAttrs: boolean }): unknown }
  return typeof type.schema === 'function' ? JSON.stringify(type.schema({ exportAttrs: true })) : undefined
}

/** Opens no connection: a registry that is down shows at the first `register` or `fetch`. */
export const registrySchemaStore = ({ url, auth }: RegistryOptions): SchemaStore => {
  const retry = { maxRetryTimeInSecs: 2, initialRetryTimeInSecs: 0.1, retries: 3 }
  const registry = new SchemaRegistry({ host: url, retry, ...(auth === undefined ? {} : { auth }) })
  const ids = new Map<string, number>()
  const texts = new Map<number, string>()
  const options = (subject: string) => ({ subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE })
  return {
    register: async (subject, schema) => {
      const known = ids.get(`${subject}\n${schema}`)
      if (known !== undefined) return known
      try {
        const { id } = await registry.register({ type: SchemaType.AVRO, schema }, options(subject))
        ids.set(`${subject}\n${schema}`, id)
        texts.set(id, schema)
        return id
      } catch (error) {
        throw explain(`registering ${subject}`, url, error as RegistryFailure)
      }
    },
    fetch: async (id) => {
      const known = texts.get(id)
      if (known !== undefined) return known
      try {
        const text = textOf(await registry.getSchema(id))
        if (text !== undefined) texts.set(id, text)
        return text
      } catch (error) {
        if ((error as RegistryFailure).status === 404) return undefined
        throw explain(`asking for schema id ${id}`, url, error as RegistryFailure)
      }
    },
  }
}
