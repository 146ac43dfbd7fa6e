/**
 * Which GraphQL operation a request asks for, so that `POST /graphql` is not one endpoint but as many as there are
 * operations: `Query.user`, `Mutation.addBook+tagBook`. The root fields name it, since they are the API's; names that
 * clients give to their documents are not. Reads only as much of a document (GraphQL, October 2021, section 2) as that takes.
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
  type Reader,
} from './graphql-reader.ts'
import { remembered } from './remembered.ts'

/** Longer documents are not looked into. */
const MAX_DOCUMENT = 65_536
const MAX_DEPTH = 40
/** So many root fields stand in a name; of more it says how many. */
const MAX_FIELDS = 4

interface Selection {
  readonly fields: Set<string>
  /** Fragments by name, whose fields belong here too. */
  readonly spreads: Set<string>
}

interface Definition extends Selection {
  /** `Query`, `Mutation`, `Subscription`; `fragment`. */
  readonly type: string
  readonly name: string
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' }

/** Passes over brackets and what is in them. */
const skipGroup = (reader: Reader): void => {
  const open: string[] = []
  do {
    const token = take(reader)
    const closing = CLOSING[token]
    if (closing !== undefined) open.push(closing)
    else if (token === open.at(-1)) open.pop()
    else if (token === ')' || token === '}' || token === ']') throw new NoDocument()
  } while (open.length > 0)
}

const skipArguments = (reader: Reader): void => {
  if (peek(reader) === '(') skipGroup(reader)
}

const skipDirectives = (reader: Reader): void => {
  while (skip(reader, '@')) {
    takeName(reader)
    skipArguments(reader)
  }
}

const readSpread = (reader: Reader, into: Selection, depth: number): void => {
  if (peek(reader) !== 'on' && isName(peek(reader))) {
    into.spreads.add(takeName(reader))
    return skipDirectives(reader)
  }
  if (skip(reader, 'on')) takeName(reader)
  skipDirectives(reader)
  readSelection(reader, into, depth + 1)
}

const readField = (reader: Reader, into: Selection): void => {
  const first = takeName(reader)
  into.fields.add(skip(reader, ':') ? takeName(reader) : first)
  skipArguments(reader)
  skipDirectives(reader)
  if (peek(reader) === '{') skipGroup(reader)
}

/** The fields of one level. */
const readSelection = (reader: Reader, into: Selection, depth: number): void => {
  if (depth > MAX_DEPTH) throw new NoDocument()
  expect(reader, '{')
  while (!skip(reader, '}')) {
    if (skip(reader, '...')) readSpread(reader, into, depth)
    else readField(reader, into)
  }
}

const TYPES: Readonly<Record<string, string>> = {
  query: 'Query',
  mutation: 'Mutation',
  subscription: 'Subscription',
  fragment: 'fragment',
}

const readDefinition = (reader: Reader): Definition => {
  const selection: Selection = { fields: new Set(), spreads: new Set() }
  let type = 'Query'
  let name = ''
  if (peek(reader) !== '{') {
    type = TYPES[take(reader)] ?? ''
    if (type === '') throw new NoDocument()
    if (isName(peek(reader))) name = take(reader)
    if (type === 'fragment') {
      expect(reader, 'on')
      takeName(reader)
    }
    skipArguments(reader)
    skipDirectives(reader)
  }
  readSelection(reader, selection, 0)
  return { type, name, ...selection }
}

const readDefinitions = (reader: Reader): readonly Definition[] => {
  const definitions: Definition[] = []
  while (!atEnd(reader)) definitions.push(readDefinition(reader))
  return definitions
}

const definitionsOf = (text: string): readonly Definition[] =>
  (text.length > MAX_DOCUMENT ? undefined : readText(text, readDefinitions)) ?? []

/** The fields of an operation, those of its fragments with them. */
const rootFields = (operation: Definition, definitions: readonly Definition[]): string[] => {
  const fields = new Set(operation.fields)
  const spreads = new Set(operation.spreads)
  // A set grows while it is walked, and holds each name once: cycles end.
  for (const name of spreads) {
    const fragment = definitions.find((one) => one.type === 'fragment' && one.name === name)
    for (const field of fragment?.fields ?? []) fields.add(field)
    for (const further of fragment?.spreads ?? []) spreads.add(further)
  }
  const named = [...fields].filter((field) => field !== '__typename').sort()
  return named.length > 0 ? named : [...fields]
}

/** What is asked for, by the document and the name of the operation wanted; '' when it is no document. */
const nameOf = (wanted: string, text: string): string => {
  const definitions = definitionsOf(text)
  const operations = definitions.filter(({ type }) => type !== 'fragment')
  const operation = operations.find(({ name }) => name === wanted) ?? operations[0]
  const fields = operation === undefined ? [] : rootFields(operation, definitions)
  if (operation === undefined || fields.length === 0) return ''
  const more = fields.length > MAX_FIELDS ? [`${fields.length - MAX_FIELDS}more`] : []
  return `${operation.type}.${[...fields.slice(0, MAX_FIELDS), ...more].join('+')}`
}

/** Clients send few documents, again and again; only short ones are kept. */
const SHORT = 4096
const ofShort = remembered((key) => {
  const end = key.indexOf('\n')
  return nameOf(key.slice(0, end), key.slice(end + 1))
}, 500)

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A persisted query is sent by its hash, with its document's name at best. */
const persistedName = (request: Readonly<Record<string, unknown>>, wanted: string): string | undefined => {
  const { extensions } = request
  const isPersisted = typeof extensions === 'object' && extensions !== null && 'persistedQuery' in extensions
  return isPersisted && wanted !== '' ? wanted : undefined
}

/**
 * The operation of a request, given its JSON body (or, of a GET, its query as an object); undefined when it is no GraphQL.
 * Never throws.
 */
export const graphqlOperation = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const request = json as Readonly<Record<string, unknown>>
  const text = textOf(request['query'])
  const named = textOf(request['operationName'])
  const wanted = isName(named) ? named : ''
  if (!text.includes('{')) return text === '' ? persistedName(request, wanted) : undefined
  const name = text.length > SHORT ? nameOf(wanted, text) : ofShort(`${wanted}\n${text}`)
  return name === '' ? undefined : name
}
