/**
 * What ghosts said was written. A write that a ghost accepted is on the log as an exchange like any other; folding it
 * gives changes, and the changes laid over what was learned from the backend give what this asker sees from now on. The
 * ingress folds its own answers at once, the processor folds them from the log: the same function over the same values,
 * so a restarted or another ingress comes to the same.
 */
import type { Asked } from './asked.ts'
import type { Collection, Given, Knowledge, ObjectRecord, Touch } from './model.ts'
import { keyOf } from './model.ts'
import { touchKey } from './exact.ts'
import { objectKey } from './objects.ts'
import { isDigits } from './pointers.ts'

/** One object as an asker sees it after a write of theirs; `json` is '' when it is gone. */
export interface Change {
  readonly key: string
  readonly service: string
  readonly asker: string
  readonly type: string
  readonly id: string
  readonly json: string
  /** `json` is the object's own representation, with nothing missing. */
  readonly whole: boolean
  /** The path that was written to: what was read there before is out of date. */
  readonly paths: readonly string[]
  readonly at: number
  /** Event id of the exchange: the newest write of this object. */
  readonly write: string
  /** The write was of something below it: what the backend shows of this object says nothing against that. */
  readonly aside?: boolean
  tick: number
}

export const changeKey = (service: string, asker: string, type: string, id: string): string =>
  keyOf('change', service, asker, type, id)

export interface Overlay {
  put(change: Change): void
  delete(key: string): void
  readonly size: number
  /** What is known, as this asker sees it now. */
  over(knowledge: Knowledge, asked: Asked): Knowledge
}

interface Layer {
  readonly changes: Map<string, Change>
  /** By object and by collection, made from the changes. */
  readonly objects: Map<string, Change>
  readonly types: Map<string, Map<string, Change>>
  readonly touches: Map<string, number>
}

const openLayer = (): Layer => ({ changes: new Map(), objects: new Map(), types: new Map(), touches: new Map() })

const add = (layer: Layer, change: Change): void => {
  layer.changes.set(change.key, change)
  layer.objects.set(objectKey(change.service, change.type, change.id), change)
  const type = keyOf(change.service, change.type)
  const kept = layer.types.get(type) ?? new Map<string, Change>()
  layer.types.set(type, kept.set(change.id, change))
  for (const path of change.paths)
    layer.touches.set(
      touchKey(change.service, path),
      Math.max(change.at, layer.touches.get(touchKey(change.service, path)) ?? 0),
    )
}

const rebuilt = (changes: Iterable<Change>): Layer => {
  const layer = openLayer()
  for (const change of changes) add(layer, change)
  return layer
}

/** A change as the record that reading knows. */
const recordOf = (change: Change, base: ObjectRecord | undefined): ObjectRecord => {
  const { service, type, id, asker, at, json, whole } = change
  const key = objectKey(service, type, id)
  const record = { key, service, type, id, tick: 0, written: at, born: base?.born ?? at }
  if (json === '') return { ...record, views: base?.views ?? [], gone: at }
  return {
    ...record,
    views: [...(base?.views ?? []), { asker, json, at, whole }],
    gone: base !== undefined && base.gone > at ? base.gone : 0,
  }
}

const records = new WeakMap<Change, { readonly base: ObjectRecord | undefined; readonly record: ObjectRecord }>()
const merged = (change: Change, base: ObjectRecord | undefined): ObjectRecord => {
  const known = records.get(change)
  if (known !== undefined && known.base === base) return known.record
  const record = recordOf(change, base)
  records.set(change, { base, record })
  return record
}

/** With how many changes it counts: it is kept as long as there is one. */
interface Counter extends Given {
  readonly changes: number
}
const NONE: Counter = { largest: 0, made: 0, changes: 0 }

/** /a/1/notes and /a/2/notes mostly share a counter. */
const counterOf = (service: string, type: string): string => keyOf(service, type.slice(type.lastIndexOf('/')))

const joined = (layer: Layer, knowledge: Knowledge, service: string, type: string): Collection => {
  const base = knowledge.objects(service, type)
  const changes = layer.types.get(keyOf(service, type))
  const made = [...(changes?.values() ?? [])].filter(
    (c) => knowledge.object(objectKey(service, type, c.id)) === undefined,
  )
  return {
    size: base.size + made.length,
    removed: base.removed,
    isNumber: (id) => base.isNumber(id),
    largest: base.largest,
    sight: (asker, idField, now) => base.sight(asker, idField, now),
    seenBy: (asker) => (changes?.size ?? 0) > 0 || base.seenBy(asker),
    isApart: () => base.isApart(),
    changed: () =>
      [...(changes?.values() ?? [])].map((c) => merged(c, knowledge.object(objectKey(service, type, c.id)))),
    values: function* () {
      for (const object of base.values()) {
        const change = changes?.get(object.id)
        yield change === undefined ? object : merged(change, object)
      }
      for (const change of made) yield merged(change, undefined)
    },
  }
}

const touchOf = (layer: Layer, knowledge: Knowledge, key: string): Touch | undefined => {
  const base = knowledge.touch(key)
  const at = layer.touches.get(key)
  return at === undefined || (base !== undefined && base.at >= at) ? base : { key, service: '', at, tick: 0 }
}

const lay = (layer: Layer, knowledge: Knowledge): Knowledge => ({
  ...knowledge,
  changedAt: undefined,
  object: (key) => {
    const change = layer.objects.get(key)
    return change === undefined ? knowledge.object(key) : merged(change, knowledge.object(key))
  },
  objects: (service, type) => joined(layer, knowledge, service, type),
  written: function* (service, type) {
    const changes = layer.types.get(keyOf(service, type))
    for (const object of knowledge.written(service, type)) if (!changes?.has(object.id)) yield object
    for (const change of changes?.values() ?? [])
      yield merged(change, knowledge.object(objectKey(service, type, change.id)))
  },
  touch: (key) => touchOf(layer, knowledge, key),
})

/** An empty overlay. Of two changes of one object the later one stays, in whatever order they come. */
export const openOverlay = (): Overlay => {
  const layers = new Map<string, Layer>()
  const owners = new Map<string, string>()
  const counters = new Map<string, Counter>()
  const given = (service: string, type: string): Given => counters.get(counterOf(service, type)) ?? NONE
  const count = ({ service, type, id, paths }: Change, by: 1 | -1): void => {
    const key = counterOf(service, type)
    const { largest, made, changes } = counters.get(key) ?? NONE
    const number = isDigits(id) ? Number(id) : 0
    if (changes + by === 0) counters.delete(key)
    else
      counters.set(key, {
        largest: Math.max(largest, number),
        made: made + (paths[0] === type ? by : 0),
        changes: changes + by,
      })
  }
  const layerKey = (service: string, asker: string): string => keyOf(service, asker)
  return {
    put: (change) => {
      const owner = layerKey(change.service, change.asker)
      const layer = layers.get(owner) ?? openLayer()
      const known = layer.changes.get(change.key)
      if (known !== undefined && known.at > change.at) return
      layers.set(owner, layer)
      if (known === undefined) count(change, 1)
      owners.set(change.key, owner)
      add(layer, change)
    },
    delete: (key) => {
      const owner = owners.get(key)
      if (owner === undefined) return
      owners.delete(key)
      const layer = layers.get(owner)
      const known = layer?.changes.get(key)
      if (known !== undefined) count(known, -1)
      layer?.changes.delete(key)
      if (layer === undefined || layer.changes.size === 0) layers.delete(owner)
      else layers.set(owner, rebuilt(layer.changes.values()))
    },
    get size() {
      return owners.size
    },
    over: (knowledge, asked) => {
      const layer = layers.get(layerKey(asked.service, asked.asker))
      const known = layer === undefined ? knowledge : lay(layer, knowledge)
      return counters.size === 0 ? known : { ...known, given }
    },
  }
}
