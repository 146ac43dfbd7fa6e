/** The codecs' port: types only, so that pure code may name them. `codec.ts` makes them. */
import type { TopicValues } from './events.ts'

export interface SchemaStore {
  /** Resolves with the id under which `schema` is known from now on; rejects when it is incompatible with an earlier one. */
  register(subject: string, schema: string): Promise<number>
  /** Resolves with the schema of an id, undefined when nobody registered it. Rejects when the store cannot be asked. */
  fetch(id: number): Promise<string | undefined>
}

export type ValueTopic = keyof TopicValues

export interface Codecs {
  /** The returned bytes belong to the caller. */
  encode<T extends ValueTopic>(topic: T, value: TopicValues[T]): Uint8Array
  /** The same without a copy: the bytes are overwritten by the next call for the topic, so use them at once. */
  encodeBriefly<T extends ValueTopic>(topic: T, value: TopicValues[T]): Uint8Array
  /** Throws DecodeError. */
  decode<T extends ValueTopic>(topic: T, bytes: Uint8Array): TopicValues[T]
  /** Fetches the writers' schemas that these values need and that are not known yet. Cheap when all are. */
  prepare(values: Iterable<Uint8Array | null>): Promise<void>
}
