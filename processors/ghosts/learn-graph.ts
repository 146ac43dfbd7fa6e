/** Learns GraphQL: the objects in answers, by what root fields find theirs, and which types are one under two names. */
import { NOTHING, partsOf } from '../../schemas/semantics/ghosts/graph-answer.ts'
import { KEPT, ROOTS, typeAt } from '../../schemas/semantics/ghosts/graph-find.ts'
import { underNames } from '../../schemas/semantics/ghosts/graph.ts'
import type { Graph } from '../../schemas/semantics/ghosts/graph.ts'
import { linkIn, takenApart } from '../../schemas/semantics/ghosts/graph-store.ts'
import type { Part } from '../../schemas/semantics/ghosts/graph-store.ts'
import type { Selected } from '../../schemas/semantics/graphql-selection.ts'
import type { GraphFacts, GraphRoot } from '../../schemas/semantics/ghosts/graph-model.ts'
import type { EndpointModel, Json } from '../../schemas/semantics/ghosts/model.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { isDigits, isFields, isScalar, ownField, textOf } from '../../schemas/semantics/ghosts/pointers.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'
import { visibleView } from '../../schemas/semantics/ghosts/views.ts'
import { touchKey } from '../../schemas/semantics/ghosts/exact.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { learnCredential, learnIssued } from './learn-credentials.ts'
import { bodyModel, consentOf, ENOUGH, learnBody } from './learn-endpoint.ts'
import type { Consent } from './learn-endpoint.ts'
import { addView, emptyObject } from './learn-objects.ts'
import { factsOf, learnStatus } from './learn-service.ts'
import { contradict } from './learn-writes.ts'
import type { Lesson } from './lesson.ts'

const MAX_TYPES = 32
const MAX_LINKS = 64
const MAX_ROOTS = 16
const MAX_PARTS = 200
const MAX_NAME = 512
/** Of ids that nobody saw before only the last few tell: at first none was seen. */
const HALVE_AT = 8

const graphFacts = ({ asked, memory }: Pick<Lesson, 'asked' | 'memory'>): GraphFacts => {
  const state = factsOf(memory, asked.service)
  state.facts.graph ??= { types: [], links: [] }
  memory.factsStore.set(asked.service, { ...state, dirty: true })
  return state.facts.graph
}

/** Adds what an asker saw to what they saw of the same before; what somebody wrote to since is forgotten. */
const keep = ({ asked, memory, emit }: Lesson, type: string, id: string, fields: Fields): void => {
  const key = objectKey(asked.service, typeAt(asked, type), id)
  const record = memory.object(key) ?? emptyObject(asked.service, typeAt(asked, type), id, asked.at)
  const known = visibleView(record, asked.asker)
  const all = known === undefined || known.stale ? fields : { ...known.value, ...fields }
  if (addView(record, asked, { fields: all, whole: true })) memory.keepObject(record, emit)
}

const IDS = new Set(['id', '_id', 'nodeId'])

/** Whether what two types say of one id is the same, what a mutation was given apart; undefined where nothing is in common. */
const agree = (a: Fields, b: Fields, given: ReadonlySet<string>): boolean | undefined => {
  const common = Object.entries(a).filter(
    ([name, value]) =>
      !IDS.has(name) &&
      name !== '__typename' &&
      isScalar(value) &&
      isScalar(ownField(b, name)) &&
      !given.has(String(value)),
  )
  return common.length === 0 ? undefined : common.every(([name, value]) => ownField(b, name) === value)
}

const NOTHING_GIVEN: ReadonlySet<string> = new Set()

const countLink = ({ links }: GraphFacts, types: readonly string[], same: boolean): void => {
  const [a = '', b = ''] = [...types].sort()
  let link = links.find(([x, y]) => x === a && y === b)
  if (link === undefined && links.length < MAX_LINKS) links.push((link = [a, b, 0, 0]))
  if (link !== undefined) link[same ? 2 : 3]++
}

/** Counts for each other type whether its object of the same id is the same one. */
const learnLinks = (
  { asked, memory }: Pick<Lesson, 'asked' | 'memory'>,
  { type, id, fields }: Part,
  given = NOTHING_GIVEN,
): void => {
  const facts = graphFacts({ asked, memory })
  for (const other of facts.types) {
    const record = other === type ? undefined : memory.object(objectKey(asked.service, typeAt(asked, other), id))
    const view = record === undefined ? undefined : visibleView(record, asked.asker)
    const same = view === undefined || view.stale ? undefined : agree(fields, view.value, given)
    if (same !== undefined) countLink(facts, [type, other], same)
  }
}

const learnPart = (lesson: Lesson, facts: GraphFacts, part: Part): void => {
  if (!facts.types.includes(part.type)) {
    if (facts.types.length >= MAX_TYPES) return
    facts.types.push(part.type)
  }
  contradict(lesson, { type: typeAt(lesson.asked, part.type), id: part.id })
  learnLinks(lesson, part)
  keep(lesson, part.type, part.id, part.fields)
}

const rootFor = (model: EndpointModel, field: string): GraphRoot | undefined => {
  const known = model.graph?.find((root) => root.field === field)
  if (known !== undefined || (model.graph?.length ?? 0) >= MAX_ROOTS) return known
  const made: GraphRoot = { field, type: '', by: [], unseen: [0, 0], largest: -1 }
  model.graph = [...(model.graph ?? []), made]
  return made
}

const learnBy = (root: GraphRoot, args: Fields, id: string): void => {
  for (const [name, value] of Object.entries(args).slice(0, 8)) {
    const isId = textOf(value) === id
    let known = root.by.find(([one]) => one === name)
    if (known === undefined) root.by.push((known = [name, 0, 0]))
    known[isId ? 1 : 2]++
  }
}

const countUnseen = (root: GraphRoot, found: boolean): void => {
  root.unseen[found ? 1 : 0]++
  if (root.unseen[0] + root.unseen[1] >= HALVE_AT) root.unseen = [root.unseen[0] / 2, root.unseen[1] / 2]
}

const idBy = ({ by }: GraphRoot, { args }: Selected): string | undefined => {
  const [best] = by.filter(([, hits, misses]) => hits > 0 && misses === 0)
  return best === undefined ? undefined : textOf(args[best[0]])
}

/** What was under an id that a root field was asked for: something, or nothing any more. */
const learnRoot = (lesson: Lesson, root: GraphRoot, selected: Selected, kept: Json): void => {
  const { asked, memory, emit } = lesson
  const link = linkIn(kept)
  if (link !== undefined) {
    root.type = link[0]
    learnBy(root, selected.args, link[1])
    if (isDigits(link[1])) root.largest = Math.max(root.largest, Number(link[1]))
  }
  const id = idBy(root, selected)
  if (id === undefined || (kept !== null && link === undefined)) return
  const types = [root.type, ...graphFacts(lesson).types]
  const records = types.flatMap((type) => memory.object(objectKey(asked.service, typeAt(asked, type), id)) ?? [])
  const isNews = !records.some(({ views }) => views.some(({ at }) => at < asked.at))
  if (isNews) countUnseen(root, link !== undefined)
  if (kept !== null || root.type === '') return
  for (const record of records)
    if (record.type === typeAt(asked, root.type) && record.views.every(({ asker }) => asker === asked.asker)) {
      record.gone = asked.at
      memory.keepObject(record, emit)
    }
}

const learnRoots = (lesson: Lesson, model: EndpointModel, selected: readonly Selected[], data: Json): void => {
  const facts = graphFacts(lesson)
  for (const one of selected) {
    const value = ownField(data, one.key)
    if (value === undefined || one.name.length > MAX_NAME) continue
    const parts: Part[] = []
    const kept = takenApart(value, one, (part) => void parts.push(part))
    const root = rootFor(model, one.field)
    if (root !== undefined) learnRoot(lesson, root, one, kept)
    for (const part of parts.slice(0, MAX_PARTS)) learnPart(lesson, facts, part)
    keep(lesson, ROOTS, one.name, { [KEPT]: kept })
  }
}

/** An answer under the fields' own names, with its first error alone, so that what is learned of it holds for all documents. */
const named = (json: Json | undefined, selected: readonly Selected[]): Json => {
  const data = ownField(json, 'data')
  const rest = isFields(json) ? json : {}
  const errors = ownField(json, 'errors')
  const [first = null] = Array.isArray(errors) ? (errors as Json[]) : []
  return { ...rest, errors: first, data: isFields(data) ? underNames(data, selected) : null }
}

const learnLooks = (lesson: Lesson, model: EndpointModel, key: string, consent: Consent): void => {
  const { o, asked } = lesson
  const json = named(o.responseJson as Json | undefined, asked.graph?.selected ?? [])
  const body = bodyModel(model, key)
  if (body === undefined || body.seen >= ENOUGH) return
  learnBody(body, { ...o, responseJson: json }, asked, { isPublic: consent.isPublic, isError: key !== '200' })
}

const isAllNull = (data: Fields): boolean => Object.values(data).every((value) => value === null)

/** The answer to a query: objects, what finds them, and how it looks when nothing was found. */
export const learnQuery = (lesson: Lesson, model: EndpointModel, { selected }: Graph, consent: Consent): void => {
  const { o } = lesson
  const data = ownField(o.responseJson as Json | undefined, 'data')
  if (o.exchange.status !== 200 || selected === undefined || !isFields(data)) return
  const isPartial = ownField(o.responseJson as Json, 'errors') !== undefined
  learnLooks(lesson, model, isAllNull(data) ? NOTHING : isPartial ? '200|errors' : '200', consent)
  if (!isPartial || isAllNull(data)) learnRoots(lesson, model, selected, data)
}

const textsIn = (json: Json, into: Set<string>): Set<string> => {
  const text = textOf(json)
  if (text !== undefined && into.size < 16) into.add(text)
  if (typeof json === 'object' && json !== null) for (const one of Object.values(json)) textsIn(one as Json, into)
  return into
}

/** What a mutation names may be another since. */
const outdate = ({ o, asked, memory, emit }: Lesson, facts: GraphFacts, given: Iterable<string>): void => {
  for (const id of given)
    for (const type of facts.types) {
      const record = memory.object(objectKey(asked.service, typeAt(asked, type), id))
      if (record === undefined) continue
      record.written = o.at
      memory.keepObject(record, emit)
    }
}

/** A mutation that was carried out: what it shows is so now. */
const learnMutation = (lesson: Lesson, model: EndpointModel, { selected = [] }: Graph, consent: Consent): void => {
  const json = lesson.o.responseJson as Json | undefined
  const data = ownField(json, 'data')
  if (!isFields(data)) return
  const isDone = ownField(json, 'errors') === undefined && !isAllNull(data)
  learnLooks(lesson, model, isDone ? '200' : '200|errors', consent)
  if (!isDone) return
  const facts = graphFacts(lesson)
  const given = textsIn(lesson.asked.json ?? null, new Set())
  const parts = partsOf(data, selected).slice(0, MAX_PARTS)
  for (const part of parts) learnLinks(lesson, part, given)
  outdate(lesson, facts, given)
  for (const part of parts) learnPart(lesson, facts, part)
}

/** A mutation, as a write of the path that all operations share. */
export const learnGraphWriting = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, asked, memory, emit } = lesson
  const consent = consentOf(o, asked)
  learnStatus(lesson, model, features)
  learnCredential(lesson, false)
  if (learnIssued(lesson)) model.issues = true
  if (o.exchange.status !== 200) return
  memory.keepTouch({ key: touchKey(asked.service, asked.path), service: asked.service, at: o.at, tick: 0 }, emit)
  if (!consent.refused && !model.issues && asked.graph !== undefined) learnMutation(lesson, model, asked.graph, consent)
}
