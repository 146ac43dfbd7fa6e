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
import type { AcceptedWrite } from '../../schemas/semantics/ghosts/accepted.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { openDirectory } from '../../schemas/semantics/ghosts/directory.ts'
import type { Directory } from '../../schemas/semantics/ghosts/directory.ts'
import { keyOf } from '../../schemas/semantics/ghosts/model.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'
import { NO_OBJECTS, openCollection } from '../../schemas/semantics/ghosts/collection.ts'
import type { OpenCollection } from '../../schemas/semantics/ghosts/collection.ts'
import { openOverlay } from '../../schemas/semantics/ghosts/overlay.ts'
import type { Change, Overlay } from '../../schemas/semantics/ghosts/overlay.ts'
import { encodePart } from '../../schemas/semantics/ghosts/parts.ts'
import { endpointFidelity } from '../../schemas/semantics/ghosts/scores.ts'
import type { Part } from '../../schemas/semantics/ghosts/parts.ts'
import { openShelf } from './shelf.ts'
import type { Shelf, Shelved } from './shelf.ts'

const MiB = 1024 * 1024
/** Bounds per service, and per endpoint for exact answers. */
export const CAPS = {
  answers: 4000,
  answerBytes: 24 * MiB,
  endpointAnswers: 1000,
  objects: 100_000,
  objectBytes: 64 * MiB,
  credentials: 5000,
  touches: 2000,
  endpoints: 1000,
  changes: 10_000,
  changeBytes: 16 * MiB,
  writes: 10_000,
  writeBytes: 32 * MiB,
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
  keepChange(change: Change, emit: Emit): void
  dropChange(key: string, emit: Emit): void
  change(key: string): Change | undefined
  keepWrite(write: AcceptedWrite, emit: Emit): void
  write(key: string): AcceptedWrite | undefined
  /** What is known, as an asker sees it after their writes to ghosts. */
  over(asked: Asked): Knowledge
  /** Something about an endpoint was learned that paths, types or roles depend on. */
  noteEndpoint(model: EndpointModel): void
  forgetEndpoint(model: EndpointModel): void
  endpointKeys(): readonly string[]
  /** Sets the offset from which the order of touching is made. */
  begin(offset: number): void
  restored(): void
}

export const endpointKey = remembered((id) => keyOf('endpoint', id))
export const factsKey = (service: string): string => keyOf('facts', service)

const serviceBound = (service: string, count: number, bytes = Infinity) => [{ group: service, count, bytes }]

/** Stores carry the version of what they hold: what an older program kept is learned again rather than misread. */
const openShelves = (stores: Stores) => {
  const endpointStore = stores.open<EndpointState>('endpoints-2')
  const objectStore = stores.open<ObjectRecord>('objects-2')
  const changeStore = stores.open<Change>('changes')
  return {
    endpointStore,
    objectStore,
    changeStore,
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
    credentials: openShelf(stores.open<Credential>('credentials-2'), {
      bounds: (c) => serviceBound(c.service, CAPS.credentials),
      size: () => 1,
    }),
    touches: openShelf(stores.open<Touch>('touches'), {
      bounds: (t) => serviceBound(t.service, CAPS.touches),
      size: () => 1,
    }),
    changes: openShelf(changeStore, {
      bounds: (c) => serviceBound(c.service, CAPS.changes, CAPS.changeBytes),
      size: (c) => c.json.length + 200,
    }),
    writes: openShelf(stores.open<AcceptedWrite>('writes'), {
      bounds: (w) => serviceBound(w.service, CAPS.writes, CAPS.writeBytes),
      size: (w) => w.body.length + w.target.length + 200,
    }),
    factsStore: stores.open<FactsState>('facts-2'),
  }
}

type Shelves = ReturnType<typeof openShelves>

/** Objects by type, for lists: follows from the objects, so it is rebuilt and never stored. */
const openCollections = () => {
  const byType = new Map<string, OpenCollection>()
  const group = (service: string, type: string): OpenCollection => {
    const key = keyOf(service, type)
    const known = byType.get(key) ?? openCollection()
    byType.set(key, known)
    return known
  }
  return {
    add: (o: ObjectRecord): void => group(o.service, o.type).add(o),
    remove: (o: ObjectRecord): void => group(o.service, o.type).remove(o),
    of: (service: string, type: string): OpenCollection => byType.get(keyOf(service, type)) ?? NO_OBJECTS,
    clear: () => byType.clear(),
  }
}

/** What changes often and whole: encoded once a commit. `part` is nobody else's to change. */
const publishLate = (key: string, part: Part, at: number, emit: Emit): void =>
  emit('ghosts', key, () => encodePart(key, part, at, -1))

const publishEndpoint = (state: EndpointState, at: number, emit: Emit): void => {
  state.published = state.model.count
  state.publishedAt = at
  const part: Part = { kind: 'endpoint', value: state.model }
  emit('ghosts', state.key, encodePart(state.key, part, at, endpointFidelity(state.model).fidelity))
}

/** The methods that keep a value on its shelf and on the topic. */
const keepers = (shelves: Shelves, derived: Derived, nextTick: () => number) => {
  const retract = (values: readonly Shelved[], emit: Emit): void => {
    for (const { key } of values) emit('ghosts', key, null)
  }
  /** What only stands on a shelf and on the topic. */
  const keeper =
    <V extends Shelved & { readonly at: number }>(shelf: Shelf<V>, partOf: (value: V) => Part) =>
    (value: V, emit: Emit): void => {
      value.tick = nextTick()
      retract(shelf.put(value), emit)
      publishLate(value.key, partOf({ ...value }), value.at, emit)
    }
  return {
    keepEndpoint: (state: EndpointState, emit: Emit): void => {
      state.tick = nextTick()
      const gone = shelves.endpoints.put(state)
      for (const { model } of gone) derived.directory.forget(model)
      derived.directory.note(state.model)
      retract(gone, emit)
    },
    keepAnswers: keeper(shelves.answers, (value) => ({ kind: 'answer', value })),
    keepObject: (object: ObjectRecord, emit: Emit): void => {
      object.tick = nextTick()
      const gone = shelves.objects.put(object)
      derived.collections.add(object)
      for (const removed of gone) derived.collections.remove(removed)
      retract(gone, emit)
      const at = Math.max(object.gone, object.written, ...object.views.map((view) => view.at))
      publishLate(object.key, { kind: 'object', value: { ...object } }, at, emit)
    },
    keepCredential: keeper(shelves.credentials, (value) => ({ kind: 'credential', value })),
    keepTouch: keeper(shelves.touches, (value) => ({ kind: 'touch', value })),
    keepWrite: keeper(shelves.writes, (value) => ({ kind: 'write', value })),
    keepChange: (change: Change, emit: Emit): void => {
      const kept = { ...change, tick: nextTick() }
      const gone = shelves.changes.put(kept)
      for (const { key } of gone) derived.overlay.delete(key)
      derived.overlay.put(kept)
      retract(gone, emit)
      publishLate(kept.key, { kind: 'change', value: kept }, kept.at, emit)
    },
    dropChange: (key: string, emit: Emit): void => {
      if (shelves.changes.delete(key) === undefined) return
      derived.overlay.delete(key)
      emit('ghosts', key, null)
    },
    dropAnswers: (key: string, emit: Emit): void => {
      if (shelves.answers.get(key) === undefined) return
      shelves.answers.delete(key)
      emit('ghosts', key, null)
    },
  }
}

/** What follows from the stores: never stored itself. */
interface Derived {
  readonly collections: ReturnType<typeof openCollections>
  readonly directory: Directory
  overlay: Overlay
}
const openDerived = (): Derived => ({
  collections: openCollections(),
  directory: openDirectory(),
  overlay: openOverlay(),
})

const rebuild = (shelves: Shelves, derived: Derived): void => {
  for (const shelf of [
    shelves.endpoints,
    shelves.answers,
    shelves.objects,
    shelves.credentials,
    shelves.touches,
    shelves.changes,
    shelves.writes,
  ])
    shelf.restored()
  const { collections, directory } = derived
  collections.clear()
  directory.clear()
  const { objectStore, endpointStore, changeStore } = shelves
  const objects = objectStore.keys().map((key) => objectStore.get(key) as ObjectRecord)
  for (const object of objects.sort((a, b) => a.born - b.born)) collections.add(object)
  for (const key of endpointStore.keys()) directory.note((endpointStore.get(key) as EndpointState).model)
  derived.overlay = openOverlay()
  for (const key of changeStore.keys()) derived.overlay.put(changeStore.get(key) as Change)
}

const knowledgeOf = (shelves: Shelves, { collections, directory }: Derived): Knowledge => ({
  ...directory,
  facts: (service) => shelves.factsStore.get(service)?.facts,
  answers: shelves.answers.get,
  object: shelves.objects.get,
  objects: collections.of,
  written: (service, type) => collections.of(service, type).written(),
  credential: shelves.credentials.get,
  touch: shelves.touches.get,
})

/** Opens the stores of one task. */
export const openMemory = (stores: Stores): Memory => {
  const shelves = openShelves(stores)
  const derived = openDerived()
  const knowledge = knowledgeOf(shelves, derived)
  let tick = 0
  return {
    ...knowledge,
    ...keepers(shelves, derived, () => tick++),
    endpoints: shelves.endpoints,
    factsStore: shelves.factsStore,
    publishEndpoint,
    publishFacts: (state, at, emit) => {
      state.dirty = false
      state.publishedAt = at
      const key = factsKey(state.facts.service)
      emit('ghosts', key, encodePart(key, { kind: 'facts', value: state.facts }, at, -1))
    },
    change: shelves.changes.get,
    write: shelves.writes.get,
    over: (asked) => derived.overlay.over(knowledge, asked),
    noteEndpoint: (model) => derived.directory.note(model),
    forgetEndpoint: (model) => derived.directory.forget(model),
    saveEndpoint: (state) => shelves.endpointStore.set(state.key, state),
    endpointKeys: () => shelves.endpointStore.keys(),
    begin: (offset) => {
      tick = offset * 1024
    },
    restored: () => rebuild(shelves, derived),
  }
}
