/**
 * A shape as it stands in the changelog.
 *
 * Decision (21 Nov 2026): bytes of its own, not JSON. Rejected: JSON, as other state has it; with some hundred endpoints
 * every commit writes most of them, and then JSON cost three times as much as learning did. The order of types, of formats
 * and of what follows them is for ever; a change is a new VERSION.
 */
import {
  putByte,
  putCount,
  putNumber,
  putText,
  takeByte,
  takeCount,
  takeNumber,
  takeText,
  type Reader,
  type Writer,
} from './bytes.ts'
import { FORMATS } from '../kit/formats.ts'
import { putField } from './merge.ts'
import { emptyFields, emptyShape, TYPES, type Fields, type SeenValue, type Shape, type Texts } from './shape.ts'

/** Set beside no type; the types have the bits below, in their order. */
const OPAQUE = 128

const putTexts = (w: Writer, { shortest, longest, format, values }: Texts): void => {
  putCount(w, shortest)
  putCount(w, longest)
  putByte(w, FORMATS.indexOf(format))
  putCount(w, values === undefined ? 0 : values.size + 1)
  if (values === undefined) return
  for (const [value, { n, askers }] of values) {
    putText(w, value)
    putCount(w, n)
    putByte(w, askers.length)
    for (const asker of askers) putCount(w, asker)
  }
}

const takeTexts = (r: Reader): Texts => {
  const [shortest, longest, format] = [takeCount(r), takeCount(r), FORMATS[takeByte(r)] ?? '']
  const size = takeCount(r)
  if (size === 0) return { shortest, longest, format, values: undefined }
  const values = new Map<string, SeenValue>()
  for (let i = 1; i < size; i++) {
    const value = takeText(r)
    const n = takeCount(r)
    values.set(value, { n, askers: Array.from({ length: takeByte(r) }, () => takeCount(r)) })
  }
  return { shortest, longest, format, values }
}

const CLOSED = 1
const MAP = 2

const putFields = (w: Writer, { n, required, closed, names, children, values }: Fields): void => {
  putCount(w, n)
  putCount(w, required)
  putByte(w, (closed ? CLOSED : 0) + (values ? MAP : 0))
  if (values) return putShape(w, values)
  putCount(w, names.length)
  for (let i = 0; i < names.length; i++) {
    putText(w, names[i] as string)
    putShape(w, children[i] as Shape)
  }
}

const takeFields = (r: Reader): Fields => {
  const fields: Fields = { ...emptyFields(), n: takeCount(r), required: takeCount(r) }
  const flags = takeByte(r)
  fields.closed = (flags & CLOSED) !== 0
  if ((flags & MAP) !== 0) fields.values = takeShape(r)
  else for (let left = takeCount(r); left > 0; left--) putField(fields, takeText(r), takeShape(r))
  return fields
}

const putObjects = (w: Writer, { fields, union }: Shape): void => {
  putByte(w, union ? 1 : 0)
  if (!union) return putFields(w, fields ?? emptyFields())
  putText(w, union.tag)
  putCount(w, union.variants.size)
  for (const [value, variant] of union.variants) {
    putText(w, value)
    putFields(w, variant)
  }
}

const takeObjects = (r: Reader, shape: Shape): void => {
  if (takeByte(r) === 0) {
    shape.fields = takeFields(r)
    return
  }
  const tag = takeText(r)
  const variants = new Map<string, Fields>()
  for (let left = takeCount(r); left > 0; left--) variants.set(takeText(r), takeFields(r))
  shape.union = { tag, variants }
}

const putRange = (w: Writer, range: Shape['range']): void => {
  putByte(w, range ? 1 : 0)
  if (!range) return
  putNumber(w, range[0])
  putNumber(w, range[1])
}

const takeRange = (r: Reader): Shape['range'] => (takeByte(r) === 0 ? undefined : [takeNumber(r), takeNumber(r)])

/** The types that a shape has, as bits. Written out, as it runs for each place of each endpoint at each commit. */
const typeBits = (s: Shape): number =>
  Math.min(s.nulls, 1) |
  (Math.min(s.booleans, 1) << 1) |
  (Math.min(s.integers, 1) << 2) |
  (Math.min(s.fractions, 1) << 3) |
  (Math.min(s.strings, 1) << 4) |
  (Math.min(s.arrays, 1) << 5) |
  (Math.min(s.objects, 1) << 6)

/** In the order of TYPES. */
const putTypes = (w: Writer, s: Shape): void => {
  putByte(w, typeBits(s))
  if (s.nulls > 0) putCount(w, s.nulls)
  if (s.booleans > 0) putCount(w, s.booleans)
  if (s.integers > 0) putCount(w, s.integers)
  if (s.fractions > 0) putCount(w, s.fractions)
  if (s.strings > 0) putCount(w, s.strings)
  if (s.arrays > 0) putCount(w, s.arrays)
  if (s.objects > 0) putCount(w, s.objects)
}

export const putShape = (w: Writer, shape: Shape): void => {
  if (shape.opaque) {
    putByte(w, OPAQUE)
    return putCount(w, shape.n)
  }
  putTypes(w, shape)
  if (shape.integers + shape.fractions > 0) putRange(w, shape.range)
  if (shape.texts) putTexts(w, shape.texts)
  if (shape.items) {
    putCount(w, shape.items.shortest)
    putCount(w, shape.items.longest)
    putShape(w, shape.items.shape)
  }
  if (shape.objects > 0) putObjects(w, shape)
}

export const takeShape = (r: Reader): Shape => {
  const shape = emptyShape()
  const types = takeByte(r)
  if (types === OPAQUE) return { ...shape, n: takeCount(r), opaque: true }
  for (const [i, type] of TYPES.entries()) if ((types & (1 << i)) !== 0) shape.n += shape[type] = takeCount(r)
  if (shape.integers + shape.fractions > 0) shape.range = takeRange(r)
  if (shape.strings > 0) shape.texts = takeTexts(r)
  if (shape.arrays > 0) shape.items = { shortest: takeCount(r), longest: takeCount(r), shape: takeShape(r) }
  if (shape.objects > 0) takeObjects(r, shape)
  return shape
}
