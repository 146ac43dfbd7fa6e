/**
 * What a GraphQL request selects, with its variables put in: a tree of fields, fragments unfolded, `@skip` and `@include`
 * obeyed (GraphQL, October 2021, sections 2 and 6.3.2). A field of two names is two fields; a field with other arguments is
 * another one, so each has a name with which it can be kept.
 */
import {
  atEnd,
  expect,
  isName,
  NoDocument,
  peek,
  readText,
  skip,
  take,
  takeName,
  unlessNoDocument,
  type Reader,
} from './graphql-reader.ts'
import { remembered } from './remembered.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Fields = { readonly [key: string]: Json }

/** One field of a selection. */
export interface Selected {
  /** Under which the answer has it: its alias, or its name. */
  readonly key: string
  readonly field: string
  readonly args: Fields
  /** Its name with its arguments: what is kept under it holds for all who ask for the same. */
  readonly name: string
  /** Of which type it is wanted only; '' for any. */
  readonly on: string
  /** Undefined for a leaf. */
  readonly kids: readonly Selected[] | undefined
}

const MAX_SELECTED = 2000
const MAX_DEPTH = 24

type Value = (variables: Fields) => Json
interface Directive {
  readonly name: string
  readonly condition: Value | undefined
}
interface FieldNode {
  readonly kind: 'field'
  readonly key: string
  readonly field: string
  readonly args: readonly (readonly [string, Value])[]
  readonly kids: readonly Node[] | undefined
  readonly directives: readonly Directive[]
}
interface GroupNode {
  readonly kind: 'group'
  /** A fragment's name, or its own nodes. */
  readonly of: string | readonly Node[]
  readonly on: string
  readonly directives: readonly Directive[]
}
type Node = FieldNode | GroupNode

interface Operation {
  readonly type: string
  readonly name: string
  readonly defaults: readonly (readonly [string, Value])[]
  readonly nodes: readonly Node[]
}
interface Document {
  readonly operations: readonly Operation[]
  readonly fragments: ReadonlyMap<string, GroupNode>
}

/** Items up to a closing token. */
const until = <T>(reader: Reader, end: string, read: (reader: Reader) => T): T[] => {
  const items: T[] = []
  while (!skip(reader, end)) items.push(read(reader))
  return items
}

const quotedText = (token: string): string => {
  try {
    return JSON.parse(token) as string
  } catch {
    throw new NoDocument()
  }
}

const textOf = (token: string): string =>
  token.startsWith('"""') ? token.slice(3, -3).replaceAll('\\"""', '"""').trim() : quotedText(token)

const WORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null }

const readObject = (reader: Reader): Value => {
  const pairs = until(reader, '}', readArgument)
  return (variables) => resolved(pairs, variables)
}

const readValue = (reader: Reader): Value => {
  const token = take(reader)
  if (token === '$') {
    const name = takeName(reader)
    return (variables) => (Object.hasOwn(variables, name) ? (variables[name] as Json) : null)
  }
  if (token === '[') {
    const items = until(reader, ']', readValue)
    return (variables) => items.map((item) => item(variables))
  }
  if (token === '{') return readObject(reader)
  const value: Json = token.startsWith('"') ? textOf(token) : isName(token) ? (WORDS[token] ?? token) : Number(token)
  const word = token === 'null' ? null : value
  return () => word
}

const readArgument = (reader: Reader): readonly [string, Value] => {
  const name = takeName(reader)
  expect(reader, ':')
  return [name, readValue(reader)]
}

const readArguments = (reader: Reader): (readonly [string, Value])[] =>
  skip(reader, '(') ? until(reader, ')', readArgument) : []

const readDirectives = (reader: Reader): Directive[] => {
  const found: Directive[] = []
  while (skip(reader, '@')) {
    const name = takeName(reader)
    found.push({ name, condition: readArguments(reader).find(([argument]) => argument === 'if')?.[1] })
  }
  return found
}

const readKids = (reader: Reader): Node[] => {
  expect(reader, '{')
  return until(reader, '}', readNode)
}

const readGroup = (reader: Reader): GroupNode => {
  if (peek(reader) !== 'on' && isName(peek(reader)))
    return { kind: 'group', of: takeName(reader), on: '', directives: readDirectives(reader) }
  const on = skip(reader, 'on') ? takeName(reader) : ''
  return { kind: 'group', on, directives: readDirectives(reader), of: readKids(reader) }
}

const readNode = (reader: Reader): Node => {
  if (skip(reader, '...')) return readGroup(reader)
  const key = takeName(reader)
  const field = skip(reader, ':') ? takeName(reader) : key
  const args = readArguments(reader)
  const directives = readDirectives(reader)
  return { kind: 'field', key, field, args, directives, kids: peek(reader) === '{' ? readKids(reader) : undefined }
}

/** `$id: [ID!]! = 7 @deprecated`: its name, and its default. */
const readVariable = (reader: Reader): readonly [string, Value | undefined] => {
  expect(reader, '$')
  const name = takeName(reader)
  expect(reader, ':')
  while (/^[[\]!]$|^[_A-Za-z]/.test(peek(reader))) reader.at++
  const value = skip(reader, '=') ? readValue(reader) : undefined
  readDirectives(reader)
  return [name, value]
}

const readOperation = (reader: Reader): Operation => {
  if (peek(reader) === '{') return { type: 'query', name: '', defaults: [], nodes: readKids(reader) }
  const type = takeName(reader)
  const name = isName(peek(reader)) ? takeName(reader) : ''
  const variables = skip(reader, '(') ? until(reader, ')', readVariable) : []
  readDirectives(reader)
  const defaults = variables.flatMap(([known, value]) => (value === undefined ? [] : [[known, value] as const]))
  return { type, name, defaults, nodes: readKids(reader) }
}

const readDocument = (reader: Reader): Document => {
  const operations: Operation[] = []
  const fragments = new Map<string, GroupNode>()
  while (!atEnd(reader)) {
    if (!skip(reader, 'fragment')) operations.push(readOperation(reader))
    else {
      const name = takeName(reader)
      fragments.set(name, readGroup(reader))
    }
  }
  return { operations, fragments }
}

const tryDocument = (text: string): Document | undefined => readText(text, readDocument)

/** Clients send few documents, again and again; only short ones are kept. */
const SHORT = 4096
const ofShort = remembered(tryDocument, 500)
const documentOf = (text: string): Document | undefined => (text.length > SHORT ? tryDocument(text) : ofShort(text))

const resolved = (pairs: readonly (readonly [string, Value])[], variables: Fields): Fields =>
  Object.fromEntries(pairs.map(([name, value]) => [name, value(variables)]))

/** JSON with its names in order: two texts are equal where what they say is. */
export const canonical = (json: Json): string => {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  if (Array.isArray(json)) return `[${json.map((item: Json) => canonical(item)).join(',')}]`
  const pairs = Object.entries(json as Fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`
}

interface Unfolding {
  readonly fragments: Document['fragments']
  readonly variables: Fields
  left: number
}

const isWanted = (directives: readonly Directive[], variables: Fields): boolean =>
  directives.every(({ name, condition }) => {
    const value = condition?.(variables)
    return name === 'skip' ? value !== true : name !== 'include' || value !== false
  })

interface Place {
  readonly on: string
  readonly depth: number
}

/** A field that is selected twice is selected once, with the kids of both (section 5.3.2). */
const mergedFields = (fields: readonly Selected[]): Selected[] => {
  const merged = new Map<string, Selected>()
  for (const field of fields) {
    const same = `${field.key} ${field.on}`
    const known = merged.get(same)
    const kids = known?.kids === undefined ? field.kids : mergedFields([...known.kids, ...(field.kids ?? [])])
    merged.set(same, { ...field, kids })
  }
  return [...merged.values()]
}

const unfold = (nodes: readonly Node[], { on, depth }: Place, state: Unfolding): Selected[] => {
  if (depth > MAX_DEPTH || state.left < 0) throw new NoDocument()
  const { variables, fragments } = state
  const found = nodes.flatMap((node): Selected[] => {
    if (!isWanted(node.directives, variables)) return []
    if (node.kind === 'field') return [selectedOf(node, { on, depth }, state)]
    const group = typeof node.of === 'string' ? fragments.get(node.of) : node
    if (group === undefined || typeof group.of === 'string') throw new NoDocument()
    return unfold(group.of, { on: group.on || on, depth: depth + 1 }, state)
  })
  return mergedFields(found)
}

const selectedOf = ({ key, field, args, kids }: FieldNode, { on, depth }: Place, state: Unfolding): Selected => {
  state.left--
  const given = resolved(args, state.variables)
  const name = args.length === 0 ? field : `${field}(${canonical(given)})`
  const inner = kids === undefined ? undefined : unfold(kids, { on: '', depth: depth + 1 }, state)
  return { key, field, args: given, name, on, kids: inner }
}

/** What a document selects; undefined where it cannot be read. Never throws. */
export const selectionOf = (text: string, wanted: string, variables: Fields): readonly Selected[] | undefined => {
  const document = documentOf(text)
  const operation = document?.operations.find(({ name }) => name === wanted) ?? document?.operations[0]
  if (document === undefined || operation === undefined) return undefined
  const all = { ...resolved(operation.defaults, {}), ...variables }
  const state = { fragments: document.fragments, variables: all, left: MAX_SELECTED }
  return unlessNoDocument(() => unfold(operation.nodes, { on: '', depth: 0 }, state))
}
