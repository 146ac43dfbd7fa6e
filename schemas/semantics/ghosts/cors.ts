/**
 * Cross-origin rules of a server (https://fetch.spec.whatwg.org/#http-cors-protocol), counted over the service: which origin
 * was granted what, and how preflights are answered. An origin that nobody saw is answered only where the rule shows: any
 * is granted the same, or each is granted itself. Otherwise it may be on no list: nothing is granted, preflights are refused.
 */
import type { Header } from '../../events.ts'
import type { GhostAnswer } from '../ghost-port.ts'
import type { Asked } from './asked.ts'
import { findExact, readMethod } from './exact.ts'
import { fitHeaders, headersKey, valueOf } from './headers.ts'
import type { EndpointModel, Knowledge, StatusTable, Variant } from './model.ts'
import { refusal } from './place.ts'
import type { Ruled } from './place.ts'
import { toUtf8 } from './text.ts'

const ALLOW_ORIGIN = 'access-control-allow-origin'
/** Speak of the asker's origin: nothing of them is left where it is granted nothing. */
const GRANTING = new Set([ALLOW_ORIGIN, 'access-control-allow-credentials', 'access-control-expose-headers'])
/** What a preflight's answer says, and the field of the request that it may repeat. */
const SAID: readonly (readonly [field: string, asks: string])[] = [
  ['access-control-allow-methods', 'access-control-request-method'],
  ['access-control-allow-headers', 'access-control-request-headers'],
  ['access-control-allow-credentials', ''],
  ['access-control-max-age', ''],
  ['vary', ''],
]

const ORIGINS = 'cors origin'
const statusKey = (isGranted: boolean): string => `cors status ${isGranted ? 'yes' : 'no'}`
const saidKey = (isGranted: boolean, field: string): string => `cors ${isGranted ? 'yes' : 'no'} ${field}`

const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/]{1,200})$/i
const MOST = 32
const LONGEST = 512

const count = (table: StatusTable, key: string, value: string): void => {
  const counts = (table[key] ??= {})
  const known = counts[value] ?? 0
  if (known === 0 && Object.keys(counts).length >= MOST) return
  counts[value] = known + 1
  if (known < MOST) return
  for (const name of Object.keys(counts)) counts[name] = Math.max(1, Math.floor((counts[name] ?? 0) / 2))
}

/** Whether a browser asks first what it may ask. */
export const isPreflight = ({ method, headers }: Pick<Asked, 'method' | 'headers'>): boolean =>
  method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')

/** What an origin was granted: nothing, `*`, itself (`own`), or another one by name. */
type Grant = string
const NONE: Grant = 'none'
const OWN: Grant = 'own'

const grantOf = (origin: string, value: string | undefined): Grant =>
  value === undefined ? NONE : value === '*' ? '*' : value === origin ? OWN : value

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

interface Told {
  readonly status: number
  readonly headers: readonly Header[]
}

const learnSaid = (table: StatusTable, asked: Asked, { status, headers }: Told, isGranted: boolean): void => {
  count(table, statusKey(isGranted), String(status))
  for (const [field, asks] of SAID) {
    const value = valueOf(headers, field) ?? ''
    if (value.length > LONGEST) continue
    count(table, saidKey(isGranted, field), `=${value}`)
    if (asks !== '' && same(value, asked.headers.get(asks) ?? '')) count(table, saidKey(isGranted, field), 'echo')
  }
}

/** Says that there is no such thing, which is no word on the origin. */
const NOWHERE = new Set([404, 405])

/** Learns from one answer of the upstream, into the table of the service's statuses. */
export const learnCors = (table: StatusTable, asked: Asked, told: Told): boolean => {
  const origin = asked.headers.get('origin')
  const isFirst = isPreflight(asked)
  if (origin === undefined || !ORIGIN.test(origin) || NOWHERE.has(told.status)) return false
  if (!isFirst && told.status >= 400) return false
  const grant = grantOf(origin, valueOf(told.headers, ALLOW_ORIGIN))
  if (grant.length > LONGEST) return false
  count(table, ORIGINS, `${origin} ${grant}`)
  if (isFirst) learnSaid(table, asked, told, grant !== NONE)
  return true
}

/** So many origins, by host, that were each granted itself are no list. */
const ANY_OWN = 4
const ANY_SAME = 2
const CLEAR = 0.9

type Counts = readonly (readonly [string, number])[]
const countsOf = (table: StatusTable, key: string): Counts =>
  Object.hasOwn(table, key) ? Object.entries(table[key] ?? {}) : []

/** What nearly all say; undefined where they do not agree. */
const clearOf = (counts: Counts, total: number): readonly [string, number] | undefined =>
  counts.find(([, n]) => n >= CLEAR * total)

const totalOf = (counts: Counts): number => counts.reduce((sum, [, n]) => sum + n, 0)
const hostOf = (origin: string): string => origin.replace(/^.*:\/\//, '').replace(/:\d+$/, '')

/** What an origin that nobody saw would be granted. */
const grantForAny = (counts: Counts): Grant | undefined => {
  const seen = counts.map(([text]) => text.split(' ') as [string, Grant])
  const [grant, ...others] = [...new Set(seen.map(([, one]) => one))]
  if (grant === undefined || others.length > 0) return undefined
  const hosts = new Set(seen.map(([origin]) => hostOf(origin))).size
  const least = grant === OWN ? ANY_OWN : grant === '*' ? 1 : ANY_SAME
  return hosts >= least ? grant : undefined
}

interface Rule {
  readonly origin: string
  /** undefined: nobody knows. */
  readonly grant: Grant | undefined
  readonly isSeen: boolean
}

const ruleFor = (table: StatusTable, origin: string): Rule => {
  const counts = countsOf(table, ORIGINS)
  const own = counts.filter(([text]) => text.startsWith(`${origin} `))
  if (own.length === 0) return { origin, grant: grantForAny(counts), isSeen: false }
  const [text] = clearOf(own, totalOf(own)) ?? []
  return { origin, grant: text?.slice(origin.length + 1), isSeen: true }
}

/** What an answer says to this origin; undefined: nothing. */
const allowed = ({ origin, grant, isSeen }: Rule, said: string | undefined): string | undefined => {
  if (grant === NONE) return undefined
  if (grant === OWN) return ORIGIN.test(origin) ? origin : undefined
  if (grant !== undefined) return grant
  return said === '*' || (isSeen && said === origin) ? said : undefined
}

const granting = (headers: readonly Header[], value: string | undefined): Header[] => {
  if (value === undefined) return headers.filter(({ name }) => !GRANTING.has(name.toLowerCase()))
  const rest = headers.filter(({ name }) => name.toLowerCase() !== ALLOW_ORIGIN)
  return [...rest, { name: ALLOW_ORIGIN, value }]
}

/** The answer as this request's origin would get it. */
export const withCors = (ruled: Ruled, asked: Asked, knowledge: Knowledge): Ruled => {
  const origin = asked.headers.get('origin')
  const { verdict } = ruled
  if (origin === undefined || verdict.kind !== 'answer') return ruled
  const table = knowledge.facts(asked.service)?.statuses
  if (table === undefined || !Object.hasOwn(table, ORIGINS)) return ruled
  const said = valueOf(verdict.headers, ALLOW_ORIGIN)
  const value = verdict.status < 400 || said !== undefined ? allowed(ruleFor(table, origin), said) : undefined
  if (value === said) return ruled
  return { ...ruled, verdict: { ...verdict, headers: granting(verdict.headers, value) } }
}

/** An answer to this very preflight, its origin apart. */
const exactly = (found: EndpointModel | undefined, asked: Asked, knowledge: Knowledge): Variant | undefined => {
  const variant = found === undefined ? undefined : findExact(found, asked, knowledge)
  return variant?.headersKey === headersKey(asked) ? variant : undefined
}

interface Made {
  readonly status: number
  readonly headers: readonly Header[]
  readonly share: number
}

/** A preflight's answer from what all of them have in common. */
const madeOf = (table: StatusTable, asked: Asked, isGranted: boolean): Made | undefined => {
  const statuses = countsOf(table, statusKey(isGranted))
  const total = totalOf(statuses)
  const [status, times = 0] = clearOf(statuses, total) ?? []
  if (status === undefined) return undefined
  const headers: Header[] = []
  let least = times
  for (const [name, asks] of SAID) {
    // A constant is the better guess where both hold.
    const counts = countsOf(table, saidKey(isGranted, name)).toSorted(([a], [b]) => (a < b ? 1 : -1))
    const constants = counts.filter(([text]) => text.startsWith('='))
    const [how, n] = clearOf(constants, total) ?? clearOf(counts, total) ?? []
    if (how === undefined || n === undefined) return undefined
    const value = how === 'echo' ? (asked.headers.get(asks) ?? '') : how.slice(1)
    if (value !== '') headers.push({ name, value })
    least = Math.min(least, n)
  }
  return { status: Number(status), headers, share: (least + 1) / (total + 2) }
}

const NEVER = 'no preflight of this origin was seen, and origins are not all treated alike'
const EXACT = 0.95

/** How an answer to this preflight would look, and whether it was given once to this very one. */
const looksOf = (variant: Variant | undefined, asked: Asked, table: StatusTable, value: string | undefined) => {
  const said = variant === undefined ? undefined : valueOf(variant.headers, ALLOW_ORIGIN)
  if (variant !== undefined && (said === undefined) === (value === undefined))
    return { rule: 'exact', share: EXACT, ...variant } as const
  const made = madeOf(table, asked, value !== undefined)
  return made === undefined ? undefined : ({ rule: 'template', ...made } as const)
}

const answerAt = (model: EndpointModel, asked: Asked, knowledge: Knowledge, variant: Variant | undefined): Ruled => {
  const facts = knowledge.facts(asked.service)
  const table = facts?.statuses ?? {}
  const rule = ruleFor(table, asked.headers.get('origin') ?? '')
  const value = allowed(rule, variant === undefined ? undefined : valueOf(variant.headers, ALLOW_ORIGIN))
  if (value === undefined && rule.grant !== NONE) return refusal(model.id, 'nothing-learned', NEVER)
  const looks = looksOf(variant, asked, table, value)
  if (looks === undefined) return refusal(model.id, 'nothing-learned', 'preflights are answered in different ways')
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: looks.rule,
    endpoint: model.id,
    status: looks.status,
    headers: fitHeaders(granting(looks.headers, value), false),
    body: toUtf8(''),
    confidence: looks.share,
    rule: looks.rule,
    learnedAt: variant?.at ?? facts?.at ?? model.at,
  }
  return { rule: looks.rule, verdict: answer }
}

/** What a ghost says to a preflight of something that is known. */
export const answerPreflight = (asked: Asked, knowledge: Knowledge, found: EndpointModel | undefined): Ruled => {
  const wanted = asked.headers.get('access-control-request-method') ?? ''
  const model = found ?? knowledge.sibling(asked.service, readMethod(wanted), asked.target)
  if (model === undefined) return refusal('', 'unknown-endpoint', `nothing is known of ${asked.path.slice(0, 200)}`)
  return answerAt(model, asked, knowledge, exactly(found, asked, knowledge))
}
