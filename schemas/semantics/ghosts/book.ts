/** The ghost book: all parts of the `ghosts` topic in memory, and answers from them. */
import type { Ghost } from '../../events.ts'
import type { GhostBook, GhostRequest, GhostVerdict } from '../ghost-port.ts'
import { readRequest } from './asked.ts'
import type { Asked } from './asked.ts'
import { answerRead, answerUnknown, answerWrite, isRead, isReading } from './compose.ts'
import { answerPreflight, isPreflight, withCors } from './cors.ts'
import { openDirectory } from './directory.ts'
import type { Directory } from './directory.ts'
import { readMethod } from './exact.ts'
import { changesOf } from './fold.ts'
import { isQuery } from './graph.ts'
import { parseJson } from './json.ts'
import type { AnswerSet, Credential, EndpointModel, Knowledge, ObjectRecord, ServiceFacts, Touch } from './model.ts'
import { keyOf } from './model.ts'
import { NO_OBJECTS, openCollection } from './collection.ts'
import type { OpenCollection } from './collection.ts'
import { openOverlay } from './overlay.ts'
import type { Overlay } from './overlay.ts'
import { explanationOf } from './explain.ts'
import { negotiated } from './negotiated.ts'
import { openExemplars } from './nearest.ts'
import type { Exemplars, Nearest } from './nearest.ts'
import { openNotes } from './notes.ts'
import type { Notes } from './notes.ts'
import { decodePart } from './parts.ts'
import type { Part } from './parts.ts'
import { refusal } from './place.ts'
import { remembered } from '../remembered.ts'
import { openSharing } from './sharing.ts'
import type { Sharing } from './sharing.ts'
import type { Ruled } from './place.ts'
import { identified } from './status.ts'
import { fromUtf8 } from './text.ts'
import { standIn } from './writes.ts'

interface Shelves {
  readonly endpoints: Map<string, EndpointModel>
  readonly directory: Directory
  readonly answers: Map<string, AnswerSet>
  readonly exemplars: Exemplars
  readonly objects: Map<string, ObjectRecord>
  /** Objects by service and type. */
  readonly collections: Map<string, OpenCollection>
  readonly credentials: Map<string, Credential>
  readonly touches: Map<string, Touch>
  readonly facts: Map<string, ServiceFacts>
  /** When anything was written, removed or touched last, by service. */
  readonly changed: Map<string, number>
  readonly overlay: Overlay
  readonly sharing: Sharing
  /** Which kind a key holds: a deletion says only the key. */
  readonly kinds: Map<string, Part['kind']>
}

const openShelves = (): Shelves => ({
  endpoints: new Map(),
  directory: openDirectory(),
  answers: new Map(),
  exemplars: openExemplars(),
  objects: new Map(),
  collections: new Map(),
  credentials: new Map(),
  touches: new Map(),
  facts: new Map(),
  changed: new Map(),
  overlay: openOverlay(),
  sharing: openSharing(),
  kinds: new Map(),
})

const opened = <V>(map: Map<string, V>, key: string, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

const removeEndpoint = (shelves: Shelves, key: string): void => {
  const old = shelves.endpoints.get(key)
  if (old === undefined) return
  shelves.endpoints.delete(key)
  shelves.directory.forget(old)
}

const removeObject = (shelves: Shelves, key: string): void => {
  const old = shelves.objects.get(key)
  if (old === undefined) return
  shelves.objects.delete(key)
  shelves.collections.get(keyOf(old.service, old.type))?.remove(old)
}

const remove = (shelves: Shelves, key: string): void => {
  switch (shelves.kinds.get(key)) {
    case undefined:
      return
    case 'endpoint':
      removeEndpoint(shelves, key)
      break
    case 'object':
      removeObject(shelves, key)
      break
    case 'answer':
      shelves.answers.delete(key)
      break
    case 'credential':
      shelves.credentials.delete(key)
      break
    case 'touch':
      shelves.touches.delete(key)
      break
    case 'facts':
      shelves.facts.delete(key)
      break
    case 'change':
      shelves.overlay.delete(key)
      break
    case 'write':
      break
  }
  shelves.kinds.delete(key)
}

const noteChange = ({ changed }: Shelves, service: string, at: number): void => {
  if (at > (changed.get(service) ?? 0)) changed.set(service, at)
}

const putObject = (shelves: Shelves, key: string, made: ObjectRecord): void => {
  const object = shelves.sharing.object(key, made)
  shelves.objects.set(key, object)
  opened(shelves.collections, keyOf(object.service, object.type), openCollection).add(object)
  noteChange(shelves, object.service, Math.max(object.written, object.gone))
}

const put = (shelves: Shelves, key: string, part: Part): void => {
  if (shelves.kinds.get(key) !== part.kind || part.kind === 'endpoint') remove(shelves, key)
  shelves.kinds.set(key, part.kind)
  switch (part.kind) {
    case 'endpoint':
      shelves.endpoints.set(key, part.value)
      shelves.directory.note(part.value)
      break
    case 'object':
      putObject(shelves, key, part.value)
      break
    case 'answer':
      shelves.answers.set(key, shelves.sharing.answers(key, part.value))
      shelves.exemplars.note(part.value.endpoint, key)
      break
    case 'credential':
      shelves.credentials.set(key, part.value)
      break
    case 'touch':
      shelves.touches.set(key, part.value)
      noteChange(shelves, part.value.service, part.value.at)
      break
    case 'facts':
      shelves.facts.set(key, part.value)
      break
    case 'change':
      shelves.overlay.put(part.value)
      break
    case 'write':
      break
  }
}

const factsKey = remembered((service) => keyOf('facts', service))

const knowledgeOf = (shelves: Shelves): Knowledge => {
  const collection = (service: string, type: string) => shelves.collections.get(keyOf(service, type)) ?? NO_OBJECTS
  return {
    ...shelves.directory,
    facts: (service) => shelves.facts.get(factsKey(service)),
    answers: (key) => shelves.answers.get(key),
    object: (key) => shelves.objects.get(key),
    objects: collection,
    written: (service, type) => collection(service, type).written(),
    credential: (key) => shelves.credentials.get(key),
    touch: (key) => shelves.touches.get(key),
    changedAt: (service) => shelves.changed.get(service) ?? 0,
  }
}

const CONDITIONS = ['if-match', 'if-unmodified-since', 'if-none-match']

interface Seen {
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly found: EndpointModel | undefined
}

const endpointOf = ({ service, method, target, graph }: Asked, knowledge: Knowledge): EndpointModel | undefined =>
  knowledge.sibling(service, readMethod(method), target, graph?.operation)

/** The request and what is known, as its asker sees it. */
const look = (shelves: Shelves, base: Knowledge, request: GhostRequest, notes?: Notes): Seen => {
  const plain = identified(readRequest(request), base)
  const asked = notes === undefined ? plain : { ...plain, notes }
  const knowledge = shelves.overlay.size === 0 ? base : shelves.overlay.over(base, asked)
  return { asked, knowledge, found: endpointOf(asked, knowledge) }
}

const mayWrite = (asked: Asked, { writes }: GhostRequest): string | undefined => {
  // RFC 9110 section 13.1: only the backend knows what it has now.
  if (CONDITIONS.some((name) => asked.headers.has(name))) return 'the write is conditional on what the backend has'
  return writes === true ? undefined : `${asked.method} changes things; only the backend may do that`
}

const answerSeen = (seen: Seen, request: GhostRequest): Ruled => {
  const { asked, knowledge, found } = seen
  if (isPreflight(asked)) return answerPreflight(asked, knowledge, found)
  return withCors(negotiated(answerPlain(seen, request), asked), asked, knowledge)
}

const answerPlain = ({ asked, knowledge, found }: Seen, request: GhostRequest): Ruled => {
  if (found === undefined && asked.graph !== undefined)
    return refusal(
      '',
      'unknown-endpoint',
      `nothing is known of ${asked.graph.operation} at ${asked.path.slice(0, 200)}`,
    )
  if (found === undefined && isRead(asked.method)) return answerUnknown(asked, knowledge)
  if (found !== undefined && isReading(found)) return answerRead(found, asked, knowledge)
  const refused = mayWrite(asked, request)
  return refused === undefined ? answerWrite(found, asked, knowledge) : refusal(found?.id ?? '', 'write', refused)
}

/** How sure an answer is by a model of what stands behind it; undefined where there is none, and the tables' word holds. */
export type Judge = (service: string, evidence: () => Uint8Array) => number | undefined

const judged = ({ verdict, evidence }: Ruled, service: string, judge: Judge | undefined): GhostVerdict => {
  if (judge === undefined || evidence === undefined || verdict.kind !== 'answer') return verdict
  const confidence = judge(service, evidence)
  return confidence === undefined ? verdict : { ...verdict, confidence }
}

const nearestTo = ({ exemplars, answers }: Shelves, { found, asked }: Seen): Nearest | undefined =>
  found === undefined ? undefined : exemplars.find(found.id, asked, (key) => answers.get(key))

/** An empty book. A part that cannot be believed counts as gone: the older one under its key may be wrong by now. */
export const openGhostBook = (judge?: Judge): GhostBook => {
  const shelves = openShelves()
  const knowledge = knowledgeOf(shelves)
  return {
    apply: (key: string, ghost: Ghost | undefined) => {
      const part = ghost === undefined || ghost.key !== key ? undefined : decodePart(ghost)
      if (part === undefined) remove(shelves, key)
      else put(shelves, key, part)
    },
    learned: (service, method, target) => {
      const model = knowledge.sibling(service, readMethod(method), target)
      return model === undefined ? undefined : { endpoint: model.id, vitals: model.vitals }
    },
    hasOperations: (service, target) => shelves.directory.hasOperations(service, target.split('?')[0] ?? target),
    isQuery: (request) => {
      const asked = readRequest(request)
      const found = asked.graph === undefined ? undefined : endpointOf(asked, knowledge)
      return found !== undefined && isQuery(found)
    },
    answer: (request: GhostRequest): GhostVerdict => {
      try {
        return judged(answerSeen(look(shelves, knowledge, request), request), request.service, judge)
      } catch (error) {
        return refusal('', 'not-servable', `the ghost could not be made: ${(error as Error).message}`).verdict
      }
    },
    explain: (request) => {
      const notes = openNotes()
      const seen = look(shelves, knowledge, request, notes)
      const ruled = answerSeen(seen, request)
      const verdict = judged(ruled, request.service, judge)
      const nearest = nearestTo(shelves, seen)
      return explanationOf({ ...seen, ruled, verdict, notes, nearest, endpoints: shelves.endpoints.values() })
    },
    accept: (request, { id, status, body }) => {
      const seen = look(shelves, knowledge, request)
      const model = seen.found ?? standIn(seen.asked, seen.knowledge)?.model
      if (model === undefined) return
      const json = parseJson(fromUtf8(body))
      for (const change of changesOf({ ...seen, model, status, json, write: id })) {
        shelves.kinds.set(change.key, 'change')
        shelves.overlay.put(change)
      }
    },
  }
}
