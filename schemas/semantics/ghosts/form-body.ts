/** Bodies of forms (`application/x-www-form-urlencoded`) as the objects that they stand for: `a=1&b[c]=2&d[]=3`. Every value is a text. */
import type { Json } from './json.ts'
import { fromUtf8 } from './text.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const LONGEST = 65_536
const MAX_DEPTH = 5

type Tree = Map<string, Tree | string>

const ELEMENT = /^\d{0,4}$/

/** `b[c][]` is `b`, `c` and an element. */
const stepsOf = (name: string): string[] => {
  const open = name.indexOf('[')
  if (open <= 0 || !name.endsWith(']')) return [name]
  const inner = name.slice(open + 1, -1).split('][')
  return inner.length < MAX_DEPTH ? [name.slice(0, open), ...inner] : [name]
}

const put = (tree: Tree, [step = '', ...below]: readonly string[], value: string): void => {
  const key = step === '' ? String(tree.size) : step
  if (below.length === 0) return void tree.set(key, value)
  const known = tree.get(key)
  const inner: Tree = known instanceof Map ? known : new Map<string, Tree | string>()
  tree.set(key, inner)
  put(inner, below, value)
}

const jsonOf = (tree: Tree | string): Json => {
  if (typeof tree === 'string') return tree
  const entries = [...tree].map(([name, inner]): [string, Json] => [name, jsonOf(inner)])
  const isList = entries.length > 0 && entries.every(([name]) => ELEMENT.test(name))
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}

/** The object of a form, from its pairs as `pairsIn` takes them apart; undefined for any other body. */
export const formBody = (
  body: Uint8Array | undefined,
  mediaType: string | undefined,
  pairsIn: (text: string) => readonly (readonly [string, string])[],
): Json | undefined => {
  if (body === undefined || body.length > LONGEST || mediaType?.toLowerCase().startsWith(URLENCODED) !== true)
    return undefined
  const tree: Tree = new Map<string, Tree | string>()
  for (const [name, value] of pairsIn(fromUtf8(body) ?? '')) put(tree, stepsOf(name), value)
  return tree.size === 0 ? undefined : jsonOf(tree)
}
