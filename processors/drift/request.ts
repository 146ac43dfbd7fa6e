/**
 * What a client must send: whether requests that lack a field, which were taken, are refused since some moment, while those
 * that have it are still taken.
 */
import type { JsonValue } from '../kit/processor.ts'
import { apart, firstSight } from './evidence.ts'
import { escaped, type Late, type Sighting } from './place.ts'
import { MIN_BEFORE } from './weigh.ts'

/** Requests that have a field, taken and refused; those that lack it are the rest of all. */
export interface RequestField {
  taken: number
  refused: number
  /** The first refusal of a request without it, and what stood here then. */
  late: Late | undefined
  before: readonly [taken: number, refused: number]
  told: boolean
}

export interface Requests {
  taken: number
  refused: number
  /** The first refusal of all, after enough that were taken. */
  late: Late | undefined
  readonly fields: Map<string, RequestField>
}

export const emptyRequests = (): Requests => ({ taken: 0, refused: 0, late: undefined, fields: new Map() })

export const MAX_REQUEST_FIELDS = 40
const MAX_DEPTH = 3
/** Nats by which having the field must decide what becomes of a request. */
const MIN_APART = 4

/** Refused for what it says, and not for who asks or how often. */
export const isRefusal = (status: number): boolean => status === 400 || status === 422

const isObject = (value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Pointers of the fields of a request, objects inside objects too. */
const fieldsOf = (json: JsonValue, at: string, depth: number, found: Set<string>): ReadonlySet<string> => {
  if (!isObject(json)) return found
  for (const name of Object.keys(json)) {
    if (found.size >= MAX_REQUEST_FIELDS) return found
    const pointer = `${at}/${escaped(name)}`
    found.add(pointer)
    if (depth + 1 < MAX_DEPTH) fieldsOf(json[name] as JsonValue, pointer, depth + 1, found)
  }
  return found
}

/** Everything a request names: fields of its body by their pointers, query parameters as `?page`. */
export const sentBy = (json: JsonValue | undefined, query: readonly string[]): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const name of query) if (found.size < MAX_REQUEST_FIELDS) found.add(`?${name}`)
  return json === undefined ? found : fieldsOf(json, '', 0, found)
}

export interface Demand {
  readonly pointer: string
  readonly evidence: number
  readonly first: Sighting
}

/** What the requests since the first refusal say, those with the field held against those without. */
const weighField = (requests: Requests, pointer: string, field: RequestField): Demand | undefined => {
  const { late, before, taken, refused } = field
  if (late === undefined || field.told) return undefined
  const lackRefused = requests.refused - refused
  const lacking = [lackRefused, requests.taken - taken - late.base + lackRefused] as const
  const having = [refused - before[1], taken - before[0] + refused - before[1]] as const
  if (apart(lacking, having) < MIN_APART) return undefined
  return { pointer, evidence: firstSight(late.before, ...lacking), first: late.first }
}

const lateNow = (first: Sighting, taken: number): Late | undefined =>
  taken >= MIN_BEFORE ? { first, before: taken, base: taken } : undefined

/** A field sent for the first time: whatever was refused until now lacked it. */
const newField = ({ late }: Requests): RequestField => ({ taken: 0, refused: 0, late, before: [0, 0], told: false })

/** Counts one request, all its fields given. */
const count = (requests: Requests, seen: ReadonlySet<string>, refused: boolean, now: Sighting): void => {
  const { fields } = requests
  if (refused && requests.refused === 0) requests.late = lateNow(now, requests.taken)
  for (const [pointer, field] of fields) {
    const isFirst = refused && !seen.has(pointer) && requests.refused === field.refused
    if (!isFirst) continue
    field.late = lateNow(now, requests.taken - field.taken)
    field.before = [field.taken, field.refused]
  }
  if (refused) requests.refused++
  else requests.taken++
}

/** Learns one request, taken or refused; gives what it makes suspicious. */
export const learnRequest = (
  requests: Requests,
  seen: ReadonlySet<string>,
  refused: boolean,
  now: Sighting,
): readonly Demand[] => {
  const { fields } = requests
  count(requests, seen, refused, now)
  for (const pointer of seen) {
    const known = fields.get(pointer)
    if (known === undefined && (refused || fields.size >= MAX_REQUEST_FIELDS)) continue
    const field = known ?? newField(requests)
    fields.set(pointer, field)
    if (refused) field.refused++
    else field.taken++
  }
  // Until the first refusal nobody lacks anything.
  if (requests.refused === 0) return []
  return [...fields].flatMap(([pointer, field]) => weighField(requests, pointer, field) ?? [])
}
