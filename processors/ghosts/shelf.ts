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

type Bounds = readonly Bound[]

interface Groups {
  leave(bounds: Bounds, key: string): void
  enter(bounds: Bounds, key: string, size: number): void
  /** The oldest key of a group that is over its bounds, never `key` itself. */
  surplus(bounds: Bounds, key: string): string | undefined
  /** Forgets those of the groups that are empty. */
  tidy(bounds: Bounds): void
  clear(): void
}

const openGroups = (): Groups => {
  const groups = new Map<string, Group>()
  const open = (name: string): Group => {
    const group = { sizes: new Map<string, number>(), bytes: 0 }
    groups.set(name, group)
    return group
  }
  return {
    clear: () => groups.clear(),
    leave: (bounds, key) => {
      for (const { group } of bounds) {
        const kept = groups.get(group)
        const held = kept?.sizes.get(key)
        if (kept === undefined || held === undefined) continue
        kept.sizes.delete(key)
        kept.bytes -= held
      }
    },
    enter: (bounds, key, size) => {
      for (const { group } of bounds) {
        const kept = groups.get(group) ?? open(group)
        kept.sizes.set(key, size)
        kept.bytes += size
      }
    },
    surplus: (bounds, key) => {
      for (const bound of bounds) {
        const group = groups.get(bound.group)
        if (group === undefined || (group.sizes.size <= bound.count && group.bytes <= bound.bytes)) continue
        const [oldest] = group.sizes.keys()
        if (oldest !== undefined && oldest !== key) return oldest
      }
      return undefined
    },
    tidy: (bounds) => {
      for (const { group } of bounds) if (groups.get(group)?.sizes.size === 0) groups.delete(group)
    },
  }
}

/** A shelf over a store. */
export const openShelf = <V extends Shelved>(store: Store<V>, { bounds, size }: Measure<V>): Shelf<V> => {
  const groups = openGroups()
  const remove = (key: string): V | undefined => {
    const value = store.get(key)
    if (value === undefined) return undefined
    const left = bounds(value)
    groups.leave(left, key)
    groups.tidy(left)
    store.delete(key)
    return value
  }
  return {
    get: (key) => store.get(key),
    delete: remove,
    put: (value) => {
      const before = store.get(value.key)
      const own = bounds(value)
      const left = before === undefined || before === value ? own : bounds(before)
      groups.leave(left, value.key)
      store.set(value.key, value)
      groups.enter(own, value.key, size(value))
      if (left !== own) groups.tidy(left)
      const gone: V[] = []
      for (let key = groups.surplus(own, value.key); key !== undefined; key = groups.surplus(own, value.key)) {
        const removed = remove(key)
        if (removed === undefined) break
        gone.push(removed)
      }
      return gone
    },
    restored: () => {
      groups.clear()
      const values = store.keys().map((key) => store.get(key) as V)
      for (const value of values.sort((a, b) => a.tick - b.tick)) groups.enter(bounds(value), value.key, size(value))
    },
  }
}
