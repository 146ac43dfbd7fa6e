/** A shape as it stands in the changelog: JSON, names in pairs, so that a field named `__proto__` is a name like any other. */
import type { Format } from './formats.ts'
import { COUNTS, emptyShape, type SeenValue, type Shape, type Texts } from './shape.ts'

type TextsJson = readonly [
  shortest: number,
  longest: number,
  formats: readonly (readonly [Format, number])[],
  values: readonly (readonly [string, number, readonly number[]])[] | null,
]

export interface ShapeJson {
  /** In the order of COUNTS. */
  readonly c: readonly number[]
  readonly r?: readonly [number, number]
  readonly t?: TextsJson
  readonly a?: readonly [shortest: number, longest: number, shape: ShapeJson]
  readonly f?: readonly (readonly [string, ShapeJson])[]
  /** Fields that every object had. */
  readonly q?: number
  readonly m?: ShapeJson
}

const textsToJson = ({ shortest, longest, formats, values }: Texts): TextsJson => [
  shortest,
  longest,
  [...formats],
  values === undefined ? null : Array.from(values, ([value, { n, askers }]) => [value, n, askers] as const),
]

const textsFromJson = ([shortest, longest, formats, values]: TextsJson): Texts => ({
  shortest,
  longest,
  formats: new Map(formats),
  values:
    values === null
      ? undefined
      : new Map(values.map(([v, n, askers]): [string, SeenValue] => [v, { n, askers: [...askers] }])),
})

export const shapeToJson = (s: Shape): ShapeJson => ({
  c: COUNTS.map((name) => s[name]),
  ...(s.range && { r: s.range }),
  ...(s.texts && { t: textsToJson(s.texts) }),
  ...(s.items && { a: [s.items.shortest, s.items.longest, shapeToJson(s.items.shape)] as const }),
  ...(s.fields && { f: Array.from(s.fields, ([name, child]) => [name, shapeToJson(child)] as const), q: s.required }),
  ...(s.values && { m: shapeToJson(s.values) }),
})

export const shapeFromJson = (json: ShapeJson): Shape => {
  const shape = emptyShape()
  for (const [i, name] of COUNTS.entries()) shape[name] = json.c[i] ?? 0
  if (json.r) shape.range = [...json.r]
  if (json.t) shape.texts = textsFromJson(json.t)
  if (json.a) shape.items = { shortest: json.a[0], longest: json.a[1], shape: shapeFromJson(json.a[2]) }
  if (json.f) shape.fields = new Map(json.f.map(([name, child]) => [name, shapeFromJson(child)]))
  shape.required = json.q ?? 0
  if (json.m) shape.values = shapeFromJson(json.m)
  return shape
}
