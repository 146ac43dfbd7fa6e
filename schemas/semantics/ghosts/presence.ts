/** Which places around a list are there: servers that never say `null` leave out a link that leads nowhere, with what holds it. */
import type { Json, Node } from './model.ts'
import { isFields } from './pointers.ts'
import { nodeAt } from './trees.ts'

const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'))

/** The places above one, the nearest first, without the whole. */
const above = (pointer: string): string[] => {
  const found: string[] = []
  for (let at = parentOf(pointer); at !== ''; at = parentOf(at)) found.push(at)
  return found
}

/** Whether some answers had no such place where they had the one above it. */
const isSometimesLeftOut = (tree: Node, pointer: string): boolean =>
  (nodeAt(tree, pointer)?.seen ?? 0) < (nodeAt(tree, parentOf(pointer))?.kinds.object ?? 0)

/** What is left out where there is nothing to say: the place, or what holds it. */
const leftOut = (tree: Node, pointer: string): string | undefined =>
  (nodeAt(tree, pointer)?.kinds.null ?? 0) > 0
    ? undefined
    : [pointer, ...above(pointer)].find((place) => isSometimesLeftOut(tree, place))

/** By pointer whether a place is there, where what is settled below it says so. */
export const presenceOf = (tree: Node, settled: ReadonlyMap<string, Json>): ReadonlyMap<string, boolean> => {
  const found = new Map<string, boolean>()
  for (const [pointer, value] of settled) {
    const place = value === null ? leftOut(tree, pointer) : undefined
    if (place !== undefined && !found.has(place)) found.set(place, false)
  }
  for (const [pointer, value] of settled)
    if (value !== null) for (const place of [pointer, ...above(pointer)]) found.set(place, true)
  return found
}

/** Whether it is known that a place is there; undefined where nothing says so. */
export const isTold = (
  pointer: string,
  told: {
    readonly presence?: ReadonlyMap<string, boolean>
    readonly settled?: ReadonlyMap<string, Json>
    readonly given?: ReadonlyMap<string, Json>
  },
): boolean | undefined =>
  told.presence?.get(pointer) ?? (told.settled?.has(pointer) === true || told.given?.has(pointer) === true || undefined)

/** What is known to stand there besides what the tree has. */
export const besides = (own: Json | undefined, done: ReadonlySet<string>): string[] =>
  isFields(own)
    ? Object.entries(own)
        .filter(([name]) => !done.has(name))
        .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    : []
