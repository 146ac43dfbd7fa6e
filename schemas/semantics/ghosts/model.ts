/**
 * What is learned about a service, as the processor keeps it, the `ghosts` topic carries it and the book reads it.
 * Plain JSON throughout. Names that come from the traffic are never property names of these objects (they stand in pairs
 * or behind a sigil), so a field called `__proto__` is a field like any other.
 */
import type { Header, Parameter } from '../../events.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Version of every payload; a book refuses others. */
export const VERSION = 1

/** Sums of fidelity and weight with which a rule's answers agreed with the truth; old evidence fades. */
export interface Score {
  sum: number
  weight: number
}

/** Where in a request a value of the answer may come from; `hits` and `misses` say whether it does. */
export interface Source {
  readonly from: string
  hits: number
  misses: number
  /** Hash of the first value that agreed; `varied` once another one did: an echo of one value only proves nothing. */
  readonly first: number
  varied: boolean
}

export type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/** One place in the bodies of an endpoint and status. */
export interface Node {
  seen: number
  kinds: { [K in Kind]?: number }
  sources: Source[]
  /** JSON of the prevailing value and its lead (Boyer–Moore), learned from public answers only. */
  value: string
  lead: number
  /** How many public answers had a value here. */
  publicly: number
  /** The first askers that saw it, at most three: a name that fewer saw may be someone's own. */
  askers: string[]
  kids: [string, Node][]
  item: Node | null
}

/** The answers of one status. */
export interface BodyModel {
  seen: number
  empty: number
  json: number
  /** Two spaces and line feeds, as many servers print it. */
  pretty: number
  tree: Node | null
  /** Bodies that are no JSON, as one place. */
  text: Node | null
  /** Prevailing header values: name, value, lead. */
  headers: [string, string, number][]
}

/** How often each status came, by feature. */
export type StatusTable = Record<string, Record<string, number>>

/** What a query parameter of a list does, as far as it never failed: each role with the answers it explained. */
export interface ParameterRole {
  readonly name: string
  roles: [string, number][]
}

export interface ListModel {
  /** Where the items stand in the body: '' is the body itself. */
  readonly field: string
  readonly type: string
  seen: number
  /** Most items that one answer had. */
  longest: number
  parameters: ParameterRole[]
}

export interface EndpointModel {
  readonly id: string
  readonly service: string
  readonly method: string
  readonly template: string
  parameters: Parameter[]
  count: number
  at: number
  statuses: StatusTable
  /** Largest number that the last path parameter had in a 2xx answer; -1 when none. */
  largest: number
  bodies: Record<string, BodyModel>
  scores: Record<string, Score>
  /** Some request header, besides those in Vary, changes the answer. */
  headersMatter: boolean
  /** Names in Vary. */
  vary: string[]
  list: ListModel | null
  /** Field of the body that repeats the last path parameter: what the objects of this endpoint are known by. */
  idField: string
}

/** One stored answer to one target, asker and set of headers. */
export interface Variant {
  readonly headersKey: string
  readonly varyKey: string
  status: number
  headers: Header[]
  body: string
  /** `body` is Latin-1 text of the bytes, not UTF-8 text. */
  binary: boolean
  coding: string
  at: number
}

/** The exact answers to one target for one asker. */
export interface AnswerSet {
  readonly key: string
  readonly service: string
  readonly endpoint: string
  variants: Variant[]
  at: number
  /** Order of use: the offset of the exchange that touched it last. */
  tick: number
}

/** What is known of one object: what each asker saw of it, and when it was last written or found gone. */
export interface ObjectRecord {
  readonly key: string
  readonly service: string
  readonly type: string
  readonly id: string
  views: { readonly asker: string; json: string; at: number; whole: boolean }[]
  gone: number
  written: number
  tick: number
}

/** A credential as the answers treated it. */
export interface Credential {
  readonly key: string
  readonly service: string
  readonly asker: string
  state: 'good' | 'bad'
  at: number
  tick: number
}

/** A path and the time of the last successful write to it or right under it. */
export interface Touch {
  readonly key: string
  readonly service: string
  at: number
  tick: number
}

export interface ServiceFacts {
  readonly service: string
  statuses: StatusTable
  /** What came back from paths that no endpoint was known for. */
  unknown: BodyModel | null
  unknownStatuses: Record<string, number>
  at: number
}

/** What answering reads. The book has it from the topic, the processor from its stores. */
export interface Knowledge {
  facts(service: string): ServiceFacts | undefined
  answers(key: string): AnswerSet | undefined
  object(key: string): ObjectRecord | undefined
  objects(service: string, type: string): Iterable<ObjectRecord>
  credential(key: string): Credential | undefined
  touch(key: string): Touch | undefined
}

const escaped = (part: string): string =>
  part.includes('%') || part.includes(' ') ? part.replaceAll('%', '%25').replaceAll(' ', '%20') : part

/** Joins the parts of a key; a blank in a part is escaped, so that no two lists of parts give the same key. */
export const keyOf = (...parts: readonly string[]): string => parts.map(escaped).join(' ')
