/**
 * What the body of a request must have to be accepted, as far as accepted ones show it; and in what a body falls short of
 * that. The shortfall is a feature of the status, so it only matters where the server was seen to refuse such bodies.
 */
import { formOf } from './mint.ts'
import type { Json, WantedBody } from './model.ts'
import { isFields, pointersOf } from './pointers.ts'

const MAX_LEAVES = 48
const MAX_KINDS = 4

const kindOf = (value: Json): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'string') return typeof value === 'number' && value < 0 ? 'negative' : typeof value
  if (value.includes('@')) return 'mail'
  const form = formOf(value)
  return form === undefined ? 'string' : form.startsWith('iso') || form === 'day' ? 'time' : 'string'
}

const leavesOf = (json: Json | undefined): [string, Json][] => pointersOf(json, 3, MAX_LEAVES)

const isEmpty = (value: Json): boolean => value === '' || (typeof value === 'string' && value.trim() === '')

/** Learns an accepted body. */
export const learnWanted = (wanted: WantedBody | null, json: Json | undefined): WantedBody | null => {
  if (!isFields(json)) return wanted
  const model = wanted ?? { seen: 0, leaves: [] }
  model.seen++
  for (const [pointer, value] of leavesOf(json)) {
    let leaf = model.leaves.find(([name]) => name === pointer)
    if (leaf === undefined) {
      if (model.leaves.length >= MAX_LEAVES) continue
      leaf = [pointer, 0, [], 0]
      model.leaves.push(leaf)
    }
    leaf[1]++
    const kind = kindOf(value)
    if (!leaf[2].includes(kind) && leaf[2].length < MAX_KINDS) leaf[2].push(kind)
    if (isEmpty(value)) leaf[3]++
  }
  return model
}

/** The first shortfall of a body: `missing:/title`, `empty:/title`, `kind:/n`; `none` without a body, `ok` otherwise. A partial body (PATCH) lacks nothing. */
export const shortfallOf = (wanted: WantedBody | null, json: Json | undefined, isPartial = false): string => {
  if (wanted === null) return 'ok'
  if (json === undefined) return 'none'
  const given = new Map(leavesOf(json))
  for (const [pointer, seen, kinds, empty] of wanted.leaves) {
    if (seen < wanted.seen) continue
    const value = given.get(pointer)
    const wrong = value === undefined ? (isPartial ? '' : 'missing') : wrongIn(value, kinds, empty)
    if (wrong !== '') return `${wrong}:${pointer}`
  }
  return 'ok'
}

const wrongIn = (value: Json, kinds: readonly string[], empty: number): string => {
  if (isEmpty(value) && empty === 0) return 'empty'
  const kind = kindOf(value)
  return !kinds.includes(kind) && kinds.length < MAX_KINDS && !isLoose(kind, kinds) ? 'kind' : ''
}

/** A text where mails or times stood is wrong; a mail or time where texts stood is a text. */
const isLoose = (kind: string, kinds: readonly string[]): boolean =>
  (kind === 'mail' || kind === 'time') && kinds.includes('string')

/** The last name of the place that falls short: servers often name it in their message. */
export const shortName = (shortfall: string): string => shortfall.slice(shortfall.lastIndexOf('/') + 1)
