/**
 * The learned structure of JSON values at one place: how often which type, which fields how often, formats, ranges,
 * lengths, and the values themselves while they are few. Bounded by the learner (learn.ts); merges without loss (merge.ts).
 */
import type { Format } from './formats.ts'

export const MAX_VALUES = 20
export const MAX_FIELDS = 100
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
  readonly formats: Map<Format, number>
  /** Undefined once there were more than MAX_VALUES, or one too long to be a member of an enumeration. */
  values: Map<string, SeenValue> | undefined
}

export interface Items {
  shortest: number
  longest: number
  readonly shape: Shape
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
  /** A child's `n` is the number of objects that had the field. */
  fields: Map<string, Shape> | undefined
  /** Fields that every object had so far. */
  required: number
  /** For a map keyed by ids: the shape of all its values; `fields` is then undefined for good. */
  values: Shape | undefined
}

/** The counts of a shape, in the order of its state; the order is for ever. */
export const COUNTS = ['n', 'nulls', 'booleans', 'integers', 'fractions', 'strings', 'arrays', 'objects'] as const

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
  required: 0,
  values: undefined,
})

/** Shapes in a tree, its root among them. */
export const sizeOf = (shape: Shape): number => {
  let size = 1
  if (shape.items) size += sizeOf(shape.items.shape)
  if (shape.values) size += sizeOf(shape.values)
  for (const child of shape.fields?.values() ?? []) size += sizeOf(child)
  return size
}
