/** Learns what tells objects apart: a field that repeats the last segment of the path, or the end of an address. */
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import type { EndpointModel, Json, Node } from '../../schemas/semantics/ghosts/model.ts'
import { typeOf } from '../../schemas/semantics/ghosts/objects.ts'
import { at, idInText, idOf, idText, isInText, ownField, pointersOf } from '../../schemas/semantics/ghosts/pointers.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'
import { goodTrees, nodeAt } from '../../schemas/semantics/ghosts/trees.ts'

const ID_NAMES: readonly RegExp[] = [/^_?id$/i, /^(uuid|guid|slug|key|code|sku|number)$/i]
const LIKE_ID: readonly RegExp[] = [/id$/i, /^(user)?name$/i]

/** The field that tells items apart: all different, and named like an id. */
const idNamed = (items: readonly Fields[], names: readonly RegExp[]): string => {
  const [first] = items
  if (first === undefined) return ''
  const isUnique = (name: string): boolean => {
    const ids = items.map((item) => idText(ownField(item, name)))
    return !ids.includes(undefined) && new Set(ids).size === ids.length
  }
  for (const pattern of names) {
    const name = Object.keys(first).find((key) => pattern.test(key) && isUnique(key))
    if (name !== undefined) return name
  }
  return ''
}

const DEPTH = 3
/** Items that must have an address of their own before it tells them apart. */
const ADDRESSED = 3

/** What stands before the id in an item's address: the path that was asked, or the end of it (`memos/7` at `/v1/memos`). */
const isAddress = (text: Json | undefined, { path }: Asked): boolean => {
  const id = idInText(text)
  if (id === undefined || typeof text !== 'string') return false
  const before = text.slice(0, text.lastIndexOf(id)).replace(/\/$/, '')
  const own = path.replace(/\/$/, '')
  return before !== '' && (before.endsWith(own) || own.endsWith(`/${before.replace(/^\//, '')}`))
}

/** Where every item has an address below the list's, each another one. */
const guessAddress = (items: readonly Fields[], asked: Asked): string => {
  if (items.length < ADDRESSED) return ''
  const isOwn = (pointer: string): boolean =>
    items.every((item) => isAddress(at(item, pointer), asked)) &&
    new Set(items.map((item) => idOf(item, pointer))).size === items.length
  return pointersOf(items[0], DEPTH).find(([pointer, value]) => typeof value === 'string' && isOwn(pointer))?.[0] ?? ''
}

/** What tells items of a list apart: a field that is named like an id, or the end of an address. */
export const guessIdField = (items: readonly Fields[], asked: Asked): string =>
  idNamed(items, ID_NAMES) || guessAddress(items, asked) || idNamed(items, LIKE_ID)

const repeats = (kid: Node, last: string): boolean =>
  kid.sources.some(
    (s) => s.from === last && s.pre === undefined && s.hits >= 2 && s.varied && s.hits >= 0.8 * (s.hits + s.misses),
  )

const findIn = (node: Node, pointer: string, last: string): { root: string; idField: string } | undefined => {
  const found = node.kids.find(([, kid]) => repeats(kid, last))
  if (found !== undefined) return { root: pointer, idField: found[0] }
  return undefined
}

/** The field of the answers that repeats the last path segment nearly always, in the body or in an object right in it. */
export const findIdField = (
  model: EndpointModel,
  segments: number,
): { readonly root: string; readonly idField: string } | undefined => {
  if (typeOf(model.template) === undefined) return undefined
  const last = `s${segments - 1}`
  for (const tree of goodTrees(model)) {
    const found = findIn(tree, '', last)
    if (found !== undefined) return found
    for (const [name, kid] of tree.kids) {
      const inner = name.includes('/') ? undefined : findIn(kid, `/${name}`, last)
      if (inner !== undefined) return inner
    }
  }
  return undefined
}

/** Whether a text ends in the last path segment nearly always. */
const leadsTo = (node: Node | undefined, last: string): boolean =>
  node?.sources.some(
    ({ from, pre = '', suf = '', hits, misses, varied }) =>
      from === last && pre.endsWith('/') && /^\/?(?:[?#{]|$)/.test(suf) && varied && hits >= 2 && hits > 4 * misses,
  ) === true

/** The object by its address, where the lists of its collection tell objects apart by that. */
export const findAddress = (
  model: EndpointModel,
  segments: number,
  listed: string | undefined,
): { readonly root: string; readonly idField: string } | undefined => {
  if (listed === undefined || !isInText(listed)) return undefined
  for (const tree of goodTrees(model)) {
    const roots = ['', ...tree.kids.filter(([name]) => !name.includes('/')).map(([name]) => `/${name}`)]
    const root = roots.find((pointer) => leadsTo(nodeAt(tree, pointer + listed), `s${segments - 1}`))
    if (root !== undefined) return { root, idField: listed }
  }
  return undefined
}
