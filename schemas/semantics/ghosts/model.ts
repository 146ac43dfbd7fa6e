/**
 * What is learned about a service, as the processor keeps it, the `ghosts` topic carries it and the book reads it.
 * Plain JSON throughout. Names that come from the traffic are never property names of these objects (they stand in pairs
 * or behind a sigil), so a field called `__proto__` is a field like any other.
 */
import type { Parameter } from '../../events.ts'
import type { Door, Effect, Given, Guard, LinkRole, OtherForm, Rising, Source, WriteForm } from './counted.ts'
import type { GraphFacts, GraphRoot } from './graph-model.ts'
import type { Vitals } from '../vitals.ts'
import type { Json } from './json.ts'
import type { AnswerSet, Credential, ObjectRecord, Touch } from './records.ts'
import type { Sight } from './seen.ts'

export type { Given, Json, Source }
export type { AnswerSet, Credential, ObjectRecord, Touch, Variant } from './records.ts'

/** Version of every payload; a book refuses others. */
export const VERSION = 2

/** Sums of fidelity and weight with which a rule's answers agreed with the truth; old evidence fades. */
export interface Score {
  sum: number
  weight: number
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
  /** How often the request said what stands here: that says nothing of what stands here where it does not. */
  said?: number
  /** The first askers that saw it, at most three: a name that fewer saw may be someone's own. */
  askers: string[]
  /** Per asker the value that prevails, as JSON, its lead over different things, and the last of those: shown to nobody else. */
  mine?: [string, string, number, number?][]
  /** A value that carries nothing about anybody (true, 0, [] …), as JSON, and its lead over all answers. */
  plain?: [string, number]
  /** One value under several askers: as JSON, who saw it, whether another was seen; of what thing, and whether of others too. */
  shared?: { readonly value: string; askers: string[]; broken: boolean; about?: number; varied?: boolean }
  /** How the text or number looks (see mint.ts), and its lead. */
  form?: [string, number]
  /** How often it was the time of the answer, and how often it was not. */
  clock?: [number, number]
  /** How the value follows from the object as it was before a write: relation, hits, misses. */
  before?: [string, number, number][]
  /** Of what is made: the last number in it, how often it rose by little, and how often not. */
  rising?: Rising
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

/** What a parameter of a list does, as far as it never failed: each role with the answers it explained. */
export interface ParameterRole {
  /** Of the query; `s1` is the second path segment. */
  readonly name: string
  roles: [string, number][]
}

export interface ListModel {
  /** Pointer to the items: '' is the body itself. */
  readonly at: string
  /** Template of the collection that the items belong to: the list's own, or another ('' while that is not known). */
  type: string
  /** Other collections that the items may belong to: template, agreeing and differing objects. */
  candidates: [string, number, number][]
  /** Field that tells the items apart, '' when there is none. */
  idField: string
  seen: number
  /** Most items that one answer without an explicit limit had, and how often. */
  longest: number
  full: number
  parameters: ParameterRole[]
  /** Orders that unsorted answers kept: field, 1 or -1, kept, broken. */
  order: [string, number, number, number][]
  /** Scalars around the items: pointer and what they may be (count, total, page …) with the answers that agreed. */
  around: [string, [string, number][]][]
  /** Totals as they were told, by asker and filters. */
  totals: [string, number][]
  /** Number of the first page: 0 where a page 0 had items, otherwise 1. */
  base?: number
  /** Links to other pages around the items. */
  links?: LinkRole[]
  /** Where some requests get it bare and others in an envelope. */
  other?: OtherForm
  /** How pages beyond the last are answered: the refusal that came last, and by how much more often than a page of nothing. */
  beyond?: [number, number]
  /** Values of Accept that get one item alone, and by how much more often than a list. */
  single?: [string, number][]
}

/** What the bodies of accepted requests have: pointer, how often, kinds, how often it was empty. */
export interface WantedBody {
  seen: number
  leaves: [string, number, string[], number][]
}

/** A collection of objects: the template before the id, where an object stands in an answer, the field of its id. */
export interface TypeModel {
  readonly template: string
  readonly idField: string
  /** Pointer to the object in the answer to a GET of one: '' is the body itself. */
  readonly root: string
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
  /** Field that repeats the last path parameter, what the objects of this endpoint are known by, and the object's pointer. */
  idField: string
  root: string
  wants: WantedBody | null
  /** Of a write: fields that it did not name and that stayed, and that went. */
  kept: number
  lost: number
  /** Its answers hold credentials: a log-in. */
  issues: boolean
  /** What is normal for it. */
  vitals?: Vitals
  /** Of an item: numbers given out under which nothing is left, though no removal was seen; by the lists' totals. */
  vanished?: number
  /** Of a GraphQL query: its root fields. */
  graph?: GraphRoot[]
  /** Most rows that a total ever told of. */
  rows?: number
  /** Of a write: how it fared by the state of what it was about. */
  guards?: Guard[]
  doors?: Door[]
  /** Of a write below an object: what it does to the object's numbers. */
  effects?: Effect[]
  /** Of a write: in which forms it was answered. */
  forms?: WriteForm[]
}

export interface ServiceFacts {
  readonly service: string
  statuses: StatusTable
  /** How right each rule is over all endpoints: what a young endpoint is believed. */
  scores: Record<string, Score>
  /** Errors by status, whatever endpoint gave them. */
  errors: Record<string, BodyModel>
  /** What came back from paths that no endpoint was known for. */
  unknown: BodyModel | null
  unknownStatuses: Record<string, number>
  graph?: GraphFacts
  at: number
}

/** The known objects of one collection. */
export interface Collection {
  readonly size: number
  /** In order of first sight. */
  values(): Iterable<ObjectRecord>
  /** What an asker sees of them, without their writes to ghosts; it may be a second old where there are many. */
  sight(asker: string, idField: string, now: number): Sight
  /** Whether this asker, or everybody, was shown anything of it. */
  seenBy(asker: string): boolean
  /** Whether what one asker sees of it no other does. */
  isApart(): boolean
  /** Those that the asker wrote to ghosts, as they are since. */
  changed(): Iterable<ObjectRecord>
  /** Those that are known to be gone. */
  readonly removed: number
  /** Whether an id is a number that counts rows, not a text that happens to be digits only. */
  isNumber(id: string): boolean
  /** Largest id that is a number, 0 when none is. */
  readonly largest: number
}

/** What answering reads. The book has it from the topic, the processor from its stores. */
export interface Knowledge {
  facts(service: string): ServiceFacts | undefined
  answers(key: string): AnswerSet | undefined
  object(key: string): ObjectRecord | undefined
  objects(service: string, type: string): Collection
  /** Those of a collection that were written, whenever that was. */
  written(service: string, type: string): Iterable<ObjectRecord>
  /** The collection of a template. */
  type(service: string, template: string): TypeModel | undefined
  types(service: string): Iterable<TypeModel>
  /** The places of one object of a collection, as a GET of it shows them. */
  item(service: string, template: string): Node | undefined
  /** The endpoint of a path for another method; of a GraphQL operation where one is asked for there. */
  sibling(service: string, method: string, target: string, operation?: string): EndpointModel | undefined
  /** An endpoint of a method in the same role (of one object, or of a collection) elsewhere in the service. */
  alike(service: string, method: string, role: 'item' | 'collection'): EndpointModel | undefined
  credential(key: string): Credential | undefined
  touch(key: string): Touch | undefined
  readonly given?: (service: string, type: string) => Given
  /** Nothing of a service was written to, removed or touched after that, whoever did it; where that is kept. */
  readonly changedAt?: ((service: string) => number) | undefined
}

const escaped = (part: string): string =>
  part.includes('%') || part.includes(' ') ? part.replaceAll('%', '%25').replaceAll(' ', '%20') : part

/** Joins the parts of a key; a blank in a part is escaped, so that no two lists of parts give the same key. */
export const keyOf = (first: string, ...parts: readonly string[]): string => {
  let key = escaped(first)
  for (const part of parts) key += ` ${escaped(part)}`
  return key
}
