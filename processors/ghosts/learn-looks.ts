/** What a place's values look like and have in common: per asker, over askers, in form, in time, and against what was before. */
import type { Json, Node } from '../../schemas/semantics/ghosts/model.ts'
import { isPseudonym } from '../../schemas/semantics/ghosts/issued.ts'
import { formOf, momentOf } from '../../schemas/semantics/ghosts/mint.ts'
import { learnRising } from '../../schemas/semantics/ghosts/rising.ts'
import { comparable } from '../../schemas/semantics/ghosts/sources.ts'
import { at, isFields, isScalar } from '../../schemas/semantics/ghosts/pointers.ts'
import { isPlain, isProvenAsker } from '../../schemas/semantics/ghosts/status.ts'

const MAX_MINE = 6
const MAX_LEAD = 64
const MAX_SHARED = 4
/** How far the time in an answer may be from the time of the exchange (µs). */
const NEAR = 10_000_000

export interface Look {
  /** Of a write that made something: its id. */
  readonly made: string | undefined
  readonly asker: string
  readonly at: number
  readonly isError: boolean
  readonly longest: number
  /** The thing that the answer is about, where the endpoint has several. */
  readonly about: number | undefined
  readonly before: Json | undefined
  /** The object as it was before a write. */
  readonly object: Json | undefined
  /** The request said what stands here. */
  readonly said: boolean
}

/** Boyer–Moore on a value and its lead. */
const leading = (known: readonly [string, number] | undefined, value: string): [string, number] => {
  if (known === undefined || known[1] <= 0) return [value, 1]
  return [known[0], Math.min(MAX_LEAD, known[1] + (known[0] === value ? 1 : -1))]
}

/** An answer that is repeated says no more: what one thing has is no constant. */
const learnMine = (node: Node, text: string, { asker, about }: Look): void => {
  node.mine ??= []
  const known = node.mine.find(([who]) => who === asker)
  if (known === undefined) {
    if (node.mine.length >= MAX_MINE) node.mine.shift()
    node.mine.push(about === undefined ? [asker, text, 1] : [asker, text, 1, about])
    return
  }
  if (about !== undefined && known[3] === about && known[1] === text) return
  if (about !== undefined) known[3] = about
  const [value, lead] = leading([known[1], known[2]], text)
  known[1] = value
  known[2] = lead
}

/** What is in a list is what its asker may see: it is nobody else’s, whoever sees the same. */
const holdsThings = (json: Json): boolean => Array.isArray(json) && json.some(isFields)

/** Counts who saw one value: of errors every credential counts, otherwise only askers that are proven to differ. */
const learnShared = (node: Node, text: string, look: Look): void => {
  if (!look.isError && !isProvenAsker(look.asker)) return
  const { about } = look
  node.shared ??= { value: text, askers: [], broken: false, ...(about === undefined ? {} : { about }) }
  const { shared } = node
  if (shared.value !== text) shared.broken = true
  if (about !== undefined && shared.about === undefined) shared.about = about
  else if (shared.about !== about) shared.varied = true
  if (!shared.broken && !shared.askers.includes(look.asker) && shared.askers.length < MAX_SHARED)
    shared.askers.push(look.asker)
}

const learnClock = (node: Node, json: Json, at: number): void => {
  const moment = momentOf(json)
  if (moment === undefined) return
  const near = Math.abs(moment - at) <= NEAR || (node.form?.[0] === 'day' && Math.abs(moment - at) <= 86_400_000_000)
  const [hits, misses] = node.clock ?? [0, 0]
  node.clock = near ? [Math.min(MAX_LEAD, hits + 1), misses] : [hits, Math.min(MAX_LEAD, misses + 1)]
}

const RELATIONS: readonly (readonly [string, (before: Json, after: Json) => boolean])[] = [
  ['=', (before, after) => comparable(before) === comparable(after)],
  ['+1', (before, after) => typeof before === 'number' && after === before + 1],
  ['-1', (before, after) => typeof before === 'number' && after === before - 1],
  ['!', (before, after) => typeof before === 'boolean' && after === !before],
]

/** A place looks for fields that it may repeat in its first answers only. */
const SEEKING = 4
const MAX_FIELDS = 24

/** Fields of the object before that a value repeats. */
const repeated = (json: Json, object: Json | undefined): string[] =>
  isFields(object) && isScalar(json) && !isPlain(json)
    ? Object.entries(object)
        .slice(0, MAX_FIELDS)
        .filter(([name, value]) => value === json && !name.includes('/'))
        .map(([name]) => `/${name}`)
    : []

type Relation = NonNullable<Node['before']>[number]

const learnRepeated = (relations: Relation[], json: Json, { before, object }: Look): void => {
  for (const known of relations) if (known[0].startsWith('/')) known[at(object, known[0]) === json ? 1 : 2]++
  if (before === undefined || comparable(before) === comparable(json) || relations.length >= SEEKING) return
  for (const name of repeated(json, object))
    if (!relations.some(([relation]) => relation === name)) relations.push([name, 1, 0])
}

const learnBefore = (node: Node, json: Json, look: Look): void => {
  const { before } = look
  if (before === undefined) return
  const relations = (node.before ??= [])
  learnRepeated(relations, json, look)
  for (const [name, holds] of RELATIONS) {
    const held = holds(before, json)
    let known = relations.find(([relation]) => relation === name)
    if (known === undefined && held) relations.push((known = [name, 0, 0]))
    if (known !== undefined) known[held ? 1 : 2]++
  }
}

/** Learns one scalar, or one array as a whole. */
export const learnLooks = (node: Node, json: Json, look: Look): void => {
  if (!look.said) learnBefore(node, json, look)
  const rising = look.made === undefined ? undefined : learnRising(node.rising, json, look.asker)
  if (rising !== undefined) node.rising = rising
  if (isPseudonym(json)) {
    node.form = leading(node.form, 'secret')
    return
  }
  const form = formOf(json)
  if (form !== undefined) node.form = leading(node.form, form)
  learnClock(node, json, look.at)
  if (!look.said) learnUsual(node, json, look)
}

/** What stands here by itself. */
const learnUsual = (node: Node, json: Json, look: Look): void => {
  const text = JSON.stringify(json)
  if (isPlain(json)) node.plain = leading(node.plain, text)
  else if (node.plain !== undefined) node.plain = [node.plain[0], node.plain[1] - 1]
  if (text.length > look.longest || look.asker === '') return
  learnMine(node, text, look)
  if (!holdsThings(json)) learnShared(node, text, look)
}
