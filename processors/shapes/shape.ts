/**
 * The learned structure of JSON values at one place: how often which type, which fields how often, one format, ranges,
 * lengths, and the values themselves while they are few. Bounded by the learner (learn.ts); merges without loss (merge.ts).
 *
 * What it promises, and what a test holds it to: everything that was learned validates against the schema rendered from it.
 * So whatever cannot be kept any more is given up for good: a place without room becomes `opaque`, an object without room
 * takes no new fields, an enumeration that grew too large is none. Nothing given up ever comes back.
 */
import type { Format } from '../kit/formats.ts'

export const MAX_VALUES = 20
export const MAX_FIELDS = 100
export const MAX_VARIANTS = 16
/** Distinct askers told apart per value: two are enough to know that it is no secret of one. */
export const MAX_ASKERS = 2

/** A value of a string, its count, and hashes of who was told it; 0 stands for an anonymous asker. */
export interface SeenValue {
  n: number
  /** Ascending: the smallest two, so that merging in any order gives the same. */
  askers: number[]
}

export interface Texts {
  shortest: number
  longest: number
  /** What all of them are; '' when they have nothing in common. */
  format: Format
  /** Undefined once there were more than MAX_VALUES, one too long to be a member of an enumeration, or a format. */
  values: Map<string, SeenValue> | undefined
}

export interface Items {
  shortest: number
  longest: number
  readonly shape: Shape
}

/** The fields of objects of one kind. `names[i]` is the name of `children[i]`, and `index` finds it. */
export interface Fields {
  /** Objects. A child's `n` is the number of them that had it. */
  n: number
  names: string[]
  children: Shape[]
  index: Map<string, number>
  /** Fields that every object had so far. */
  required: number
  /** There was no room for some field: no new one is taken, and a map of it does not know all its values. */
  closed: boolean
  /** For a map keyed by ids: the shape of all its values; there are no names then, for good. */
  values: Shape | undefined
}

/** Objects told apart by one field that selects the rest. */
export interface Union {
  readonly tag: string
  readonly variants: Map<string, Fields>
}

export interface Shape {
  /** Instances of any type. */
  n: number
  nulls: number
  booleans: number
  integers: number
  /** Numbers that are no integers. */
  fractions: number
  strings: number
  arrays: number
  objects: number
  range: [low: number, high: number] | undefined
  texts: Texts | undefined
  items: Items | undefined
  /** Objects are in one of the two. Once in `fields`, they are there for good. */
  fields: Fields | undefined
  union: Union | undefined
  /** Anything may stand here: nothing but `n` is kept. */
  opaque: boolean
}

/** The types of a shape; `n` is their sum. */
export const TYPES = ['nulls', 'booleans', 'integers', 'fractions', 'strings', 'arrays', 'objects'] as const

export const emptyFields = (): Fields => ({
  n: 0,
  names: [],
  children: [],
  index: new Map(),
  required: 0,
  closed: false,
  values: undefined,
})

export const emptyShape = (): Shape => ({
  n: 0,
  nulls: 0,
  booleans: 0,
  integers: 0,
  fractions: 0,
  strings: 0,
  arrays: 0,
  objects: 0,
  range: undefined,
  texts: undefined,
  items: undefined,
  fields: undefined,
  union: undefined,
  opaque: false,
})

/** Gives up all but the count. */
export const becomeOpaque = (shape: Shape): void => {
  Object.assign(shape, { ...emptyShape(), n: shape.n, opaque: true })
}

/** The shapes right below one. */
export const childrenOf = (shape: Shape): readonly Shape[] => {
  const fields = [...(shape.fields ? [shape.fields] : []), ...(shape.union?.variants.values() ?? [])]
  return [
    ...(shape.items ? [shape.items.shape] : []),
    ...fields.flatMap(({ children, values }) => (values ? [values] : children)),
  ]
}
