/**
 * What a service's paths looked like: one node per distinct way of segments, values of a strong kind already folded to `{}`.
 * Nodes are kept in a store of their own, one small record each, so that a commit carries only what changed.
 */
import type { JsonValue, Store } from '../kit/processor.ts'

type Counts = Record<string, number>

/** One node as it is stored. */
export interface NodeRecord {
  /** Exchanges that came through, by method. */
  p: Counts
  /** Exchanges that ended here, by method. */
  t: Counts
  /** Top-level keys of 2xx bodies that ended here, by method and key set. */
  k: Counts
  /** Kinds seen per parameter of this segment, left to right, joined. */
  v: string[]
  /** Words were folded into this parameter: it stands for good. */
  w?: 1
}

export interface TrieNode {
  readonly key: string
  /** Its segment, as read. */
  readonly name: string
  readonly record: NodeRecord
  readonly children: Map<string, TrieNode>
}

/** Numbers of which no decision needs more. */
const COUNT_ENOUGH = 4096
const MAX_METHODS = 12
const MAX_KEY_SETS = 12
const MAX_KEYS = 24

/** Bounds of a service: what comes beyond them is not learned, and what is known stays as it is. */
export const MAX_NODES = 20_000
export const MAX_CHILDREN = 400
export const MAX_DEPTH = 24

/** Exchanges that came through a node. */
export const visitsOf = ({ record }: TrieNode): number => Object.values(record.p).reduce((sum, count) => sum + count, 0)

const bump = (counts: Counts, name: string, limit: number): boolean => {
  const count = counts[name]
  if (count === undefined && Object.keys(counts).length >= limit) return false
  if (count !== undefined && count >= COUNT_ENOUGH) return false
  counts[name] = (count ?? 0) + 1
  return true
}

/** The keys of a body's top, those of a list's first item after `[]`; undefined where there is nothing to compare. */
const keySet = (body: JsonValue | undefined): string | undefined => {
  const list = Array.isArray(body)
  const item = (list ? (body as readonly JsonValue[])[0] : body) as JsonValue | undefined
  if (item === undefined || item === null || typeof item !== 'object' || Array.isArray(item)) return undefined
  const keys = Object.keys(item).sort().slice(0, MAX_KEYS)
  return keys.length === 0 ? undefined : `${list ? '[]' : ''}${keys.join(',')}`
}

export const joinKinds = (a: string | undefined, b: string): string => (a === undefined || a === b ? b : 'string')

/** One exchange as the trie sees it. */
export interface Visit {
  readonly method: string
  /** What ends at the node: the method, or its operations. */
  readonly ending: string
  readonly body: JsonValue | undefined
  readonly success: boolean
}

export interface Trie {
  readonly root: TrieNode
  /** The child of a node, made when there is room; undefined when there is none. */
  open(parent: TrieNode, name: string): TrieNode | undefined
  pass(node: TrieNode, method: string, kinds: readonly string[]): void
  end(node: TrieNode, visit: Visit): void
  /** Folds a child into another, with all below it; the child is gone. */
  fold(parent: TrieNode, name: string, into: TrieNode): void
}

const emptyRecord = (): NodeRecord => ({ p: {}, t: {}, k: {}, v: [] })
const createNode = (key: string, name: string, record: NodeRecord): TrieNode => ({
  key,
  name,
  record,
  children: new Map(),
})

/** Keys are `<service> <path of names>`: the service has no blank, and a name no slash. */
const restoreNode = (root: TrieNode, key: string, record: NodeRecord): void => {
  const names = key.slice(root.key.length + 1).split('/')
  let node = root
  for (const name of names.slice(0, -1)) {
    const child = node.children.get(name)
    if (child === undefined) return
    node = child
  }
  const name = names[names.length - 1] ?? ''
  node.children.set(name, createNode(key, name, record))
}

const addCounts = (to: Counts, from: Counts): void => {
  for (const name in from) to[name] = Math.min(COUNT_ENOUGH, (to[name] ?? 0) + (from[name] ?? 0))
}

interface Inside {
  readonly store: Store<NodeRecord>
  readonly root: TrieNode
  size: number
}

const save = ({ store }: Inside, node: TrieNode): void => store.set(node.key, node.record)

const open = (inside: Inside, parent: TrieNode, name: string): TrieNode | undefined => {
  const known = parent.children.get(name)
  if (known !== undefined) return known
  if (inside.size >= MAX_NODES || parent.children.size >= MAX_CHILDREN) return undefined
  const child = createNode(`${parent.key}/${name}`, name, emptyRecord())
  parent.children.set(name, child)
  inside.size++
  // At once: it counts, though the rest of its path may find no room.
  save(inside, child)
  return child
}

const addKeySets = (to: Counts, from: Counts): void => {
  for (const name in from)
    if (name in to || Object.keys(to).length < MAX_KEY_SETS) addCounts(to, { [name]: from[name] ?? 0 })
}

const merge = (inside: Inside, to: TrieNode, from: TrieNode): void => {
  addCounts(to.record.p, from.record.p)
  addCounts(to.record.t, from.record.t)
  addKeySets(to.record.k, from.record.k)
  from.record.v.forEach((kind, i) => {
    to.record.v[i] = joinKinds(to.record.v[i], kind)
  })
  if (from.record.w === 1) to.record.w = 1
  save(inside, to)
  for (const child of from.children.values()) {
    const same = open(inside, to, child.name)
    if (same !== undefined) merge(inside, same, child)
  }
}

const drop = (inside: Inside, node: TrieNode): void => {
  for (const child of node.children.values()) drop(inside, child)
  inside.store.delete(node.key)
  inside.size--
}

const fold = (inside: Inside, parent: TrieNode, name: string, into: TrieNode): void => {
  const child = parent.children.get(name)
  if (child === undefined || child === into) return
  into.record.v[0] = joinKinds(into.record.v[0], 'word')
  merge(inside, into, child)
  parent.children.delete(name)
  drop(inside, child)
}

const pass = (inside: Inside, node: TrieNode, method: string, kinds: readonly string[]): void => {
  let changed = bump(node.record.p, method, MAX_METHODS)
  kinds.forEach((kind, i) => {
    const known = node.record.v[i]
    const both = joinKinds(known, kind)
    if (both === known) return
    node.record.v[i] = both
    changed = true
  })
  if (changed) save(inside, node)
}

const end = (inside: Inside, node: TrieNode, visit: Visit): void => {
  const ended = bump(node.record.t, visit.ending, MAX_METHODS)
  const keys = visit.success ? keySet(visit.body) : undefined
  const told = keys !== undefined && bump(node.record.k, `${visit.method} ${keys}`, MAX_KEY_SETS)
  if (ended || told) save(inside, node)
}

/** The trie of one service over its store; `keys` are the service's own, in ascending order. */
export const openTrie = (service: string, store: Store<NodeRecord>, keys: readonly string[]): Trie => {
  const root = createNode(`${service} `, '', store.get(`${service} `) ?? emptyRecord())
  const inside: Inside = { store, root, size: 0 }
  // A parent's key is a prefix of its children's, so it comes first.
  for (const key of keys) {
    const record = store.get(key)
    if (record === undefined || key === root.key) continue
    restoreNode(root, key, record)
    inside.size++
  }
  return {
    root,
    open: (parent, name) => open(inside, parent, name),
    pass: (node, method, kinds) => pass(inside, node, method, kinds),
    end: (node, visit) => end(inside, node, visit),
    fold: (parent, name, into) => fold(inside, parent, name, into),
  }
}
