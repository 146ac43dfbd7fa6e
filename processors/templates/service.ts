/** What is known of one service: its trie, the groups decided over it, and the reading of a path through both. */
import { literalSegment, matchParts, pathSegments } from '../../schemas/semantics/templates.ts'
import type { Store } from '../kit/processor.ts'
import type { Command } from '../../schemas/events.ts'
import { type Decided, decided, keyOf, sameGroup } from './decided.ts'
import { decideGroups, type Group, type Live, liveTemplates } from './decide.ts'
import { heard, type Hints, namesGiven } from './hints.ts'
import { readSegment } from './kinds.ts'
import { MAX_DEPTH, type NodeRecord, openTrie, type Trie, type TrieNode, type Visit, visitsOf } from './trie.ts'

export interface ServiceRecord {
  /** Exchanges learned. */
  seen: number
  /** Decide again when so many have been. */
  next: number
}

export interface Reading {
  /** `/users/{}` */
  readonly inner: string
  readonly kinds: readonly string[]
  readonly values: readonly string[]
  /** The same path as the trie names it. */
  readonly names: readonly string[]
  readonly kindsOfNames: readonly (readonly string[])[]
}

export interface Service {
  readonly name: string
  readonly trie: Trie
  /** How a path reads now; undefined when it is too deep. */
  read(path: string): Reading | undefined
  /** How a template of earlier reads now. */
  reread(inner: string): string
  learn(reading: Reading, visit: Visit): boolean
  /** Decides again when traffic has grown enough; true when any group changed. */
  decide(): boolean
  /** Hears a person's word and decides again; false when it is about nothing here. */
  hear(command: Command): boolean
  /** Names that people gave to parameters, by the path of their segment. */
  named(): ReadonlyMap<string, readonly string[]>
  /** Every template that a path seen leads to, by its inner form. */
  live(): ReadonlyMap<string, Live>
}

export interface ServiceStores {
  readonly nodes: Store<NodeRecord>
  readonly groups: Store<Group>
  readonly services: Store<ServiceRecord>
  readonly hints: Store<Hints>
}

const GROWTH = 1.06
const PURE = '{}'
/** Above this many words of a group of their own, the rarest are folded into the parameter. */
const FOLD_ABOVE = 96
const FOLD_TO = 48

/** Paths whose reading is remembered until groups change. */
const READINGS = 4096

/** What the functions below share; all of it but `readings`, a cache, follows from the stores. */
interface Inside {
  readonly name: string
  readonly stores: ServiceStores
  readonly trie: Trie
  readonly groups: Map<string, Decided>
  readonly readings: Map<string, Reading>
  named: ReadonlyMap<string, readonly string[]>
}

/** One segment more of a reading in the making. */
interface Growing {
  inner: string
  previous: string
  readonly kinds: string[]
  readonly values: string[]
  readonly names: string[]
  readonly kindsOfNames: (readonly string[])[]
}

const addSegment = (groups: Inside['groups'], growing: Growing, segment: string): void => {
  const isPinned = groups.get(growing.inner)?.pinned.has(literalSegment(segment)) === true
  const reading = isPinned
    ? { key: literalSegment(segment), kinds: [] }
    : readSegment(segment, growing.names.length, growing.previous)
  growing.names.push(reading.key)
  growing.kindsOfNames.push(reading.kinds)
  const key = keyOf(groups.get(growing.inner), reading.key)
  if (key.includes(PURE)) {
    const own = key === PURE ? [segment] : (matchParts(key.split(PURE), literalSegment(segment)) ?? [])
    growing.values.push(...own)
    growing.kinds.push(...(reading.kinds.length > 0 ? reading.kinds : own.map(() => 'word')))
  }
  growing.previous = key
  growing.inner += `/${key}`
}

const readAnew = (groups: Inside['groups'], path: string): Reading | undefined => {
  const segments = pathSegments(path)
  if (segments.length > MAX_DEPTH) return undefined
  const growing: Growing = { inner: '', previous: '', kinds: [], values: [], names: [], kindsOfNames: [] }
  for (const segment of segments) addSegment(groups, growing, segment)
  return { ...growing, inner: growing.inner === '' ? '/' : growing.inner }
}

const read = ({ groups, readings }: Inside, path: string): Reading | undefined => {
  const known = readings.get(path)
  if (known !== undefined) return known
  const reading = readAnew(groups, path)
  if (readings.size >= READINGS) readings.clear()
  if (reading !== undefined) readings.set(path, reading)
  return reading
}

const learn = ({ trie, groups }: Inside, reading: Reading, visit: Visit): boolean => {
  let node = trie.root
  const way: TrieNode[] = []
  let inner = ''
  for (const name of reading.names) {
    const key = keyOf(groups.get(inner), name)
    const child = trie.open(node, name) ?? (key === name ? undefined : trie.open(node, key))
    if (child === undefined) return false
    way.push(child)
    inner += `/${key}`
    node = child
  }
  way.forEach((step, i) => trie.pass(step, visit.method, reading.kindsOfNames[i] ?? []))
  trie.end(node, visit)
  return true
}

const childrenWithKey = (node: TrieNode, group: Decided | undefined, key: string): TrieNode[] =>
  [...node.children.values()].filter((child) => keyOf(group, child.name) === key)

/** The nodes of a decided path. */
const nodesAt = ({ trie, groups }: Inside, path: string): TrieNode[] => {
  let nodes: TrieNode[] = [trie.root]
  let inner = ''
  for (const key of path.split('/').slice(1)) {
    const group = groups.get(inner)
    nodes = nodes.flatMap((node) => childrenWithKey(node, group, key))
    inner += `/${key}`
  }
  return nodes
}

const memberCounts = (parents: readonly TrieNode[], members: readonly string[]): Map<string, number> => {
  const counts = new Map(members.map((member) => [member, 0]))
  for (const child of parents.flatMap((parent) => [...parent.children.values()])) {
    const count = counts.get(child.name)
    if (count !== undefined) counts.set(child.name, count + visitsOf(child))
  }
  return counts
}

const foldMember = (trie: Trie, parent: TrieNode, member: string): void => {
  const into = trie.open(parent, PURE)
  if (into === undefined) return
  into.record.w = 1
  trie.fold(parent, member, into)
}

/** Keeps a large group small: its rarest words become the parameter itself. */
const foldPosition = (inside: Inside, path: string, group: Group): Group => {
  if (group.members.length <= FOLD_ABOVE) return group
  const parents = nodesAt(inside, path)
  const ranked = [...memberCounts(parents, group.members)].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
  const gone = new Set(ranked.slice(0, group.members.length - FOLD_TO).map(([member]) => member))
  for (const member of gone) for (const parent of parents) foldMember(inside.trie, parent, member)
  return { ...group, members: group.members.filter((member) => !gone.has(member)) }
}

const withdrawGroups = ({ name, stores, groups }: Inside, next: ReadonlyMap<string, Group>): boolean => {
  const gone = [...groups.keys()].filter((path) => !next.has(path))
  for (const path of gone) {
    stores.groups.delete(`${name} ${path}`)
    groups.delete(path)
  }
  return gone.length > 0
}

const applyGroups = (inside: Inside, next: ReadonlyMap<string, Group>): boolean => {
  const { name, stores, groups } = inside
  let changed = withdrawGroups(inside, next)
  for (const [path, whole] of next) {
    groups.set(path, decided(whole))
    const group = foldPosition(inside, path, whole)
    const key = `${name} ${path}`
    if (sameGroup(stores.groups.get(key), group)) continue
    stores.groups.set(key, group)
    groups.set(path, decided(group))
    changed = true
  }
  return changed
}

const NO_GROUP: Group = { members: [], literals: [], forms: [] }

const currentGroups = ({ name, stores, groups }: Inside): Map<string, Group> =>
  new Map([...groups.keys()].map((path) => [path, stores.groups.get(`${name} ${path}`) ?? NO_GROUP]))

const NO_HINTS: Hints = {}

const decideNow = (inside: Inside): boolean => {
  const hints = inside.stores.hints.get(inside.name) ?? NO_HINTS
  const changed = applyGroups(inside, decideGroups(inside.trie.root, currentGroups(inside), hints))
  if (changed) inside.readings.clear()
  return changed
}

const hear = (inside: Inside, command: Command): boolean => {
  const { name, stores } = inside
  const membersAt = (position: string): readonly string[] => stores.groups.get(`${name} ${position}`)?.members ?? []
  const hints = heard(stores.hints.get(name) ?? NO_HINTS, command, membersAt)
  if (hints === undefined) return false
  stores.hints.set(name, hints)
  inside.named = namesGiven(hints)
  decideNow(inside)
  return true
}

const decide = (inside: Inside): boolean => {
  const { name, stores } = inside
  const record = stores.services.get(name) ?? { seen: 0, next: 2 }
  record.seen++
  const due = record.seen >= record.next
  if (due) record.next = Math.max(record.seen + 1, Math.ceil(record.seen * GROWTH))
  stores.services.set(name, record)
  return due && decideNow(inside)
}

const reread = ({ groups }: Inside, inner: string): string => {
  let out = ''
  for (const key of inner.split('/').slice(1)) out += `/${key === '' ? key : keyOf(groups.get(out), key)}`
  return out
}

/** A service over its stores; the keys are those of its nodes and of its groups, ascending. */
export const openService = (
  name: string,
  stores: ServiceStores,
  nodeKeys: readonly string[],
  groupKeys: readonly string[],
): Service => {
  const trie = openTrie(name, stores.nodes, nodeKeys)
  const named = namesGiven(stores.hints.get(name) ?? NO_HINTS)
  const inside: Inside = { name, stores, trie, groups: new Map(), readings: new Map(), named }
  for (const key of groupKeys)
    inside.groups.set(key.slice(name.length + 1), decided(stores.groups.get(key) ?? NO_GROUP))
  return {
    name,
    trie,
    read: (path) => read(inside, path),
    reread: (inner) => reread(inside, inner),
    learn: (reading, visit) => learn(inside, reading, visit),
    decide: () => decide(inside),
    hear: (command) => hear(inside, command),
    named: () => inside.named,
    live: () => liveTemplates(trie.root, currentGroups(inside)),
  }
}
