/** What answers say of a change that was told: who shows it, how often, and whether it is still so. */
import { fitsFormat, type Format } from '../kit/formats.ts'
import type { JsonValue } from '../kit/processor.ts'
import { TYPES, unescaped } from './place.ts'
import { isDenial } from './life.ts'
import { isRefusal, sentBy } from './request.ts'
import type { OpenSignal, SignalState } from './signal.ts'

const MAX_WITNESSES = 8
const MAX_ITEMS = 32
/** So many answers are looked at one by one, then one in SHARE, which counts for all of them. */
const CLOSELY = 1000
const SHARE = 16

const below = (value: JsonValue, token: string): readonly JsonValue[] => {
  if (typeof value !== 'object' || value === null) return []
  if (token === '*') return Array.isArray(value) ? value.slice(0, MAX_ITEMS) : Object.values(value).slice(0, MAX_ITEMS)
  return Object.hasOwn(value, token) ? [(value as Readonly<Record<string, JsonValue>>)[token] as JsonValue] : []
}

const at = (json: JsonValue, tokens: readonly string[]): readonly JsonValue[] => {
  let found: readonly JsonValue[] = [json]
  for (const token of tokens) {
    if (found.length === 0) return found
    found = found.flatMap((value) => below(value, token))
  }
  return found
}

const isObject = (value: JsonValue): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const typeOf = (value: JsonValue): string => (Array.isArray(value) ? 'array' : typeof value)

/** Of some, whether any is so; undefined of none. */
const anyOf = <V>(some: readonly V[], is: (one: V) => boolean): boolean | undefined =>
  some.length === 0 ? undefined : some.some(is)

const showsInBody = ({ kind, pointer, value, before }: OpenSignal, json: JsonValue): boolean | undefined => {
  const tokens = pointer.split('/').slice(1).map(unescaped)
  const name = tokens.at(-1) ?? ''
  switch (kind) {
    case 'field_added':
      return anyOf(at(json, tokens.slice(0, -1)).filter(isObject), (o) => Object.hasOwn(o as object, name))
    case 'field_removed':
    case 'became_optional':
      return anyOf(at(json, tokens.slice(0, -1)).filter(isObject), (o) => !Object.hasOwn(o as object, name))
    case 'became_nullable':
      return anyOf(at(json, tokens), (found) => found === null)
    case 'type_changed': {
      const found = at(json, tokens).filter((one) => one !== null)
      return anyOf(found, (one) => typeOf(one) === value && TYPES.includes(value as (typeof TYPES)[number]))
    }
    case 'format_changed': {
      const found = at(json, tokens).filter((one) => typeof one === 'string')
      return anyOf(found, (one) => !fitsFormat(before as Format, one))
    }
    case 'enum_widened': {
      const found = at(json, tokens).filter((one) => typeof one === 'string')
      // Of several, joined by commas; one may hold commas itself.
      return anyOf(found, (one) => `, ${value}, `.includes(`, ${one}, `))
    }
    default:
      return undefined
  }
}

/** A request that lacks the field, refused or taken. */
const showsInRequest = ({ pointer }: OpenSignal, { status, request, query }: Answer): boolean | undefined => {
  if (status >= 300 && !isRefusal(status)) return undefined
  return sentBy(request, query).has(pointer) ? undefined : isRefusal(status)
}

/** Whether an answer shows the new behaviour; undefined when it says nothing of it. */
export const shows = (signal: OpenSignal, answer: Answer): boolean | undefined => {
  const { status, json } = answer
  if (signal.kind === 'request_field_required') return showsInRequest(signal, answer)
  if (signal.kind === 'endpoint_new') return !isDenial(status)
  if (signal.kind === 'endpoint_gone') return isDenial(status)
  if (signal.kind === 'status_new') return status < 500 && status !== 404 ? String(status) === signal.value : undefined
  return status === signal.httpStatus && json !== undefined ? showsInBody(signal, json) : undefined
}

const totals = ({ witnesses }: OpenSignal): readonly [old: number, fresh: number] => {
  let old = 0
  let fresh = 0
  for (const [, o, f] of witnesses) {
    old += o
    fresh += f
  }
  return [old, fresh]
}

/** Answers that showed it since it was told. */
export const countOf = (signal: OpenSignal): number => totals(signal)[1]

/** The old behaviour for so long that the new one, at its rate, would have shown with odds of e^12. */
const isOver = (signal: OpenSignal): boolean => {
  if (signal.streak < 20) return false
  const [old, fresh] = totals(signal)
  const rate = Math.min(0.95, (fresh + 1) / (old + fresh + 1))
  return signal.streak * -Math.log(1 - rate) >= 12
}

export interface Answer {
  readonly upstream: string
  readonly status: number
  readonly json: JsonValue | undefined
  readonly request: JsonValue | undefined
  readonly query: readonly string[]
  readonly index: number
}

const note = (signal: OpenSignal, upstream: string, fresh: boolean, weight: number): void => {
  let witness = signal.witnesses.find(([name]) => name === upstream)
  if (witness === undefined) {
    if (signal.witnesses.length >= MAX_WITNESSES) return
    witness = [upstream, 0, 0]
    signal.witnesses.push(witness)
  }
  witness[fresh ? 2 : 1] += weight
}

/** The counts are news when they have doubled. */
const hasDoubled = (before: number, after: number): boolean => Math.clz32(before) !== Math.clz32(after)

/** The state that follows: over after long silence, back at the first answer that shows it again. */
const nextState = ({ state }: OpenSignal, shown: boolean, over: boolean): SignalState => {
  if (shown) return state === 'resolved' ? 'reopened' : state
  return over ? 'resolved' : state
}

/** What an answer makes of a signal: a new state, news worth publishing, or nothing. */
export const follow = (signal: OpenSignal, answer: Answer): 'state' | 'news' | undefined => {
  if (signal.state === 'accepted') return undefined
  const { upstream, index } = answer
  const [old, fresh] = totals(signal)
  const closely = old + fresh < CLOSELY
  if (!closely && index % SHARE !== 0) return undefined
  const shown = shows(signal, answer)
  if (shown === undefined) return undefined
  const weight = closely ? 1 : SHARE
  note(signal, upstream, shown, weight)
  signal.streak = shown ? 0 : signal.streak + weight
  const before = signal.state
  signal.state = nextState(signal, shown, isOver(signal))
  if (signal.state !== before) return 'state'
  return hasDoubled(old + fresh, old + fresh + weight) ? 'news' : undefined
}
