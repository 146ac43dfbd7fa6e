/**
 * A bounded store: what was touched longest ago goes first. The order of touching is part of the values (`tick`), so a
 * restored shelf forgets in the same order as the one that wrote the changelog.
 */
import type { Store } from '../kit/processor.ts'

export interface Shelved {
  readonly key: string
  tick: number
}

/** A group of values with bounds of its own: a service, or one endpoint. */
export interface Bound {
  readonly group: string
  readonly count: number
  readonly bytes: number
}

export interface Shelf<V extends Shelved> {
  get(key: string): V | undefined
  /** Keeps a value as the latest; gives back those that had to go. */
  put(value: V): readonly V[]
  delete(key: string): V | undefined
  restored(): void
}

interface Group {
  /** Keys in order of touching, with their sizes. */
  readonly sizes: Map<string, number>
  bytes: number
}

interface Measure<V> {
  readonly bounds: (value: V) => readonly Bound[]
  readonly size: (value: V) => number
}

interface Groups<V> {
  leave(value: V): void
  enter(value: V): void
  /** The oldest key of a group of `value` that is over its bounds, never the value's own. */
  surplus(value: V): string | undefined
  clear(): void
}

const openGroups = <V extends Shelved>({ bounds, size }: Measure<V>): Groups<V> => {
  const groups = new Map<string, Group>()
  return {
    clear: () => groups.clear(),
    leave: (value) => {
      for (const { group } of bounds(value)) {
        const kept = groups.get(group)
        const held = kept?.sizes.get(value.key)
        if (kept === undefined || held === undefined) continue
        kept.sizes.delete(value.key)
        kept.bytes -= held
        if (kept.sizes.size === 0) groups.delete(group)
      }
    },
    enter: (value) => {
      for (const { group } of bounds(value)) {
        const kept = groups.get(group) ?? { sizes: new Map<string, number>(), bytes: 0 }
        groups.set(group, kept)
        kept.sizes.set(value.key, size(value))
        kept.bytes += size(value)
      }
    },
    surplus: (value) => {
      for (const bound of bounds(value)) {
        const group = groups.get(bound.group)
        if (group === undefined || (group.sizes.size <= bound.count && group.bytes <= bound.bytes)) continue
        const [oldest] = group.sizes.keys()
        if (oldest !== undefined && oldest !== value.key) return oldest
      }
      return undefined
    },
  }
}

/** A shelf over a store. */
export const openShelf = <V extends Shelved>(store: Store<V>, measure: Measure<V>): Shelf<V> => {
  const groups = openGroups(measure)
  const remove = (key: string): V | undefined => {
    const value = store.get(key)
    if (value === undefined) return undefined
    groups.leave(value)
    store.delete(key)
    return value
  }
  return {
    get: (key) => store.get(key),
    delete: remove,
    put: (value) => {
      const before = store.get(value.key)
      if (before !== undefined) groups.leave(before)
      store.set(value.key, value)
      groups.enter(value)
      const gone: V[] = []
      for (let key = groups.surplus(value); key !== undefined; key = groups.surplus(value)) {
        const removed = remove(key)
        if (removed === undefined) break
        gone.push(removed)
      }
      return gone
    },
    restored: () => {
      groups.clear()
      const values = store.keys().map((key) => store.get(key) as V)
      for (const value of values.sort((a, b) => a.tick - b.tick)) groups.enter(value)
    },
  }
}
