/** One part of an endpoint's shape: its query, its request bodies, or its answers of one status class. */
import type { ShapePart } from '../../schemas/events.ts'
import type { JsonCodec, JsonValue } from '../kit/processor.ts'
import { schemaOf } from './json-schema.ts'
import { see } from './learn.ts'
import { mergeShape } from './merge.ts'
import { emptyShape, type Shape } from './shape.ts'
import { shapeFromJson, shapeToJson, type ShapeJson } from './state.ts'

/** Shapes in one part's tree at most: a few KiB of state in practice, some 100 KiB at worst. */
const MAX_SHAPES = 1500
const MAX_TALLY = 12

type Tally = [name: string, count: number][]

export interface Part {
  /** Exchanges, with a JSON body or without. */
  n: number
  room: number
  readonly statuses: Tally
  readonly mediaTypes: Tally
  readonly shape: Shape
}

export const emptyPart = (): Part => ({ n: 0, room: MAX_SHAPES, statuses: [], mediaTypes: [], shape: emptyShape() })

const count = (tally: Tally, name: string, by: number): boolean => {
  const entry = tally.find(([known]) => known === name)
  if (entry !== undefined) {
    entry[1] += by
    return false
  }
  if (tally.length >= MAX_TALLY) return false
  tally.push([name, by])
  return true
}

const baseType = (mediaType: string): string => {
  const end = mediaType.indexOf(';')
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase().slice(0, 64)
}

export interface Sight {
  readonly json: JsonValue | undefined
  readonly mediaType: string
  readonly status: string
  readonly asker: number
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0

/** Learns one sight. True when it is worth telling: structure changed, or the count has doubled. */
export const learn = (part: Part, { json, mediaType, status, asker }: Sight): boolean => {
  part.n++
  let worth = isPowerOfTwo(part.n)
  if (status !== '' && count(part.statuses, status, 1)) worth = true
  if (mediaType !== '' && count(part.mediaTypes, baseType(mediaType), 1)) worth = true
  if (json === undefined) return worth
  const walk = { asker, changed: false, room: part.room }
  see(part.shape, json, walk)
  part.room = walk.room
  return worth || walk.changed
}

/** Adds all that `from` has seen to `into`. */
export const mergePart = (into: Part, from: Part): void => {
  into.n += from.n
  into.room = Math.min(into.room, from.room)
  for (const name of ['statuses', 'mediaTypes'] as const) for (const [key, n] of from[name]) count(into[name], key, n)
  mergeShape(into.shape, from.shape)
}

const tallied = (tally: Tally): Record<string, number> => Object.fromEntries([...tally].sort())

/** The part as it is published. */
export const publishedPart = (part: Part, direction: ShapePart['direction'], status: string): ShapePart => ({
  direction,
  status,
  count: part.n,
  schema: JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...schemaOf(part.shape),
    ...(part.statuses.length > 0 && { 'x-statuses': tallied(part.statuses) }),
    ...(part.mediaTypes.length > 0 && { 'x-media-types': tallied(part.mediaTypes) }),
  }),
})

interface PartJson {
  readonly n: number
  readonly room: number
  readonly statuses: Tally
  readonly mediaTypes: Tally
  readonly shape: ShapeJson
}

export const partCodec: JsonCodec<Part> = {
  toJson: (part) => ({ ...part, shape: shapeToJson(part.shape) }),
  fromJson: (json) => {
    const { shape, ...rest } = json as PartJson
    return { ...rest, shape: shapeFromJson(shape) }
  },
}
