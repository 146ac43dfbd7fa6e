/**
 * Where in a request a value of the answer may come from. A source is named by where it stands (`s1` the second path
 * segment, `q:page` a query parameter, `b:/title` a place in the request's body, `i6` the id of what is made, six wide) after what is done to it (`slug>`,
 * `unbase64>`), and proven by counting: those that gave the answer's value every time survive, whatever the fields are
 * called.
 */
import type { Asked } from './asked.ts'
import { computations, computed, isComputed } from './computed.ts'
import { fromBase64, slugOf, toBase64 } from './mint.ts'
import type { Json, Source } from './model.ts'
import { at, isFields } from './pointers.ts'
import { fromUtf8 } from './text.ts'
import { shortName } from './wanted.ts'

const MAX_LEAVES = 64
/** Digits of a number that is filled up with zeros. */
const WIDEST = 10

/** The id in a segment that has more: `Products(7)`, `7.json`. */
const keyIn = (text: string): string | undefined =>
  /^[^()]+\('?([^()]+?)'?\)$/.exec(text)?.[1] ?? /^([\w-]+)\.[a-z]{2,5}$/.exec(text)?.[1]

const TRANSFORMS: Readonly<Record<string, (text: string) => string | undefined>> = {
  slug: slugOf,
  lower: (text) => text.toLowerCase(),
  trim: (text) => text.trim(),
  unbase64: fromBase64,
  base64: toBase64,
  key: keyIn,
}

const plainValue = (from: string, asked: Asked): Json | undefined => {
  const name = from.slice(2)
  switch (from[0]) {
    case 's':
      return asked.segments[Number(from.slice(1))]
    case 'q':
      return from === 'q*' ? Object.fromEntries(asked.query) : asked.query.find(([key]) => key === name)?.[1]
    case 'h':
      return asked.headers.get(name)
    case 'i':
      return asked.made?.padStart(Number(from.slice(1)), '0')
    case 'b':
      return from === 'b*' ? asked.json : at(asked.json, name)
    default:
      return whole(from, asked)
  }
}

/** Value of a named place in a request, undefined when the request has none. */
export const sourceValue = (from: string, asked: Asked): Json | undefined => {
  const cut = from.indexOf('>')
  if (isComputed(from)) {
    const value = plainValue(from.slice(cut + 1), asked)
    return value === undefined ? undefined : computed(from.slice(0, cut), value)
  }
  const transform = cut < 0 ? undefined : TRANSFORMS[from.slice(0, cut)]
  if (transform === undefined) return plainValue(from, asked)
  const value = plainValue(from.slice(cut + 1), asked)
  return typeof value === 'string' ? transform(value) : undefined
}

const OF_BODY = /^(?:b:|[\w:*]+>b[:*])/

/** Whether a source stands in a field of the body, whatever is done to it. */
export const isOfBody = ({ from }: Source): boolean => OF_BODY.test(from)

/** The same with what a source puts around it. */
export const valueFrom = (source: Source, asked: Asked): Json | undefined => {
  const value = sourceValue(source.from, asked)
  if (source.pre === undefined || value === undefined) return value
  return typeof value === 'object' && value !== null ? undefined : `${source.pre}${String(value)}${source.suf ?? ''}`
}

/** Where the object that a write makes will be found. */
const addressOf = ({ path, made }: Asked): string | undefined =>
  made === undefined ? undefined : `${path.replace(/\/$/, '')}/${made}`

const textOf = ({ body }: Asked): string | undefined => (body === undefined ? '' : fromUtf8(body))

const whole = (from: string, asked: Asked): string | undefined => {
  switch (from) {
    case 't':
      return asked.target
    case 'u':
      return asked.headers.has('host') ? `http://${asked.headers.get('host')}${asked.target}` : undefined
    case 'p':
      return asked.credential === '' ? undefined : asked.credential
    case 'm':
      return asked.method
    case 'l':
      return addressOf(asked)
    case 'd':
      return textOf(asked)
    case 'x':
      return asked.shortfall.includes('/') ? shortName(asked.shortfall) : undefined
    default:
      return undefined
  }
}

/** Values as they compare: numbers and their text are the same, objects by their fields in any order. */
export const comparable = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(Array.isArray(value) ? value : Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Which sources of a request have which value, made lazily: most places are proven or refuted already. */
export type SourceIndex = ReadonlyMap<string, readonly string[]>

type Add = (from: string, value: Json | undefined) => void

/** What may have been done to a text on its way into the answer. */
const addTransformed = (from: string, value: string, add: Add): void => {
  if (value.length < 2 || value.length > 300) return
  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    const made = transform(value)
    if (made !== undefined && made !== value && made !== '') add(`${name}>${from}`, made)
  }
}

/** Indexes every source of a request by its value. */
export const indexSources = (asked: Asked): SourceIndex => {
  const index = new Map<string, string[]>()
  const add: Add = (from, value) => {
    if (value === undefined || value === '' || value === null || index.size >= 4 * MAX_LEAVES) return
    const key = comparable(value)
    const known = index.get(key)
    if (known === undefined) index.set(key, [from])
    else if (known.length < 8) known.push(from)
  }
  const transformed: [string, string][] = []
  const addText = (from: string, value: string): void => {
    add(from, value)
    transformed.push([from, value])
  }
  asked.segments.forEach((value, i) => addText(`s${i}`, value))
  for (const [name, value] of asked.query) addText(`q:${name}`, value)
  for (const name of ['t', 'u', 'p', 'm', 'd', 'x', 'l']) add(name, whole(name, asked))
  for (const [name, value] of asked.headers) add(`h:${name}`, value)
  for (let width = 0; asked.made !== undefined && width <= WIDEST; width++)
    if (width === 0 || width > asked.made.length) add(`i${width}`, sourceValue(`i${width}`, asked))
  if (asked.query.length > 0) add('q*', sourceValue('q*', asked))
  const worked: [string, Json][] = []
  addBody(asked.json, '', add, { left: MAX_LEAVES, texts: transformed, all: worked })
  for (const [from, value] of transformed) addTransformed(from, value, add)
  for (const [from, value] of worked)
    for (const name of computations(value)) add(`${name}>${from}`, computed(name, value))
  return index
}

const addBody = (
  json: Json | undefined,
  pointer: string,
  add: Add,
  budget: { left: number; readonly texts: [string, string][]; readonly all: [string, Json][] },
): void => {
  if (json === undefined || budget.left-- <= 0) return
  const from = pointer === '' ? 'b*' : `b:${pointer}`
  add(from, json)
  budget.all.push([from, json])
  if (typeof json === 'string') budget.texts.push([from, json])
  if (!isFields(json) || pointer.length > 200) return
  for (const [name, value] of Object.entries(json))
    if (!name.includes('/')) addBody(value, `${pointer}/${name}`, add, budget)
}

const SHORTEST_PART = 2

const MAX_PARTS = 6

/**
 * Sources whose value stands inside a longer text, as in a link or a message: with what stands around it. The longer the
 * value, the less is left to be the same every time.
 */
export const partsOf = (text: string, index: SourceIndex): Source[] => {
  if (text.length > 300) return []
  const inside = [...index].filter(
    ([value]) => value.length >= SHORTEST_PART && value.length < text.length && text.includes(value),
  )
  return inside
    .sort(([a], [b]) => b.length - a.length)
    .flatMap(([value, froms]) => plainFrom(froms).map((from) => partOf(text, value, from)))
    .slice(0, MAX_PARTS)
}

const plainFrom = (froms: readonly string[]): string[] => froms.filter((from) => !isComputed(from)).slice(0, 2)

const partOf = (text: string, value: string, from: string): Source => {
  const start = text.indexOf(value)
  const [pre, suf] = [text.slice(0, start), text.slice(start + value.length)]
  return { from, hits: 1, misses: 0, first: 0, varied: false, pre, suf }
}
