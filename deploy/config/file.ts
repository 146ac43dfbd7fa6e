/** Reads chaos-proxy.yaml into entries, each with its line and column. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar, type Document, type Node } from 'yaml'
import type { Problem } from './problems.ts'
import { coerce, type Entry, type Path } from './tree.ts'

export interface FileEntries {
  readonly entries: readonly Entry[]
  readonly problems: readonly Problem[]
}

type Environment = Readonly<Record<string, string | undefined>>
/**
 * `${NAME:-default}` holds characters that mean something to YAML inside `{ }`. While YAML reads, they are others, of the
 * same length, so that lines and columns stay true.
 */
const LOUD = '{},:#[]"\''
const QUIET = 0xe000
const hush = (text: string): string =>
  text.replace(VARIABLE, (all) =>
    [...all].map((c) => (LOUD.includes(c) ? String.fromCharCode(QUIET + LOUD.indexOf(c)) : c)).join(''),
  )
const speak = (text: string): string => text.replace(/[\ue000-\ue008]/g, (c) => LOUD[c.charCodeAt(0) - QUIET] ?? c)
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}/g

interface Reader {
  readonly name: string
  readonly document: Document
  readonly lines: LineCounter
  readonly environment: Environment
  readonly entries: Entry[]
  readonly problems: Problem[]
}

const place = (reader: Reader, node: Node | null | undefined): string => {
  const offset = node?.range?.[0] ?? 0
  const { line, col } = reader.lines.linePos(offset)
  return `${reader.name}:${line}:${col}`
}

/** Puts variables in. A variable that is not set and has no default is a problem, not an empty text. */
const substitute = (reader: Reader, node: Scalar, path: Path): unknown => {
  if (typeof node.value !== 'string') return node.value
  const text = speak(node.value)
  if (!text.includes('${')) return text
  const filled = text.replace(VARIABLE, (_all, name: string, hasDefault: string | undefined, fallback: string) => {
    const value = reader.environment[name]
    if (value !== undefined && value !== '') return value
    if (hasDefault === undefined)
      reader.problems.push({
        where: place(reader, node),
        message: `the variable ${name} is not set; set it, or write \${${name}:-default}`,
      })
    return fallback ?? ''
  })
  return node.type === Scalar.PLAIN ? coerce(filled, path) : filled
}

const walk = (reader: Reader, raw: unknown, path: Path): void => {
  const node = isAlias(raw) ? raw.resolve(reader.document) : raw
  const origin = { kind: 'file', where: place(reader, (raw ?? undefined) as Node | undefined) } as const
  if (isMap(node)) {
    if (node.items.length === 0) reader.entries.push({ path, value: {}, origin })
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
      if (pair.value === null)
        reader.entries.push({ path: [...path, key], value: null, origin: keyOrigin(reader, pair.key) })
      else walk(reader, pair.value, [...path, key])
    }
  } else if (isSeq(node)) {
    if (node.items.length === 0) reader.entries.push({ path, value: [], origin })
    node.items.forEach((item, i) => walk(reader, item, [...path, i]))
  } else if (isScalar(node)) reader.entries.push({ path, value: substitute(reader, node, path), origin })
}

const keyOrigin = (reader: Reader, key: unknown) => ({ kind: 'file', where: place(reader, key as Node) }) as const

/** Where a key stands, for complaints about the key itself. */
export type KeyPlace = (path: Path) => string | undefined

const keyPlaces =
  (reader: Reader): KeyPlace =>
  (path) => {
    const parent = path.length === 1 ? reader.document.contents : reader.document.getIn(path.slice(0, -1), true)
    if (!isMap(parent)) return undefined
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === path.at(-1))
    return pair ? place(reader, pair.key as Node) : undefined
  }

/** Parses YAML text. `name` is what complaints call the file. */
export const readConfigText = (
  name: string,
  text: string,
  environment: Environment,
): FileEntries & { readonly keyPlace: KeyPlace } => {
  const lines = new LineCounter()
  const document = parseDocument(hush(text), { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const reader: Reader = { name, document, lines, environment, entries: [], problems: [] }
  // One slip makes a parser stumble on: the first complaint is the one that says where.
  for (const error of document.errors.slice(0, 1)) {
    const { line, col } = lines.linePos(error.pos[0])
    reader.problems.push({ where: `${name}:${line}:${col}`, message: error.message })
  }
  const top = document.contents
  if (reader.problems.length === 0 && top !== null) {
    if (isMap(top)) walk(reader, top, [])
    else if (!isScalar(top) || top.value !== null)
      reader.problems.push({ where: place(reader, top), message: 'expected keys such as "services:" at the top' })
  }
  return { entries: reader.entries, problems: reader.problems, keyPlace: keyPlaces(reader) }
}
