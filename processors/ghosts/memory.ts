/**
 * The processor's knowledge: its stores behind the same face that the book shows to answering, and every change of them
 * put on the `ghosts` topic. State and topic carry the same values, so the score measured here is the users'.
 */
import type { Emit, Store, Stores } from '../kit/processor.ts'
import type {
  AnswerSet,
  Credential,
  EndpointModel,
  Knowledge,
  ObjectRecord,
  ServiceFacts,
  Touch,
} from '../../schemas/semantics/ghosts/model.ts'
import { keyOf } from '../../schemas/semantics/ghosts/model.ts'
import { encodePart } from '../../schemas/semantics/ghosts/parts.ts'
import type { Part } from '../../schemas/semantics/ghosts/parts.ts'
import { endpointFidelity } from './fidelity.ts'
import { openShelf } from './shelf.ts'
import type { Shelf, Shelved } from './shelf.ts'

const MiB = 1024 * 1024
/** Bounds per service, and per endpoint for exact answers. */
export const CAPS = {
  answers: 4000,
  answerBytes: 24 * MiB,
  endpointAnswers: 1000,
  objects: 4000,
  objectBytes: 8 * MiB,
  credentials: 5000,
  touches: 2000,
  endpoints: 1000,
} as const

export interface EndpointState extends Shelved {
  readonly model: EndpointModel
  /** Count and time of the last publication. */
  published: number
  publishedAt: number
}
export interface FactsState {
  readonly facts: ServiceFacts
  dirty: boolean
  publishedAt: number
}

export interface Memory extends Knowledge {
  readonly endpoints: Shelf<EndpointState>
  readonly factsStore: Store<FactsState>
  /** Keep a value, publish it, and take back what had to make room. */
  keepEndpoint(state: EndpointState, emit: Emit): void
  /** Keeps a change without counting it as use. */
  saveEndpoint(state: EndpointState): void
  keepAnswers(set: AnswerSet, emit: Emit): void
  keepObject(object: ObjectRecord, emit: Emit): void
  keepCredential(credential: Credential, emit: Emit): void
  keepTouch(touch: Touch, emit: Emit): void
  dropAnswers(key: string, emit: Emit): void
  publishEndpoint(state: EndpointState, at: number, emit: Emit): void
  publishFacts(state: FactsState, at: number, emit: Emit): void
  /** Which field the objects of a type template are known by, '' when that is not known. */
  idField(service: string, typeTemplate: string): string
  noteType(model: EndpointModel): void
  endpointKeys(): readonly string[]
  /** Sets the offset from which the order of touching is made. */
  begin(offset: number): void
  restored(): void
}

export const endpointKey = (id: string): string => keyOf('endpoint', id)
export const factsKey = (service: string): string => keyOf('facts', service)

const serviceBound = (service: string, count: number, bytes = Infinity) => [{ group: service, count, bytes }]

const openShelves = (stores: Stores) => {
  const endpointStore = stores.open<EndpointState>('endpoints')
  const objectStore = stores.open<ObjectRecord>('objects')
  return {
    endpointStore,
    objectStore,
    endpoints: openShelf(endpointStore, {
      bounds: (s) => serviceBound(s.model.service, CAPS.endpoints),
      size: () => 1,
    }),
    answers: openShelf(stores.open<AnswerSet>('answers'), {
      bounds: (set) => [
        { group: set.endpoint, count: CAPS.endpointAnswers, bytes: Infinity },
        ...serviceBound(`${set.service}/`, CAPS.answers, CAPS.answerBytes),
      ],
      size: (set) => set.variants.reduce((sum, v) => sum + v.body.length + 200, set.key.length),
    }),
    objects: openShelf(objectStore, {
      bounds: (o) => serviceBound(o.service, CAPS.objects, CAPS.objectBytes),
      size: (o) => o.views.reduce((sum, v) => sum + v.json.length, 100),
    }),
    credentials: openShelf(stores.open<Credential>('credentials'), {
      bounds: (c) => serviceBound(c.service, CAPS.credentials),
      size: () => 1,
    }),
    touches: openShelf(stores.open<Touch>('touches'), {
      bounds: (t) => serviceBound(t.service, CAPS.touches),
      size: () => 1,
    }),
    factsStore: stores.open<FactsState>('facts'),
  }
}

type Shelves = ReturnType<typeof openShelves>

/** Objects by type, for lists: follows from the objects, so it is rebuilt and never stored. */
const openTypes = () => {
  const byType = new Map<string, Map<string, ObjectRecord>>()
  const group = (service: string, type: string): Map<string, ObjectRecord> => {
    const key = keyOf(service, type)
    const known = byType.get(key) ?? new Map<string, ObjectRecord>()
    byType.set(key, known)
    return known
  }
  return {
    add: (o: ObjectRecord): void => void group(o.service, o.type).set(o.key, o),
    remove: (o: ObjectRecord): void => void group(o.service, o.type).delete(o.key),
    of: (service: string, type: string) => group(service, type).values(),
    clear: () => byType.clear(),
  }
}

const publish = (key: string, part: Part, at: number, emit: Emit): void =>
  emit('ghosts', key, encodePart(key, part, at, -1))

const publishEndpoint = (state: EndpointState, at: number, emit: Emit): void => {
  state.published = state.model.count
  state.publishedAt = at
  const part: Part = { kind: 'endpoint', value: state.model }
  emit('ghosts', state.key, encodePart(state.key, part, at, endpointFidelity(state.model).fidelity))
}

/** The methods that keep a value on its shelf and on the topic. */
const keepers = (shelves: Shelves, types: ReturnType<typeof openTypes>, nextTick: () => number) => {
  const retract = (values: readonly Shelved[], emit: Emit): void => {
    for (const { key } of values) emit('ghosts', key, null)
  }
  return {
    keepEndpoint: (state: EndpointState, emit: Emit): void => {
      state.tick = nextTick()
      retract(shelves.endpoints.put(state), emit)
    },
    keepAnswers: (set: AnswerSet, emit: Emit): void => {
      set.tick = nextTick()
      retract(shelves.answers.put(set), emit)
      publish(set.key, { kind: 'answer', value: set }, set.at, emit)
    },
    keepObject: (object: ObjectRecord, emit: Emit): void => {
      object.tick = nextTick()
      const gone = shelves.objects.put(object)
      types.add(object)
      for (const removed of gone) types.remove(removed)
      retract(gone, emit)
      const at = Math.max(object.gone, object.written, ...object.views.map((view) => view.at))
      publish(object.key, { kind: 'object', value: object }, at, emit)
    },
    keepCredential: (credential: Credential, emit: Emit): void => {
      credential.tick = nextTick()
      retract(shelves.credentials.put(credential), emit)
      publish(credential.key, { kind: 'credential', value: credential }, credential.at, emit)
    },
    keepTouch: (touch: Touch, emit: Emit): void => {
      touch.tick = nextTick()
      retract(shelves.touches.put(touch), emit)
      publish(touch.key, { kind: 'touch', value: touch }, touch.at, emit)
    },
    dropAnswers: (key: string, emit: Emit): void => {
      if (shelves.answers.get(key) === undefined) return
      shelves.answers.delete(key)
      emit('ghosts', key, null)
    },
  }
}

/** Opens the stores of one task. */
export const openMemory = (stores: Stores): Memory => {
  const shelves = openShelves(stores)
  const { endpointStore, objectStore } = shelves
  const types = openTypes()
  const idFields = new Map<string, string>()
  let tick = 0
  const noteType = (model: EndpointModel): void => {
    if (model.idField !== '' && model.method === 'GET')
      idFields.set(keyOf(model.service, model.template.slice(0, model.template.lastIndexOf('/'))), model.idField)
  }
  return {
    ...keepers(shelves, types, () => tick++),
    endpoints: shelves.endpoints,
    factsStore: shelves.factsStore,
    facts: (service) => shelves.factsStore.get(service)?.facts,
    answers: shelves.answers.get,
    object: shelves.objects.get,
    objects: types.of,
    credential: shelves.credentials.get,
    touch: shelves.touches.get,
    publishEndpoint,
    publishFacts: (state, at, emit) => {
      state.dirty = false
      state.publishedAt = at
      publish(factsKey(state.facts.service), { kind: 'facts', value: state.facts }, at, emit)
    },
    idField: (service, typeTemplate) => idFields.get(keyOf(service, typeTemplate)) ?? '',
    noteType,
    saveEndpoint: (state) => endpointStore.set(state.key, state),
    endpointKeys: () => endpointStore.keys(),
    begin: (offset) => {
      tick = offset * 1024
    },
    restored: () => {
      for (const shelf of [shelves.endpoints, shelves.answers, shelves.objects, shelves.credentials, shelves.touches])
        shelf.restored()
      types.clear()
      idFields.clear()
      for (const key of objectStore.keys()) types.add(objectStore.get(key) as ObjectRecord)
      for (const key of endpointStore.keys()) noteType((endpointStore.get(key) as EndpointState).model)
    },
  }
}
