/** The ghost book: all parts of the `ghosts` topic in memory, and answers from them. */
import type { Ghost } from '../../events.ts'
import type { GhostBook, GhostRequest, GhostVerdict } from '../ghost-port.ts'
import { openTemplates } from '../templates.ts'
import type { TemplateMatcher } from '../templates.ts'
import { readRequest } from './asked.ts'
import { answerRead, answerUnknown, answerWrite, isRead, refusal } from './compose.ts'
import type { Ruled } from './compose.ts'
import { readMethod } from './exact.ts'
import type { AnswerSet, Credential, EndpointModel, Knowledge, ObjectRecord, ServiceFacts, Touch } from './model.ts'
import { keyOf } from './model.ts'
import { decodePart } from './parts.ts'
import type { Part } from './parts.ts'

interface Shelves {
  readonly endpoints: Map<string, EndpointModel>
  readonly matchers: Map<string, TemplateMatcher<EndpointModel>>
  readonly answers: Map<string, AnswerSet>
  readonly objects: Map<string, ObjectRecord>
  /** Objects by service and type. */
  readonly types: Map<string, Map<string, ObjectRecord>>
  readonly credentials: Map<string, Credential>
  readonly touches: Map<string, Touch>
  readonly facts: Map<string, ServiceFacts>
  /** Which kind a key holds: a deletion says only the key. */
  readonly kinds: Map<string, Part['kind']>
}

const openShelves = (): Shelves => ({
  endpoints: new Map(),
  matchers: new Map(),
  answers: new Map(),
  objects: new Map(),
  types: new Map(),
  credentials: new Map(),
  touches: new Map(),
  facts: new Map(),
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
  shelves.matchers.get(old.service)?.delete(old)
}

const removeObject = (shelves: Shelves, key: string): void => {
  const old = shelves.objects.get(key)
  if (old === undefined) return
  shelves.objects.delete(key)
  shelves.types.get(keyOf(old.service, old.type))?.delete(key)
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
  }
  shelves.kinds.delete(key)
}

const put = (shelves: Shelves, key: string, part: Part): void => {
  remove(shelves, key)
  shelves.kinds.set(key, part.kind)
  switch (part.kind) {
    case 'endpoint':
      shelves.endpoints.set(key, part.value)
      opened(shelves.matchers, part.value.service, () => openTemplates<EndpointModel>()).set(part.value)
      break
    case 'object':
      shelves.objects.set(key, part.value)
      opened(shelves.types, keyOf(part.value.service, part.value.type), () => new Map()).set(key, part.value)
      break
    case 'answer':
      shelves.answers.set(key, part.value)
      break
    case 'credential':
      shelves.credentials.set(key, part.value)
      break
    case 'touch':
      shelves.touches.set(key, part.value)
      break
    case 'facts':
      shelves.facts.set(key, part.value)
      break
  }
}

const knowledgeOf = (shelves: Shelves): Knowledge => ({
  facts: (service) => shelves.facts.get(keyOf('facts', service)),
  answers: (key) => shelves.answers.get(key),
  object: (key) => shelves.objects.get(key),
  objects: (service, type) => shelves.types.get(keyOf(service, type))?.values() ?? [],
  credential: (key) => shelves.credentials.get(key),
  touch: (key) => shelves.touches.get(key),
})

const answerFrom = (shelves: Shelves, knowledge: Knowledge, request: GhostRequest): Ruled => {
  const read = isRead(request.method)
  const found = shelves.matchers.get(request.service)?.match(readMethod(request.method), request.target)?.endpoint
  if (!read && request.writes !== true)
    return refusal(found?.id ?? '', 'write', `${request.method} changes things; only the backend may do that`)
  const asked = readRequest(request)
  if (found === undefined) return answerUnknown(asked, knowledge)
  return read ? answerRead(found, asked, knowledge) : answerWrite(found, asked, knowledge)
}

/** An empty book. A part that cannot be believed counts as gone: the older one under its key may be wrong by now. */
export const openGhostBook = (): GhostBook => {
  const shelves = openShelves()
  const knowledge = knowledgeOf(shelves)
  return {
    apply: (key: string, ghost: Ghost | undefined) => {
      const part = ghost === undefined || ghost.key !== key ? undefined : decodePart(ghost)
      if (part === undefined) remove(shelves, key)
      else put(shelves, key, part)
    },
    answer: (request: GhostRequest): GhostVerdict => {
      try {
        return answerFrom(shelves, knowledge, request).verdict
      } catch (error) {
        return refusal('', 'not-servable', `the ghost could not be made: ${(error as Error).message}`).verdict
      }
    },
  }
}
