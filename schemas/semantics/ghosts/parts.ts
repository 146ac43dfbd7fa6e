/**
 * Parts of the `ghosts` topic to and from what is learned. What comes from the topic is checked before it is believed: a
 * part of another version, or whose payload is not what its kind promises, is refused as a whole.
 */
import type { Ghost } from '../../events.ts'
import {
  all,
  fields,
  isFlag,
  isJsonText,
  isNumber,
  isText,
  isValue,
  listOf,
  mapOf,
  maybe,
  optional,
  record,
  tuple,
} from './checks.ts'
import type { Check } from './checks.ts'
import { VERSION } from './model.ts'
import type { AcceptedWrite } from './accepted.ts'
import type { Change } from './overlay.ts'
import type { AnswerSet, Credential, EndpointModel, ObjectRecord, ServiceFacts, Touch } from './model.ts'
import { fromUtf8, toUtf8 } from './text.ts'

export type Part =
  | { readonly kind: 'endpoint'; readonly value: EndpointModel }
  | { readonly kind: 'answer'; readonly value: AnswerSet }
  | { readonly kind: 'object'; readonly value: ObjectRecord }
  | { readonly kind: 'credential'; readonly value: Credential }
  | { readonly kind: 'touch'; readonly value: Touch }
  | { readonly kind: 'facts'; readonly value: ServiceFacts }
  | { readonly kind: 'change'; readonly value: Change }
  | { readonly kind: 'write'; readonly value: AcceptedWrite }

/** A larger payload is no part of ours: the caps of the processor keep far below it. */
const MAX_PAYLOAD = 4 * 1024 * 1024

const TOPIC_KIND = {
  endpoint: 'endpoint',
  answer: 'answer',
  object: 'resource',
  credential: 'service',
  touch: 'service',
  facts: 'service',
  change: 'resource',
  write: 'resource',
} as const

const endpointOf = (part: Part): string => {
  if (part.kind === 'endpoint') return part.value.id
  return part.kind === 'answer' || part.kind === 'write' ? part.value.endpoint : ''
}

/** The record for a part; `fidelity` is the endpoint's, -1 where there is none. */
export const encodePart = (key: string, part: Part, at: number, fidelity: number): Ghost => ({
  key,
  kind: TOPIC_KIND[part.kind],
  service: part.value.service,
  endpoint: endpointOf(part),
  at,
  version: VERSION,
  fidelity,
  payload: toUtf8(JSON.stringify({ kind: part.kind, value: part.value })),
})

const deep =
  (left: number): Check =>
  (v) =>
    left > 0 && node(left)(v)

/** A tree is at most this deep, whatever a payload says. */
const MAX_DEPTH = 24

const source = all(
  fields({ from: isText, hits: isNumber, misses: isNumber, first: isNumber, varied: isFlag }),
  optional('pre', isText),
  optional('suf', isText),
  optional('absent', isNumber),
  optional('who', listOf(isText)),
)
const shared = all(
  optional('about', isNumber),
  optional('varied', isFlag),
  fields({ value: isJsonText, askers: listOf(isText), broken: isFlag }),
)
const mine = (v: unknown): boolean =>
  tuple(isText, isJsonText, isNumber)(Array.isArray(v) ? v.slice(0, 3) : v) && isNumber((v as unknown[])[3] ?? 0)
/** JSON text that stands in an answer as it is. */
const looks = all(
  optional('mine', listOf(mine)),
  optional('plain', (v) => tuple(isJsonText, isNumber)(v)),
  optional('shared', shared),
  optional('form', tuple(isText, isNumber)),
  optional('clock', tuple(isNumber, isNumber)),
  optional('said', isNumber),
  optional('before', listOf(tuple(isText, isNumber, isNumber))),
  optional('rising', tuple(isValue, isNumber, isNumber, listOf(isText))),
)
const node = (left: number): Check => all(looks, ofNode(left))
const ofNode = (left: number): Check =>
  fields({
    seen: isNumber,
    kinds: mapOf(isNumber),
    sources: listOf(source),
    value: isJsonText,
    lead: isNumber,
    publicly: isNumber,
    askers: listOf(isText),
    kids: listOf(tuple(isText, deep(left - 1))),
    item: maybe(deep(left - 1)),
  })
const table = mapOf(mapOf(isNumber))
const body = fields({
  seen: isNumber,
  empty: isNumber,
  json: isNumber,
  pretty: isNumber,
  tree: maybe(node(MAX_DEPTH)),
  text: maybe(node(1)),
  headers: listOf(tuple(isText, isText, isNumber)),
})
const list = all(
  optional('base', isNumber),
  optional('links', listOf(tuple(isText, isText, isText, isText, isText, isText, isNumber, isNumber))),
  optional('single', listOf(tuple(isText, isNumber))),
  optional('beyond', tuple(isNumber, isNumber)),
  optional('other', fields({ at: isText, longest: isNumber, full: isNumber, sets: listOf(tuple(isText, isNumber)) })),
  fields({
    at: isText,
    type: isText,
    candidates: listOf(tuple(isText, isNumber, isNumber)),
    idField: isText,
    seen: isNumber,
    longest: isNumber,
    full: isNumber,
    order: listOf(tuple(isText, isNumber, isNumber, isNumber)),
    around: listOf(tuple(isText, listOf(tuple(isText, isNumber)))),
    totals: listOf(tuple(isText, isNumber)),
    parameters: listOf(fields({ name: isText, roles: listOf(tuple(isText, isNumber)) })),
  }),
)

const graphRoots = listOf(
  fields({
    field: isText,
    type: isText,
    by: listOf(tuple(isText, isNumber, isNumber)),
    unseen: tuple(isNumber, isNumber),
    largest: isNumber,
  }),
)
const graphFacts = fields({ types: listOf(isText), links: listOf(tuple(isText, isText, isNumber, isNumber)) })

const vitals = fields({
  answers: isNumber,
  errors: isNumber,
  streak: isNumber,
  latency: listOf(tuple(isNumber, isNumber)),
  asked: isNumber,
  ready: isNumber,
})

const CHECKS: Readonly<Record<string, Check>> = {
  endpoint: all(
    optional('vitals', vitals),
    optional('graph', graphRoots),
    optional('guards', listOf(tuple(isText, isText, isNumber, isNumber, isNumber))),
    optional('doors', listOf(tuple(isText, isNumber, isNumber, isNumber))),
    optional('effects', listOf(tuple(isText, isNumber, isNumber, isNumber))),
    optional('forms', listOf(tuple(isText, isText, isNumber, isText, isNumber))),
    fields({
      id: isText,
      service: isText,
      method: isText,
      template: isText,
      parameters: listOf(fields({ name: isText, kind: isText })),
      count: isNumber,
      at: isNumber,
      statuses: table,
      largest: isNumber,
      bodies: mapOf(body),
      scores: mapOf(fields({ sum: isNumber, weight: isNumber })),
      headersMatter: isFlag,
      vary: listOf(isText),
      list: maybe(list),
      idField: isText,
      root: isText,
      wants: maybe(fields({ seen: isNumber, leaves: listOf(tuple(isText, isNumber, listOf(isText), isNumber)) })),
      kept: isNumber,
      lost: isNumber,
      issues: isFlag,
    }),
  ),
  answer: fields({
    key: isText,
    service: isText,
    endpoint: isText,
    at: isNumber,
    variants: listOf(
      fields({
        headersKey: isText,
        varyKey: isText,
        status: (v) => Number.isInteger(v) && (v as number) >= 100 && (v as number) < 600,
        headers: listOf(fields({ name: isText, value: isText })),
        body: isText,
        binary: isFlag,
        coding: isText,
        at: isNumber,
      }),
    ),
  }),
  object: fields({
    key: isText,
    service: isText,
    type: isText,
    id: isText,
    views: listOf(
      all(optional('aside', isJsonText), fields({ asker: isText, json: isJsonText, at: isNumber, whole: isFlag })),
    ),
    gone: isNumber,
    written: isNumber,
    born: isNumber,
  }),
  credential: fields({
    key: isText,
    service: isText,
    asker: isText,
    state: (v) => v === 'good' || v === 'bad',
    owner: isText,
    refused: isNumber,
    at: isNumber,
  }),
  touch: fields({ key: isText, service: isText, at: isNumber }),
  facts: all(
    optional('graph', graphFacts),
    fields({
      service: isText,
      statuses: table,
      errors: mapOf(body),
      scores: mapOf(fields({ sum: isNumber, weight: isNumber })),
      unknown: maybe(body),
      unknownStatuses: mapOf(isNumber),
      at: isNumber,
    }),
  ),
  change: fields({
    key: isText,
    service: isText,
    asker: isText,
    type: isText,
    id: isText,
    json: isJsonText,
    whole: isFlag,
    paths: listOf(isText),
    at: isNumber,
    write: isText,
  }),
  write: fields({
    key: isText,
    service: isText,
    id: isText,
    endpoint: isText,
    method: isText,
    target: isText,
    asker: isText,
    mediaType: isText,
    body: isText,
    status: isNumber,
    changes: listOf(isText),
    state: isText,
    at: isNumber,
  }),
}

/** The part of a record, undefined when it cannot be believed. Never throws. */
export const decodePart = (ghost: Ghost): Part | undefined => {
  if (ghost.version !== VERSION || ghost.payload.length > MAX_PAYLOAD) return undefined
  try {
    const part = JSON.parse(fromUtf8(ghost.payload) ?? '') as { readonly kind?: unknown; readonly value?: unknown }
    if (!record(part) || typeof part.kind !== 'string' || !Object.hasOwn(CHECKS, part.kind)) return undefined
    return CHECKS[part.kind]?.(part.value) === true ? (part as Part) : undefined
  } catch {
    return undefined
  }
}
