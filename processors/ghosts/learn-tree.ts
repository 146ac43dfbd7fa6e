/** Learns the places of an endpoint's bodies: kinds, presence, where values come from, and what public answers share. */
import type { Json, Kind, Node, Source } from '../../schemas/semantics/ghosts/model.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { comparable, indexSources, isOfBody, partsOf, valueFrom } from '../../schemas/semantics/ghosts/sources.ts'
import { isProven } from '../../schemas/semantics/ghosts/proven.ts'
import { ownField } from '../../schemas/semantics/ghosts/pointers.ts'
import { isPseudonym } from '../../schemas/semantics/ghosts/issued.ts'
import { learnLooks } from './learn-looks.ts'
import type { SourceIndex } from '../../schemas/semantics/ghosts/sources.ts'
import { hash32 } from '../../schemas/semantics/ghosts/text.ts'

const MAX_NODES = 400
const MAX_KIDS = 64
const MAX_DEPTH = 8
const MAX_ITEMS = 3
const MAX_VALUE = 240
const MAX_ASKERS = 3
/** A place looks for sources in its first answers only; afterwards they are proven or refuted. */
const SEEKING = 8
/** A source with more misses than this and a worse share than SHARE is dropped. */
const MISSES = 2
const SHARE = 0.9

interface Lesson {
  readonly asked: Asked
  readonly index: () => SourceIndex
  /** Whether everybody may see this answer. */
  readonly isPublic: boolean
  readonly asker: string
  readonly longest: number
  /** An error's text: seen equal under enough askers it is the server's own. */
  readonly isError: boolean
  readonly at: number
  /** Where an object stands whose state before the exchange is known. */
  readonly root: string
  readonly before: Json | undefined
  readonly about: number | undefined
  nodes: number
}

export const emptyNode = (): Node => ({
  seen: 0,
  kinds: {},
  sources: [],
  value: '',
  lead: 0,
  publicly: 0,
  askers: [],
  kids: [],
  item: null,
})

const kindOf = (json: Json): Kind => {
  if (json === null) return 'null'
  if (Array.isArray(json)) return 'array'
  return typeof json as Kind
}

const noteWho = ({ who }: Source, asker: string): void => {
  if (who !== undefined && who.length < MAX_ASKERS && !who.includes(asker)) who.push(asker)
}

const learnSource = (source: Source, value: string, asked: Asked): void => {
  const given = valueFrom(source, asked)
  if (given === undefined) source.absent = (source.absent ?? 0) + 1
  // A body's field that is not named in the request stays as it was: that speaks neither for the source nor against it.
  if (given === undefined && isOfBody(source)) return
  if (given === undefined || comparable(given) !== value) {
    source.misses++
    return
  }
  source.hits++
  noteWho(source, asked.asker)
  source.varied ||= hash32(value) !== source.first
}

const seek = (node: Node, value: string, kind: Kind, lesson: Lesson): void => {
  for (const from of lesson.index().get(value) ?? [])
    if (!node.sources.some((source) => source.from === from))
      node.sources.push({ from, hits: 1, misses: 0, first: hash32(value), varied: false })
  if (node.sources.length > 0 || kind !== 'string' || !/[^\w]/.test(value)) return
  const who = lesson.isPublic ? {} : { who: [lesson.asker] }
  for (const part of partsOf(value, lesson.index())) node.sources.push({ ...part, ...who, first: hash32(value) })
}

const learnSources = (node: Node, value: string, kind: Kind, lesson: Lesson): void => {
  for (const source of node.sources) learnSource(source, value, lesson.asked)
  node.sources = node.sources.filter((s) => s.misses <= MISSES || s.hits >= SHARE * (s.hits + s.misses))
  if (node.seen <= SEEKING && node.sources.length < 8) seek(node, value, kind, lesson)
}

/** Boyer–Moore: what more than half of the public answers have here, if anything is. */
const learnValue = (node: Node, json: Json, lesson: Lesson): void => {
  if (!lesson.isPublic || isPseudonym(json)) return
  node.publicly++
  const text = JSON.stringify(json)
  if (
    text.length > lesson.longest ||
    (typeof json === 'number' && !Number.isSafeInteger(json) && Math.abs(json) > 1e15)
  ) {
    node.lead = Math.max(0, node.lead - 1)
    return
  }
  if (node.lead === 0) node.value = text
  node.lead += node.value === text ? 1 : -1
}

const learnAsker = (node: Node, asker: string): void => {
  if (node.askers.length < MAX_ASKERS && !node.askers.includes(asker)) node.askers.push(asker)
}

const kidOf = (node: Node, name: string, hint: number, lesson: Lesson): Node | undefined => {
  const guess = node.kids[hint]
  if (guess !== undefined && guess[0] === name) return guess[1]
  const known = node.kids.find(([kid]) => kid === name)
  if (known !== undefined) return known[1]
  if (node.kids.length >= MAX_KIDS || lesson.nodes >= MAX_NODES) return undefined
  lesson.nodes++
  const made = emptyNode()
  node.kids.push([name, made])
  return made
}

/** Where a node stands in its body. */
interface Spot {
  readonly pointer: string
  readonly depth: number
  /** What stood here before the exchange. */
  readonly before: Json | undefined
}

const beforeAt = (pointer: string, name: string, before: Json | undefined, lesson: Lesson): Json | undefined =>
  pointer === lesson.root ? lesson.before : ownField(before, name)

const learnKids = (node: Node, json: { readonly [key: string]: Json }, spot: Spot, lesson: Lesson): void => {
  const { pointer, depth, before } = spot
  let hint = 0
  for (const [name, value] of Object.entries(json)) {
    const kid = kidOf(node, name, hint++, lesson)
    if (kid === undefined) continue
    const below = `${pointer}/${name}`
    learnNode(kid, value, { pointer: below, depth: depth + 1, before: beforeAt(below, name, before, lesson) }, lesson)
  }
}

const learnItems = (node: Node, items: readonly Json[], depth: number, lesson: Lesson): void => {
  for (const item of items.slice(0, MAX_ITEMS)) {
    node.item ??= emptyNode()
    learnNode(node.item, item, { pointer: '*', depth: depth + 1, before: undefined }, lesson)
  }
}

/** Whether the request said what stands here: of such answers nothing is learned for those that do not. */
const isSaid = (node: Node, { asked }: Lesson): boolean =>
  asked.json !== undefined &&
  node.sources.some((source) => isOfBody(source) && isProven(source) && valueFrom(source, asked) !== undefined)

/** What was counted before it was known that requests say it. */
const forgetUsual = (node: Node): void => {
  node.value = ''
  node.lead = 0
  delete node.plain
  delete node.mine
  delete node.shared
  delete node.before
}

const learnNode = (node: Node, json: Json, spot: Spot, lesson: Lesson): void => {
  const { depth } = spot
  const kind = kindOf(json)
  node.seen++
  node.kinds[kind] = (node.kinds[kind] ?? 0) + 1
  learnAsker(node, lesson.asker)
  const isTree = kind === 'object' || kind === 'array'
  if (!isTree || depth <= 1 || node.sources.length > 0 || node.seen <= SEEKING)
    learnSources(node, comparable(json), kind, lesson)
  if (kind === 'object') {
    if (depth < MAX_DEPTH) learnKids(node, json as { readonly [key: string]: Json }, spot, lesson)
    return
  }
  if (kind === 'array' && depth < MAX_DEPTH) learnItems(node, json as readonly Json[], depth, lesson)
  learnHere(node, json, spot, lesson)
}

/** What a scalar, or an array as a whole, looks like. */
const learnHere = (node: Node, json: Json, { before }: Spot, lesson: Lesson): void => {
  const said = isSaid(node, lesson)
  if (said && node.said === undefined) forgetUsual(node)
  learnLooks(node, json, { ...lesson, said, before, object: lesson.before, made: lesson.asked.made })
  if (said) node.said = (node.said ?? node.seen - 1) + 1
  else learnValue(node, json, lesson)
}

const countNodes = (node: Node): number =>
  1 + node.kids.reduce((sum, [, kid]) => sum + countNodes(kid), 0) + (node.item === null ? 0 : countNodes(node.item))

export interface LessonOptions {
  readonly isPublic: boolean
  /** The thing that the answer is about, where the endpoint has several. */
  readonly about?: number | undefined
  readonly longest?: number
  readonly isError?: boolean
  /** The object at `root` as it was before the exchange. */
  readonly root?: string
  readonly before?: Json | undefined
}

/** Learns one body into a tree. `longest` bounds the values that are kept. */
export const learnBodyTree = (tree: Node, json: Json, asked: Asked, options: LessonOptions): void => {
  let index: SourceIndex | undefined
  const root = options.root ?? ''
  const spot = { pointer: '', depth: 0, before: root === '' ? options.before : undefined }
  learnNode(tree, json, spot, {
    asked,
    at: asked.at,
    isError: options.isError ?? false,
    root,
    before: options.before,
    about: options.about,
    index: () => (index ??= indexSources(asked)),
    isPublic: options.isPublic,
    asker: asked.asker,
    longest: options.longest ?? MAX_VALUE,
    nodes: tree.seen < 64 || tree.seen % 16 === 0 ? countNodes(tree) : MAX_NODES,
  })
}
