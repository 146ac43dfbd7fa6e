/**
 * Reads one path segment by its form: is it surely a value, or a value with fixed text around it (`{id}.json`, `{id}:undo`,
 * `orders('{id}')`), or a word, about which only traffic can tell?
 */
import { fitsKind } from '../../schemas/semantics/lexicon.ts'
import { literalSegment } from '../../schemas/semantics/templates.ts'
import { randomness } from './randomness.ts'

export interface Reading {
  /** The template segment: `{}` where a value is surely one; a word as it is. */
  readonly key: string
  /** Kinds of the values, left to right; empty for a word. */
  readonly kinds: readonly string[]
}

const EXTENSIONS = new Set(
  `json xml csv html htm txt pdf png jpg jpeg gif svg webp ico mp3 mp4 m4a wav m3u8 mpd ts js css map md yaml yml zip gz tar
  tgz xls xlsx doc docx ppt pptx rss atom ics vcf geojson kml gpx parquet avro proto wasm woff woff2 ttf webm mov avi log rdf
  ttl n3 jsonld jsonp php asp aspx jsp do action shtml pbf mvt bin apk ipa jar deb rpm whl git`.split(/\s+/),
)

/** `json`, `pdf`: what a thing is given as, also as a segment of its own. */
export const isExtension = (word: string): boolean => EXTENSIONS.has(word)

const SHARP = ['uuid', 'ulid', 'date', 'time', 'ip', 'email'] as const
const COORDINATES = /^-?\d{1,3}(?:\.\d+)?(?:,|%2C|;)-?\d{1,3}(?:\.\d+)?$/i
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i
const PREFIXED = /^([a-z]{1,8})[_-]([A-Za-z0-9]{8,})$/
/** `ord_615587`: so many digits are no version, year or standard's number. */
const NUMBERED = /^[A-Za-z]{1,8}[_-]\d{5,}$/
const UPPER_HEX = /^[A-Z]{2}[0-9a-fA-F]{32}$/
const URN = /^(?:urn|arn|spotify|did|doi|gid|tag)(?::|%3A).+/i
/** `A:3`, `user:123`: a name and a number; `12:undo` is a number with an action. */
const NAMED_NUMBER = /^[A-Za-z][\w-]{0,11}(?::|%3A)\d+$/i
const JWT = /^ey[\w-]+\.[\w-]+\.[\w-]*$/
const HANDLE = /^@[\w.-]{2,}$/

/** Mean length of what is left between separators, changes of case and digits: words are long, drawn text is short. */
const tokenLength = (text: string): number => {
  const tokens = text.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g)
  return tokens === null ? text.length : tokens.join('').length / tokens.length
}

const hasDigit = (text: string): boolean => /\d/.test(text)
const hasBothCases = (text: string): boolean => /[a-z]/.test(text) && /[A-Z]/.test(text)

/** How random text must be, by its alphabet: the fewer kinds of characters, the more it may be a word. */
const drawnBar = (text: string): number => {
  const mixed = hasBothCases(text)
  if (hasDigit(text)) {
    const isUpper = /^[A-Z\d]+$/.test(text)
    if (isUpper && /\d[A-Z]/.test(text)) return -Infinity
    return mixed ? 1.5 : isUpper ? 4 : 6
  }
  if (mixed) return 6
  return text.length >= 16 && !/^[A-Z]+$/.test(text) ? 20 : Infinity
}

/** Drawn text has no prior on its side: a wrong parameter swallows endpoints, a missed one is found by its traffic. */
const isDrawn = (text: string): boolean => {
  if (text.length < 8 || !/^[\w.~=+-]+$/.test(text)) return false
  if (hasBothCases(text) && tokenLength(text) < 2.3) return true
  return randomness(text) > drawnBar(text)
}

/** A prefix such as `cus_` announces a drawn value, so less proof is asked of it. */
const isDrawnAfterPrefix = (text: string): boolean =>
  isDrawn(text) ||
  (text.length >= 12 && /[a-z].*[A-Z]|\d.*[A-Za-z]/.test(text) && (tokenLength(text) < 3 || randomness(text) > 0))

const isLong = (text: string): boolean => text.length >= 60 && /\d/.test(text)

const drawnKind = (text: string): string | undefined => {
  if (HEX.test(text) || UPPER_HEX.test(text)) return 'hex'
  if (NUMBERED.test(text)) return 'token'
  const prefixed = PREFIXED.exec(text)?.[2]
  if (prefixed !== undefined && (HEX.test(prefixed) || isDrawnAfterPrefix(prefixed))) return 'token'
  return isDrawn(text) || isLong(text) || JWT.test(text) ? 'token' : undefined
}

const VERSION = /^v\d{1,3}(?:\.\d+)*(?:(?:alpha|beta|rc|p)\d*)*$/i
export const isVersion = (segment: string): boolean => VERSION.test(segment)

const sharpKind = (text: string): string | undefined => SHARP.find((kind) => fitsKind(kind, text))

const formKind = (text: string): string | undefined => {
  if (/^[+-]\d+$/.test(text)) return 'integer'
  if (COORDINATES.test(text)) return 'coordinates'
  if (URN.test(text)) return 'urn'
  if (NAMED_NUMBER.test(text)) return 'token'
  return HANDLE.test(text) ? undefined : drawnKind(text)
}

/** Most words are short and lower case: no form to look for. */
const isPlainWord = (text: string): boolean => text.length < 3 || (text.length < 16 && /^[a-z]+$/.test(text))

/** The kind of a text that surely is a value, undefined for anything that might be a name. */
export const strongKind = (text: string): string | undefined => {
  const code = text.charCodeAt(0)
  if (code >= 48 && code <= 57 && /^\d+$/.test(text)) return 'integer'
  if (isPlainWord(text) || isVersion(text)) return undefined
  return sharpKind(text) ?? formKind(text)
}

const extensionOf = (segment: string): string | undefined => {
  const dot = segment.lastIndexOf('.')
  if (dot < 1) return undefined
  const extension = segment.slice(dot + 1)
  return EXTENSIONS.has(extension.toLowerCase()) ? extension : undefined
}

/** Text around a value: 1 before, 2 the core, 3 after: `orders(5)`, `name('x')`, `id=5`, `5:undo`, `@ann`. */
const FORMS: readonly RegExp[] = [
  /^([A-Za-z_$][\w.$]*\((?:[A-Za-z_]\w*=)?(?:'|%27)?)(.+?)((?:'|%27)?\))$/,
  /^([A-Za-z_][\w.-]*(?:=|%3D))(.+)()$/,
  /^()(.+?)((?::|%3A)[A-Za-z][\w-]*)$/,
  /^(@)(.+)()$/,
]
/** Two values in one segment. */
const PAIRS: readonly RegExp[] = ['\\.\\.\\.', '\\.\\.', '@|%40', ';|%3B', '~', ':|%3A', ',|%2C'].map(
  (separator) => new RegExp(`^(.+?)(${separator})(.+)$`, 'i'),
)
/** `app-5f2c9a1b.js`, `0-255.pbf`: fixed words or a number before the value, under a known extension. */
const BUNDLE = /^([a-z][a-z-]*[-.])([\w-]+)$/
/** `notes-3.txt`: people count their files, and the words before it are as much of the name. */
const COUNTED = /-\d{1,3}$/
const RANGE = /^(\d+)(-)(\d+)$/

const readCore = (core: string, prefix: string, suffix: string): Reading | undefined => {
  const kind = strongKind(core)
  return kind === undefined ? undefined : { key: `${literalSegment(prefix)}{}${literalSegment(suffix)}`, kinds: [kind] }
}

const readForms = (segment: string): Reading | undefined => {
  for (const form of FORMS) {
    const found = form.exec(segment)
    const reading = found === null ? undefined : readCore(found[2] ?? '', found[1] ?? '', found[3] ?? '')
    if (reading !== undefined) return reading
  }
  return undefined
}

const readPair = (segment: string, pair: RegExp, suffix: string): Reading | undefined => {
  const found = pair.exec(segment)
  const left = found === null ? undefined : strongKind(found[1] ?? '')
  const right = found === null ? undefined : strongKind(found[3] ?? '')
  if (left === undefined || right === undefined) return undefined
  return { key: `{}${found?.[2] ?? ''}{}${suffix}`, kinds: [left, right] }
}

const readPairs = (segment: string): Reading | undefined => {
  for (const pair of PAIRS) {
    const reading = readPair(segment, pair, '')
    if (reading !== undefined) return reading
  }
  return undefined
}

const readFile = (core: string, suffix: string): Reading | undefined => {
  const bundle = BUNDLE.exec(core)
  return (
    (bundle === null || COUNTED.test(core) ? undefined : readCore(bundle[2] ?? '', bundle[1] ?? '', suffix)) ??
    readPair(core, RANGE, suffix) ??
    readCore(core, '', suffix)
  )
}

/** A word with fixed text around it, whose core traffic may turn into a value: `{}.json` and `maple` for `maple.json`. */
export interface Decoration {
  readonly form: string
  readonly core: string
  readonly extension: boolean
}

/** What is around the core of a word; undefined for a plain word. */
export const decorationOf = (name: string): Decoration | undefined =>
  PLAIN.test(name) ? undefined : readDecoration(name)

const PLAIN = /^[\w-]+$/
const readDecoration = (name: string): Decoration | undefined => {
  const extension = extensionOf(name)
  if (extension !== undefined)
    return { form: `{}.${extension}`, core: name.slice(0, -extension.length - 1), extension: true }
  for (const form of [...FORMS, ...PAIRS.slice(0, 1)]) {
    const found = form.exec(name)
    if (found === null) continue
    if (form === PAIRS[0]) return { form: '{}...{}', core: found[1] ?? '', extension: false }
    return { form: `${found[1] ?? ''}{}${found[3] ?? ''}`, core: found[2] ?? '', extension: false }
  }
  return undefined
}

const word = (segment: string): Reading => ({ key: literalSegment(segment), kinds: [] })

const UNKNOWN_EXTENSION = /^([^.]{8,})\.([a-z][a-z\d]{1,4})$/

/** `5f2c9a1b07.pgn`: after a value of a strong kind and a dot there stands an extension, known or not. */
const readUnknownExtension = (segment: string): Reading | undefined => {
  const found = UNKNOWN_EXTENSION.exec(segment)
  return found === null ? undefined : readCore(found[1] ?? '', '', `.${found[2] ?? ''}`)
}

/** A value by its form, or a word. `depth` counts from 0; `previous` is the key before. */
export const readSegment = (segment: string, depth: number, previous: string): Reading => {
  if (segment.length < 16 && /^[a-z-]+$/.test(segment)) return word(segment)
  const extension = extensionOf(segment)
  if (extension !== undefined && sharpKind(segment) === undefined)
    return readFile(segment.slice(0, -extension.length - 1), `.${extension}`) ?? word(segment)
  const other = readUnknownExtension(segment)
  if (other !== undefined) return other
  const kind = strongKind(segment)
  if (kind !== undefined)
    return isVersionNumber(segment, kind, depth, previous) ? word(segment) : { key: '{}', kinds: [kind] }
  return readForms(segment) ?? readPairs(segment) ?? word(segment)
}

/** `/2010-04-01/Accounts`, `/1.1/statuses`, `/api/2/users`: a version, though it looks like a value. */
const isVersionNumber = (segment: string, kind: string, depth: number, previous: string): boolean => {
  if (depth === 0) return kind === 'date' || kind === 'integer'
  return depth <= 2 && segment.length <= 2 && kind === 'integer' && /^(?:api|rest|services?)$/i.test(previous)
}
