/** What ghosts say to GraphQL: queries from the objects that other answers showed, mutations as their sender would see them. */
import { openFinder, type Finder } from './graph-find.ts'
import { underKeys } from './graph.ts'
import type { Graph } from './graph.ts'
import { putTogether, takenApart } from './graph-store.ts'
import type { Part } from './graph-store.ts'
import type { Selected } from '../graphql-selection.ts'
import { parseJson } from './json.ts'
import type { GraphRoot } from './graph-model.ts'
import type { Json } from './model.ts'
import { answered, isPretty, learnedHeaders, refusal } from './place.ts'
import type { Place, Rule, Ruled } from './place.ts'
import { isDigits, isFields, ownField, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { printed, renderBody } from './render.ts'
import type { Guess } from './status.ts'
import { toUtf8 } from './text.ts'

const GOOD = '200'
/** Bodies of queries for one thing that found nothing. */
export const NOTHING = '200|null'
const MIN_NULLS = 2
const NULL_SHARE = 0.8

const rootOf = ({ model }: Place, { field }: Selected): GraphRoot | undefined =>
  model.graph?.find((root) => root.field === field)

/** The id by which a root field finds what it answers, where that was seen every time. */
const idAsked = (root: GraphRoot | undefined, { args }: Selected): string | undefined => {
  const [by] = (root?.by ?? []).filter(([, hits, misses]) => hits > 0 && misses === 0)
  return by === undefined ? undefined : textOf(args[by[0]])
}

const rootValue = (place: Place, root: Selected, finder: Finder): Json | undefined => {
  if (root.field === '__typename') return 'Query'
  const kept = finder.root(root.name)
  const whole = kept === undefined ? undefined : putTogether(kept, root.kids, finder.fields)
  if (whole !== undefined) return whole
  const known = rootOf(place, root)
  const id = idAsked(known, root)
  return known === undefined || id === undefined
    ? undefined
    : putTogether({ '@': [known.type, id] }, root.kids, finder.fields)
}

const bodyAt = ({ model }: Place, key: string) => (Object.hasOwn(model.bodies, key) ? model.bodies[key] : undefined)

const told = (place: Place, rule: Rule, json: Json, at: number): Ruled => {
  const body = bodyAt(place, GOOD) ?? bodyAt(place, NOTHING)
  const text = printed(JSON.stringify(json), body !== undefined && isPretty(body))
  const headers = body === undefined ? [] : learnedHeaders(body)
  return answered(place, { rule, status: 200, headers, body: toUtf8(text), learnedAt: at })
}

const composed = (place: Place, selected: readonly Selected[], withStale: boolean): Ruled | undefined => {
  const finder = openFinder(place, withStale)
  const data: Record<string, Json> = {}
  for (const root of selected) {
    const value = rootValue(place, root, finder)
    if (value === undefined) return undefined
    data[root.key] = value
  }
  return told(place, finder.used.stale ? 'stale' : 'object', { data }, finder.used.at)
}

/** The error as it was learned, for the name that the client gave. */
const errorsFor = (error: Json | undefined, key: string): Json | undefined => {
  if (!isFields(error)) return undefined
  return [Object.hasOwn(error, 'path') ? { ...error, path: [key] } : error]
}

/** Numbers up to this many times the largest that was found may have been given out since. */
const GIVEN_OUT = 2
const mayBeThere = ({ largest }: GraphRoot, id: string): boolean => isDigits(id) && Number(id) <= GIVEN_OUT * largest

/** Nothing is there under this id: known to be gone, or like all that nobody saw. */
const nullGuess = (place: Place, root: Selected): Guess | undefined => {
  const known = rootOf(place, root)
  const id = idAsked(known, root)
  if (known === undefined || id === undefined) return undefined
  const [nulls, values] = known.unseen
  const state = openFinder(place, true).state(known.type, id)
  if (state === 'gone') return { status: 200, share: 1, weight: MIN_NULLS }
  const isUsual = nulls >= MIN_NULLS && nulls >= NULL_SHARE * (nulls + values)
  return state === 'unknown' && isUsual && !mayBeThere(known, id)
    ? { status: 200, share: nulls / (nulls + values), weight: nulls + values }
    : undefined
}

const nothing = (place: Place, selected: readonly Selected[]): Ruled | undefined => {
  const [root, more] = selected
  if (root === undefined || more !== undefined) return undefined
  const guess = nullGuess(place, root)
  const body = bodyAt(place, NOTHING)
  if (guess === undefined || body === undefined || body.tree === null) return undefined
  const json = parseJson(renderBody(body.tree, place.asked, { root: '', isError: true }).text)
  const errors = errorsFor(ownField(json, 'errors'), root.key)
  const data = { [root.key]: null }
  return told({ ...place, guess }, 'status', errors === undefined ? { data } : { errors, data }, place.model.at)
}

/** The answer to a query that was not asked like this before; undefined where something of it was never seen. */
export const fromGraph = (place: Place, { selected }: Graph): Ruled | undefined =>
  selected === undefined
    ? undefined
    : (composed(place, selected, false) ?? nothing(place, selected) ?? composed(place, selected, true))

/** The objects that an answer shows, by the selection it answers. */
export const partsOf = (data: Json | undefined, selected: readonly Selected[]): Part[] => {
  const parts: Part[] = []
  for (const root of selected) {
    const value = ownField(data, root.key)
    if (value !== undefined) takenApart(value, root, (part) => void parts.push(part))
  }
  return parts
}

/** What is known of the object that a mutation names by one of its arguments. */
const namedBy = (args: Json, finder: Finder, types: readonly string[]): Fields | undefined => {
  const values = isFields(args) ? Object.values(args) : []
  for (const value of values) {
    const id = textOf(value)
    for (const type of id === undefined ? [] : types) {
      const fields = finder.fields(type, id as string)
      if (fields !== undefined) return fields
    }
    const inner = isFields(value) ? namedBy(value, finder, types) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

const shownBy = (place: Place, root: Selected): Json | undefined => {
  const { asked, knowledge } = place
  const tree = bodyAt(place, GOOD)?.tree ?? null
  if (tree === null) return undefined
  const types = knowledge.facts(asked.service)?.graph?.types ?? []
  const own = namedBy(root.args, openFinder(place, true), types)
  const { text, founding } = renderBody(tree, asked, { root: `/data/${root.field}`, own, making: true })
  if (founding.known < founding.places) return undefined
  const value = ownField(ownField(parseJson(text), 'data'), root.field)
  return value === undefined ? undefined : underKeys(value, root.kids)
}

const UNKNOWN = 'what this mutation changes, or answers, is not known well enough'

/** A mutation as its sender would see it answered: only where it shows what it changed, and every leaf is founded. */
export const fromMutation = (place: Place, { selected }: Graph): Ruled => {
  const [root, more] = selected ?? []
  const shown = root === undefined || more !== undefined ? undefined : shownBy(place, root)
  if (root === undefined || shown === undefined || partsOf({ [root.key]: shown }, [root]).length === 0)
    return refusal(place.model.id, 'nothing-learned', UNKNOWN)
  return told(place, 'write', { data: { [root.key]: shown } }, place.model.at)
}
