/**
 * Values with their origins. Each source (file, environment, flags) is a list of entries, one per leaf; laying a later
 * source over an earlier one replaces leaves and keeps the rest. A list counts as one leaf for the sources that give it whole.
 */
import { configJsonSchema } from '../../schemas/config.ts'

export type Path = readonly (string | number)[]

/** Who said a value: `file` and where, `env` and which, `flag` and which. */
export interface Origin {
  readonly kind: 'file' | 'env' | 'flag'
  readonly where: string
}

export interface Entry {
  readonly path: Path
  readonly value: unknown
  readonly origin: Origin
}

/** `services[0].upstreams[1].url` */
export const pathText = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')

type Tree = Record<string | number, unknown>
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null

/** Own properties only: a file may well hold the key `__proto__`. */
const put = (tree: Tree, path: Path, value: unknown): void => {
  let here: Tree = tree
  path.forEach((part, i) => {
    if (i === path.length - 1) {
      Object.defineProperty(here, part, { value, enumerable: true, writable: true, configurable: true })
      return
    }
    const next = Object.hasOwn(here, part) ? here[part] : undefined
    if (isTree(next)) here = next
    else {
      const made: Tree = typeof path[i + 1] === 'number' ? ([] as unknown as Tree) : {}
      Object.defineProperty(here, part, { value: made, enumerable: true, writable: true, configurable: true })
      here = made
    }
  })
}

export const valueAt = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>((here, part) => (isTree(here) && Object.hasOwn(here, part) ? here[part] : undefined), tree)

/** Lays the entries over each other in order: the last one wins. */
export const layer = (entries: readonly Entry[]): unknown => {
  const tree: Tree = {}
  for (const entry of entries) if (entry.path.length > 0) put(tree, entry.path, entry.value)
  return tree
}

/** The origin of the value at `path`: the last entry at it, above it or below it; undefined: a default. */
export const originOf = (entries: readonly Entry[], path: Path): Origin | undefined => {
  const covers = (outer: Path, inner: Path): boolean => outer.every((part, i) => part === inner[i])
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]
    if (entry && (covers(entry.path, path) || (covers(path, entry.path) && path.length > 0))) return entry.origin
  }
  return undefined
}

/** Every leaf of a tree: scalars, empty lists and empty objects. */
export const leaves = (value: unknown, path: Path = []): { path: Path; value: unknown }[] => {
  if (!isTree(value)) return [{ path, value }]
  const list = Array.isArray(value)
  const keys = Object.keys(value)
  if (keys.length === 0) return [{ path, value }]
  return keys.flatMap((key) => leaves(value[key], [...path, list ? Number(key) : key]))
}

interface Shape {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
}

let root: Shape | undefined
/** What may stand at a path, by the JSON Schema; undefined where nothing may. */
export const shapeAt = (path: Path): Shape | undefined => {
  root ??= configJsonSchema() as Shape
  return path.reduce<Shape | undefined>(
    (shape, part) => (typeof part === 'number' ? shape?.items : own(propertiesOf(shape), part)),
    root,
  )
}
/** Of the object, or of the one object among the kinds that may stand here. */
const propertiesOf = (shape: Shape | undefined): Shape['properties'] =>
  shape?.properties ?? shape?.anyOf?.find((kind) => kind.properties)?.properties
const own = (of: Readonly<Record<string, Shape>> | undefined, key: string): Shape | undefined =>
  of && Object.hasOwn(of, key) ? of[key] : undefined

/** The keys that may stand under a path. */
export const keysAt = (path: Path): readonly string[] => Object.keys(propertiesOf(shapeAt(path)) ?? {})

const scalar = (text: string, type: string | undefined): unknown => {
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  return text
}

/** Text from the environment, a flag or a `${VAR}` as the type that its place wants; what does not fit stays text, for the schema to refuse. */
export const coerce = (text: string, path: Path): unknown => {
  const shape = shapeAt(path)
  if (shape?.type === 'array')
    return text === '' ? [] : text.split(',').map((item) => scalar(item.trim(), shape.items?.type))
  const kind = shape?.anyOf?.find((s) => s.type === 'number' || s.type === 'boolean')
  return scalar(text, kind?.type ?? shape?.type)
}
