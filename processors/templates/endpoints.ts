/** The endpoints that were found, as records on the log: created, refreshed with back-off, merged, withdrawn. */
import type { Endpoint, Parameter } from '../../schemas/events.ts'
import type { Emit, Merge, Moves, Store } from '../kit/processor.ts'
import { splitOperation } from '../../schemas/semantics/templates.ts'
import { fillTemplate, nameParameters } from './names.ts'
import type { Service } from './service.ts'
import { splitsOf } from './splits.ts'
import { joinKinds } from './trie.ts'

export interface EndpointRecord {
  readonly id: string
  readonly service: string
  readonly method: string
  /** `/users/{}` */
  readonly inner: string
  /** Of GraphQL: `Query.user`. */
  readonly operation?: string
  readonly template: string
  parameters: readonly Parameter[]
  count: number
  firstSeen: number
  lastSeen: number
  /** Count and time of the last record on the log. */
  told: number
  toldAt: number
}

/** A refresh goes out when a quarter more has been seen, or after five minutes of event time. */
const REFRESH_GROWTH = 1.25
const REFRESH_AFTER = 300_000_000
export const MAX_ENDPOINTS = 5_000
/** Of these so many are operations: clients put root fields together as they like. */
const MAX_OPERATIONS = 1_000

/** What stands in the trie where operations of a method end. */
export const operationsOf = (method: string): string => `${method}#`

export interface Endpoints {
  get(service: string, method: string, inner: string, operation?: string): EndpointRecord | undefined
  /** Counts an exchange, creating the endpoint where it is new; undefined when the service has no room for more. */
  count(seen: Seen, emit: Emit): EndpointRecord | undefined
  /** After a decision: moves what reads otherwise now, withdraws what no path leads to. */
  reread(service: Service, at: number, emit: Emit): Moves
}

export interface Seen {
  readonly service: string
  readonly method: string
  readonly inner: string
  readonly kinds: readonly string[]
  readonly at: number
  readonly operation?: string | undefined
  /** Names that people gave to parameters. */
  readonly named?: ReadonlyMap<string, readonly string[]>
}

/** Its key among the endpoints of a service; no path holds a `#`. */
const keyOf = ({ method, inner, operation }: Pick<Seen, 'method' | 'inner' | 'operation'>): string =>
  operation === undefined ? `${method} ${inner}` : `${method} ${inner}#${operation}`

const toEndpoint = (record: EndpointRecord, mergedInto = ''): Endpoint => ({
  id: record.id,
  service: record.service,
  method: record.method,
  template: record.template,
  parameters: record.parameters,
  count: record.count,
  firstSeen: record.firstSeen,
  lastSeen: record.lastSeen,
  mergedInto,
  fidelity: -1,
  fidelityCount: 0,
})

const create = ({ service, method, inner, kinds, at, operation, named }: Seen): EndpointRecord => {
  const names = nameParameters(inner, kinds, named)
  const path = fillTemplate(inner, names)
  const template = operation === undefined ? path : `${path}#${operation}`
  const parameters = names.map((name, i) => ({ name, kind: kinds[i] ?? 'word' }))
  const id = `${service} ${method} ${template}`
  return {
    id,
    service,
    method,
    inner,
    ...(operation !== undefined && { operation }),
    template,
    parameters,
    count: 0,
    firstSeen: at,
    lastSeen: at,
    told: 0,
    toldAt: at,
  }
}

/** Joins kinds into the parameters; the same array when nothing is new. */
const joined = (parameters: readonly Parameter[], kinds: readonly string[]): readonly Parameter[] =>
  parameters.every((parameter, i) => joinKinds(parameter.kind, kinds[i] ?? parameter.kind) === parameter.kind)
    ? parameters
    : parameters.map((parameter, i) => ({
        name: parameter.name,
        kind: joinKinds(parameter.kind, kinds[i] ?? parameter.kind),
      }))

/** What the functions below share; the maps are those of the store, by service, then by method and inner template. */
interface Book {
  readonly store: Store<EndpointRecord>
  readonly byService: Map<string, Map<string, EndpointRecord>>
}

const ofService = ({ byService }: Book, service: string): Map<string, EndpointRecord> => {
  const known = byService.get(service)
  if (known !== undefined) return known
  const created = new Map<string, EndpointRecord>()
  byService.set(service, created)
  return created
}

const tell = (record: EndpointRecord, at: number, emit: Emit): void => {
  record.told = record.count
  record.toldAt = at
  emit('endpoints', record.id, toEndpoint(record))
}

const hasRoom = (all: ReadonlyMap<string, EndpointRecord>, { operation }: Seen): boolean => {
  if (all.size >= MAX_ENDPOINTS) return false
  if (operation === undefined || all.size < MAX_OPERATIONS) return true
  let operations = 0
  for (const record of all.values()) if (record.operation !== undefined) operations++
  return operations < MAX_OPERATIONS
}

const open = (book: Book, seen: Seen): EndpointRecord | undefined => {
  const all = ofService(book, seen.service)
  const key = keyOf(seen)
  const known = all.get(key)
  if (known !== undefined || !hasRoom(all, seen)) return known
  const record = create(seen)
  all.set(key, record)
  return record
}

const drop = (book: Book, record: EndpointRecord): void => {
  ofService(book, record.service).delete(keyOf(record))
  book.store.delete(record.id)
}

type Named = ReadonlyMap<string, readonly string[]>

/** The names that an endpoint has, but for those that people gave. */
const namesOf = (record: EndpointRecord, named: Named): Named => {
  const names = new Map<string, readonly string[]>()
  let path = ''
  let next = 0
  for (const key of record.inner.split('/').slice(1)) {
    path += `/${key}`
    const holes = key.split('{}').length - 1
    const own = record.parameters.slice(next, next + holes).map(({ name }) => name)
    if (holes > 0) names.set(path, named.get(path) ?? own)
    next += holes
  }
  return names
}

/** How an endpoint that stays where it is shall be named, undefined when it is so already. */
const renamed = (record: EndpointRecord, named: Named): Named | undefined => {
  if (named.size === 0) return undefined
  const names = namesOf(record, named)
  const template = fillTemplate(record.inner, nameParameters(record.inner, [], names))
  return template === splitOperation(record.template)[0] ? undefined : names
}

interface Target {
  readonly inner: string
  readonly named: Named
}

const move = (book: Book, record: EndpointRecord, { inner, named }: Target, emit: Emit): Merge | undefined => {
  drop(book, record)
  const { service, method, operation, firstSeen } = record
  const kinds = kindsAfterMove(record, inner)
  const into = open(book, { service, method, operation, inner, kinds, named, at: firstSeen })
  if (into === undefined) return undefined
  into.parameters = joined(into.parameters, kinds)
  into.count += record.count
  into.firstSeen = Math.min(into.firstSeen, record.firstSeen)
  into.lastSeen = Math.max(into.lastSeen, record.lastSeen)
  book.store.set(into.id, into)
  emit('endpoints', record.id, toEndpoint(record, into.id))
  tell(into, into.lastSeen, emit)
  return { from: record.id, into: into.id }
}

/** Where a parameter turned out to be literals after all, they have been seen before. */
const revive = (book: Book, seen: Seen, count: number, emit: Emit): EndpointRecord | undefined => {
  if (ofService(book, seen.service).has(keyOf(seen))) return undefined
  const record = open(book, seen)
  if (record === undefined) return undefined
  record.count = count
  book.store.set(record.id, record)
  tell(record, seen.at, emit)
  return record
}

const isDue = (record: EndpointRecord, at: number): boolean =>
  record.count >= record.told * REFRESH_GROWTH || at - record.toldAt >= REFRESH_AFTER

const count = (book: Book, seen: Seen, emit: Emit): EndpointRecord | undefined => {
  const record = open(book, seen)
  if (record === undefined) return undefined
  const parameters = joined(record.parameters, seen.kinds)
  const news = parameters !== record.parameters || record.count === 0
  record.parameters = parameters
  record.count++
  record.lastSeen = Math.max(record.lastSeen, seen.at)
  if (news || isDue(record, seen.at)) tell(record, seen.at, emit)
  book.store.set(record.id, record)
  return record
}

const endingOf = ({ method, operation }: EndpointRecord): string =>
  operation === undefined ? method : operationsOf(method)

const byId = (a: EndpointRecord, b: EndpointRecord): number => (a.id < b.id ? -1 : 1)

const moveAll = (book: Book, service: Service, emit: Emit): Merge[] => {
  const merges: Merge[] = []
  const live = service.live()
  const named = service.named()
  for (const record of [...ofService(book, service.name).values()].sort(byId)) {
    const inner = service.reread(record.inner)
    const names = inner === record.inner ? renamed(record, named) : named
    const merge = names && move(book, record, { inner, named: names }, emit)
    if (merge !== undefined) merges.push(merge)
    if (names !== undefined || live.get(inner)?.methods.has(endingOf(record)) === true) continue
    drop(book, record)
    emit('endpoints', record.id, null)
  }
  return merges
}

const reviveAll = (book: Book, service: Service, at: number, emit: Emit): EndpointRecord[] => {
  const revived: EndpointRecord[] = []
  const named = service.named()
  for (const [inner, found] of service.live())
    for (const [method, seen] of [...found.methods].filter(([ending]) => !ending.endsWith('#'))) {
      const record = revive(book, { service: service.name, method, inner, kinds: found.kinds, at, named }, seen, emit)
      if (record !== undefined) revived.push(record)
    }
  return revived
}

const reread = (book: Book, service: Service, at: number, emit: Emit): Moves => {
  const before = [...ofService(book, service.name).values()]
  const merges = moveAll(book, service, emit)
  return { merges, splits: splitsOf(before, reviveAll(book, service, at, emit)) }
}

/** The endpoints in a store. */
export const openEndpoints = (store: Store<EndpointRecord>): Endpoints => {
  const book: Book = { store, byService: new Map() }
  for (const key of store.keys()) {
    const record = store.get(key)
    if (record !== undefined) ofService(book, record.service).set(keyOf(record), record)
  }
  return {
    get: (service, method, inner, operation) => book.byService.get(service)?.get(keyOf({ method, inner, operation })),
    count: (seen, emit) => count(book, seen, emit),
    reread: (service, at, emit) => reread(book, service, at, emit),
  }
}

/** Where a word became a parameter its kind is `word`; the other kinds stay in their order. */
const kindsAfterMove = (record: EndpointRecord, inner: string): string[] => {
  const before = record.inner.split('/')
  const kinds: string[] = []
  let next = 0
  inner.split('/').forEach((key, i) => {
    const holes = key.split('{}').length - 1
    const had = (before[i] ?? '').split('{}').length - 1
    for (let h = 0; h < holes; h++) kinds.push(h < had ? (record.parameters[next + h]?.kind ?? 'word') : 'word')
    next += had
  })
  return kinds
}
