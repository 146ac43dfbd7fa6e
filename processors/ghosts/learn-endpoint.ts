/** Learns what belongs to one endpoint: statuses, bodies, headers, the field that objects are known by. */
import type { Observation } from '../kit/processor.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { cacheDirectives, madeHeaders, varyNames } from '../../schemas/semantics/ghosts/headers.ts'
import type { BodyModel, EndpointModel, Json, StatusTable } from '../../schemas/semantics/ghosts/model.ts'
import { featureKeys } from '../../schemas/semantics/ghosts/status.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { fromUtf8, hash32 } from '../../schemas/semantics/ghosts/text.ts'
import { emptyNode, learnBodyTree } from './learn-tree.ts'
import type { LessonOptions } from './learn-tree.ts'

const MAX_STATUSES = 24
const MAX_HEADERS = 16
const MAX_TEXT = 4096
/** Bodies of which every one is learned. */
export const ENOUGH = 200
/** Counts of a feature are halved here, so that what a server does now outweighs what it did. */
const HALVE_AT = 64
/** Of ids that nobody saw before only the last few tell: at first none was seen. */
const HALVE_NEW_AT = 8
const NEW = /\|(over:|word|odd|near|far|beyond|strange|foreign)/

export const emptyEndpoint = (located: NonNullable<Observation['endpoint']>): EndpointModel => ({
  id: located.id,
  service: located.service,
  method: located.method,
  template: located.template,
  parameters: located.parameters.map(({ name, kind }) => ({ name, kind })),
  count: 0,
  at: 0,
  statuses: {},
  largest: -1,
  bodies: {},
  scores: {},
  headersMatter: false,
  vary: [],
  list: null,
  idField: '',
  root: '',
  wants: null,
  kept: 0,
  lost: 0,
  issues: false,
})

export const emptyBody = (): BodyModel => ({
  seen: 0,
  empty: 0,
  json: 0,
  pretty: 0,
  tree: null,
  text: null,
  headers: [],
})

/** How many more counts certainly stay below the bound: adding them up each time costs more than anything else here. */
const rooms = new WeakMap<Record<string, number>, number>()

const isFull = (counts: Record<string, number>, key: string): boolean => {
  const room = rooms.get(counts) ?? 0
  if (room > 0) {
    rooms.set(counts, room - 1)
    return false
  }
  let total = 0
  for (const name in counts) total += counts[name] ?? 0
  const left = (NEW.test(key) ? HALVE_NEW_AT : HALVE_AT) - total
  if (left > 0) rooms.set(counts, Math.floor(left) - 1)
  return left <= 0
}

/** Adds one to a feature's count of a status. */
export const countStatus = (table: StatusTable, key: string, status: number): void => {
  const counts = (table[key] ??= {})
  counts[status] = (counts[status] ?? 0) + 1
  if (!isFull(counts, key)) return
  // Of ids that nobody saw before a single refusal says much: it is kept as a half, then forgotten.
  const least = NEW.test(key) ? 1 : 2
  for (const [name, count] of Object.entries(counts)) {
    if (count < least) delete counts[name]
    else counts[name] = count / 2
  }
}

export const countFeatures = (model: EndpointModel, features: StatusFeatures, status: number): void => {
  for (const key of featureKeys(features)) countStatus(model.statuses, key, status)
}

const learnHeaders = (body: BodyModel, o: Observation): void => {
  for (const { name, value } of madeHeaders(o.exchange.responseHeaders)) {
    const key = name.toLowerCase()
    const known = body.headers.find(([n]) => n === key)
    if (known === undefined) {
      if (body.headers.length < MAX_HEADERS && value.length <= 512) body.headers.push([key, value, 1])
      continue
    }
    if (known[2] === 0) known[1] = value
    known[2] = Math.min(64, known[2] + (known[1] === value ? 1 : -1))
  }
}

const PRETTY = /^[{[]\r?\n {2}/

/** What an answer is about, where requests to its endpoint are about different things: each thing made is another. */
const aboutOf = ({ endpoint }: Observation, { target, query, made = '' }: Asked): number | undefined =>
  query.length > 0 || endpoint?.template.includes('{') === true ? hash32(`${target} ${made}`) : undefined

/** Learns one body. `isPublic`: everybody may see it. */
export const learnBody = (body: BodyModel, o: Observation, asked: Asked, how: LessonOptions): void => {
  const { responseBody } = o.exchange
  const { isPublic } = how
  const options = { ...how, about: aboutOf(o, asked) }
  body.seen++
  if (isPublic) learnHeaders(body, o)
  if (responseBody.length === 0) {
    body.empty++
    return
  }
  if (o.responseJson !== undefined) {
    body.json++
    if (responseBody.coding === '' && PRETTY.test(fromUtf8(responseBody.bytes.subarray(0, 8)) ?? '')) body.pretty++
    body.tree ??= emptyNode()
    learnBodyTree(body.tree, o.responseJson as Json, asked, options)
    return
  }
  const text =
    responseBody.coding === '' && responseBody.bytes.length <= MAX_TEXT ? fromUtf8(responseBody.bytes) : undefined
  if (text === undefined) return
  body.text ??= emptyNode()
  learnBodyTree(body.text, text, asked, { isPublic, longest: 2 * MAX_TEXT, about: options.about })
}

/** The body model of a status, made where it is missing; undefined when there are too many statuses. */
export const bodyModel = (model: EndpointModel, status: number | string): BodyModel | undefined => {
  const known = model.bodies[status]
  if (known !== undefined || Object.keys(model.bodies).length >= MAX_STATUSES) return known
  return (model.bodies[status] = emptyBody())
}

/** Who may be shown what an exchange showed. */
export interface Consent {
  /** No value of it may be kept at all: a stream, or an answer to nobody in particular that is no-store or belongs to a session. */
  readonly refused: boolean
  readonly isPublic: boolean
}

const STREAMS = /event-stream|multipart\/|grpc|ndjson|octet-stream/i

/**
 * RFC 9111 §3: what a shared store may keep. An answer that is marked private or `no-store`, or that opens a session, is
 * its asker's alone; where it was to nobody in particular, it belongs to someone we cannot tell: it is kept for nobody.
 */
export const consentOf = (o: Observation, asked: Asked): Consent => {
  const { responseHeaders, responseBody } = o.exchange
  const directives = cacheDirectives(responseHeaders)
  const opensSession = responseHeaders.some((h) => h.name.toLowerCase() === 'set-cookie')
  const isPrivate = directives.has('private') || directives.has('no-store') || opensSession
  const refused = (isPrivate && asked.asker === '') || responseBody.cut || STREAMS.test(responseBody.mediaType)
  return { refused, isPublic: asked.asker === '' && !refused }
}

export const learnVary = (model: EndpointModel, o: Observation): void => {
  const names = varyNames(o.exchange.responseHeaders).filter((name) => !model.vary.includes(name))
  if (names.length > 0) model.vary = [...model.vary, ...names].sort().slice(0, 16)
}
