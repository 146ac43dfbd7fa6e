/** Goes over a service's trie from the top, position by position, and decides where words are values of a parameter. */
import { type Bases, decideForm, decideGroup, type Position, type Sibling } from './groups.ts'
import { type Decoration, decorationOf } from './kinds.ts'
import { type Hint, type Hints, obeyed } from './hints.ts'
import { addTokens, capRepeats, createBaseRates } from './likeness.ts'
import { nameClues } from './names.ts'
import type { TrieNode } from './trie.ts'

/** What was decided at one position, keyed by the keys before it (`/users/{}`). */
export interface Group {
  /** Words that are values, ascending. */
  readonly members: readonly string[]
  /** Words that were there and are literals, ascending. */
  readonly literals: readonly string[]
  /** Forms whose cores are values, ascending: `{}.json`. */
  readonly forms: readonly string[]
  /** By a person's word: literals though they look like values; and words are values though none was seen. */
  readonly pinned?: readonly string[]
  readonly open?: true
}
export type Groups = ReadonlyMap<string, Group>

interface Place {
  readonly path: string
  readonly before: readonly string[]
  readonly nodes: readonly TrieNode[]
}

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Children of several nodes taken as one, by name, ascending: sums must not hang on the order of arrival. */
const childrenOf = (nodes: readonly TrieNode[]): [string, TrieNode[]][] => {
  const children = new Map<string, TrieNode[]>()
  for (const node of nodes)
    for (const child of node.children.values()) {
      const same = children.get(child.name)
      if (same === undefined) children.set(child.name, [child])
      else same.push(child)
    }
  return [...children].sort((a, b) => ascending(a[0], b[0]))
}

/** What a child counts as in its parent's conduct: words foreign to the vocabulary are likely values, and all the same. */
const followName = (name: string): string => (isTemplateKey(name) || nameClues(name).vocabulary ? name : '~')

const followTokens = (nodes: readonly TrieNode[]): Map<string, number> => {
  const tokens = new Map<string, number>()
  for (const node of nodes) {
    for (const method in node.record.t) addTokens(tokens, new Map([[`. ${method}`, node.record.t[method] ?? 0]]))
    for (const child of node.children.values())
      for (const method in child.record.p)
        addTokens(tokens, new Map([[`${followName(child.name)} ${method}`, child.record.p[method] ?? 0]]))
  }
  return tokens
}

const keyTokens = (nodes: readonly TrieNode[]): Map<string, number> => {
  const tokens = new Map<string, number>()
  for (const node of nodes) addTokens(tokens, new Map(Object.entries(node.record.k)))
  return tokens
}

const countOf = (nodes: readonly TrieNode[]): number => {
  let sum = 0
  for (const node of nodes) for (const method in node.record.p) sum += node.record.p[method] ?? 0
  return sum
}

const siblingOf = (name: string, nodes: readonly TrieNode[]): Sibling => ({
  name,
  count: countOf(nodes),
  follow: capRepeats(followTokens(nodes)),
  keys: capRepeats(keyTokens(nodes)),
})

/** The key of a word that was there when a group was decided. */
const keyIn = (group: Group | undefined, members: ReadonlySet<string>, name: string): string => {
  if (members.has(name)) return '{}'
  if (group === undefined || group.forms.length === 0 || isTemplateKey(name)) return name
  const form = decorationOf(name)?.form
  return form !== undefined && group.forms.includes(form) && !group.literals.includes(name) ? form : name
}

/** The places after a place, given its group. */
const placesAfter = (place: Place, group: Group | undefined): Place[] => {
  const members = new Set(group?.members)
  const merged = new Map<string, TrieNode[]>()
  for (const [name, nodes] of childrenOf(place.nodes)) {
    const key = keyIn(group, members, name)
    const same = merged.get(key)
    if (same === undefined) merged.set(key, [...nodes])
    else same.push(...nodes)
  }
  return [...merged].map(([key, nodes]) => ({ path: `${place.path}/${key}`, before: [...place.before, key], nodes }))
}

const rootPlace = (root: TrieNode): Place => ({ path: '', before: [], nodes: [root] })

/** Base rates over the positions as they were decided last. */
const countBases = (root: TrieNode, groups: Groups): Bases => {
  const follow = createBaseRates()
  const keys = createBaseRates()
  const visit = (place: Place): void => {
    follow.count(followTokens(place.nodes).keys())
    keys.count(keyTokens(place.nodes).keys())
    for (const next of placesAfter(place, groups.get(place.path))) visit(next)
  }
  visit(rootPlace(root))
  return { follow, keys }
}

/** Several extensions at one place are file names: the extension is part of the value. Two are, where no core has both. */
const FILE_EXTENSIONS = 3
const FILES = 4

interface Found {
  readonly plain: Position
  /** Siblings by form, named by their cores. */
  readonly decorated: ReadonlyMap<string, readonly Sibling[]>
}

/** Whether words with an extension are file names at a place: of many kinds, from folders, or beside values without one. */
const areFiles = (names: readonly string[], decorations: ReadonlyMap<string, Decoration | undefined>): boolean => {
  const extensions = new Set<string>()
  const cores = new Set<string>()
  let decorated = 0
  let foreign = 0
  for (const name of names) {
    const decoration = decorations.get(name)
    if (decoration?.extension === true) {
      extensions.add(decoration.form)
      cores.add(decoration.core)
      decorated++
    } else if (!isTemplateKey(name) && !nameClues(name).vocabulary) foreign++
  }
  if (extensions.size >= FILE_EXTENSIONS || names.some((name) => /%2f/i.test(name))) return true
  if (extensions.size === 2 && cores.size >= FILES && cores.size === decorated) return true
  return foreign >= 3 && !names.some((name) => cores.has(name))
}

const positionAt = (place: Place, last: Group | undefined): Found => {
  const children = childrenOf(place.nodes)
  const typed = children.find(([name]) => name === '{}')
  const decorations = new Map(children.map(([name]) => [name, isTemplateKey(name) ? undefined : decorationOf(name)]))
  const files = areFiles([...decorations.keys()], decorations)
  const siblings: Sibling[] = []
  const decorated = new Map<string, Sibling[]>()
  for (const [name, nodes] of children) {
    if (isTemplateKey(name)) continue
    const decoration = decorations.get(name)
    if (decoration === undefined || (decoration.extension && files)) siblings.push(siblingOf(name, nodes))
    else decorated.set(decoration.form, [...(decorated.get(decoration.form) ?? []), siblingOf(decoration.core, nodes)])
  }
  const plain = {
    before: place.before,
    typed: typed === undefined ? undefined : siblingOf('{}', typed[1]),
    siblings,
    members: new Set(last?.members),
    forms: new Set(last?.forms),
    folded: typed?.[1].some((node) => node.record.w === 1) ?? false,
  }
  return { plain, decorated }
}

/** What a person's word adds to a group. */
const hinted = (hint: Hint | undefined): Pick<Group, 'pinned' | 'open'> => ({
  ...(hint !== undefined && hint.literals.length > 0 && { pinned: hint.literals }),
  ...(hint?.words === 'values' && { open: true }),
})

const decidePlace = (place: Place, last: Said, bases: Bases): Group | undefined => {
  const { plain, decorated } = positionAt(place, last.group)
  const { hint } = last
  const words = plain.siblings.map((sibling) => sibling.name)
  const members = obeyed(hint, words, new Set(decideGroup(plain, bases).map((sibling) => sibling.name)))
  const now = { ...plain, members: new Set(members) }
  const forms = [...decorated].filter(([form, cores]) => decideForm(form, cores, now, bases)).map(([form]) => form)
  const both = [...new Set([...forms, ...(hint?.forms ?? [])])].sort(ascending)
  const more = hinted(hint)
  if (members.length === 0 && both.length === 0 && Object.keys(more).length === 0) return undefined
  const literals = words.filter((name) => !now.members.has(name))
  return { members: members.sort(ascending), literals, forms: both, ...more }
}

/** What was decided last at a place, and what people say of it. */
interface Said {
  readonly group: Group | undefined
  readonly hint: Hint | undefined
}

/** Said of a place where nothing has come by yet. */
const foretold = (hint: Hint): Group => ({ members: hint.members, literals: [], forms: hint.forms, ...hinted(hint) })

/** Top-down, since what is one above is looked at as one below. */
export const decideGroups = (root: TrieNode, last: Groups, hints: Hints): Map<string, Group> => {
  const bases = countBases(root, last)
  const decided = new Map<string, Group>()
  const visited = new Set<string>()
  const visit = (place: Place): void => {
    const group = decidePlace(place, { group: last.get(place.path), hint: hints[place.path] }, bases)
    visited.add(place.path)
    if (group !== undefined) decided.set(place.path, group)
    for (const next of placesAfter(place, group)) visit(next)
  }
  visit(rootPlace(root))
  for (const [path, hint] of Object.entries(hints)) if (!visited.has(path)) decided.set(path, foretold(hint))
  return decided
}

/** A template that some path leads to, and what ended there. */
export interface Live {
  readonly methods: ReadonlyMap<string, number>
  /** Kinds of its parameters, left to right. */
  readonly kinds: readonly string[]
}

const kindsAt = (key: string, nodes: readonly TrieNode[]): string[] => {
  const holes = key.split('{}').length - 1
  return Array.from({ length: holes }, (_, hole) =>
    nodes
      .map((node) => (isTemplateKey(node.name) ? (node.record.v[hole] ?? 'word') : 'word'))
      .reduce((a, b) => (a === b ? a : 'string')),
  )
}

/** Every template under the groups as they are, by its inner form (`/users/{}`). */
export const liveTemplates = (root: TrieNode, groups: Groups): Map<string, Live> => {
  const live = new Map<string, Live>()
  const visit = (place: Place, kinds: readonly string[]): void => {
    const methods = new Map<string, number>()
    for (const node of place.nodes) addTokens(methods, new Map(Object.entries(node.record.t)))
    if (methods.size > 0) live.set(place.path === '' ? '/' : place.path, { methods, kinds })
    for (const next of placesAfter(place, groups.get(place.path)))
      visit(next, [...kinds, ...kindsAt(next.before[next.before.length - 1] ?? '', next.nodes)])
  }
  visit(rootPlace(root), [])
  return live
}

const isTemplateKey = (name: string): boolean => name.includes('{}')
