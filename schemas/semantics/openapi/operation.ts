/** One operation: what an endpoint takes and what it answers, by status. */
import type { Shape, ShapePart } from '../../events.ts'
import { exampleOf } from './example.ts'
import {
  credentialsOf,
  headerParameters,
  headersOf,
  pathParameters,
  queryParameters,
  schemeName,
  type Credentials,
} from './parameters.ts'
import { tagOf, type Route } from './paths.ts'
import { readPart, type Json, type ReadPart } from './schema.ts'

export interface Operation {
  readonly json: Json
  readonly credentials: Credentials
}

const REASONS: Readonly<Record<string, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
const CLASS_REASONS = ['', 'Informational', 'Success', 'Redirection', 'Client error', 'Server error']
const reasonOf = (status: string): string => REASONS[status] ?? CLASS_REASONS[Number(status[0])] ?? 'An answer'

/** RFC 9110 6.4.1: these never have content. */
const isBare = (status: string): boolean => status.startsWith('1') || ['204', '205', '304'].includes(status)

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/
const isStructured = (mediaType: string): boolean =>
  /[/+]json$/.test(mediaType) || mediaType === 'application/x-www-form-urlencoded' || mediaType.startsWith('multipart/')

const SHAPED = ['type', 'oneOf', 'anyOf', 'x-any']

/** Content by media type: what was learned goes with those whose structure is read. */
const contentOf = ({ schema, learned, mediaTypes }: ReadPart): Json | undefined => {
  const hasTypes = learned > 0 && SHAPED.some((name) => name in schema)
  const known = mediaTypes.filter((type) => MEDIA_TYPE.test(type)).toSorted()
  const types = hasTypes && !known.some(isStructured) ? ['application/json', ...known] : known
  if (types.length === 0) return undefined
  const structured = hasTypes ? { schema, example: exampleOf(schema) } : {}
  return Object.fromEntries(types.map((type) => [type, isStructured(type) ? structured : {}]))
}

type Finder = (direction: ShapePart['direction'], status: string) => ReadPart | undefined

const finderOf = (shape: Shape | undefined): Finder => {
  const parts = new Map<string, ReadPart | undefined>()
  for (const part of shape?.parts ?? []) parts.set(part.direction + part.status, readPart(part))
  return (direction, status) => parts.get(direction + status)
}

const answer = (route: Route, status: string, part: ReadPart, headers: Json | undefined): Json => {
  const content = isBare(status) || route.method === 'head' ? undefined : contentOf(part)
  return { description: reasonOf(status), ...(headers && { headers }), ...(content && { content }) }
}

const responsesOf = (route: Route, find: Finder): Json => {
  const answers: [string, Json][] = []
  for (const status of ['1xx', '2xx', '3xx', '4xx', '5xx']) {
    const part = find('response', status)
    const headers = headersOf(find('headers', status))
    for (const code of part?.statuses ?? [])
      if (part && /^[1-5]\d\d$/.test(code)) answers.push([code, answer(route, code, part, headers)])
  }
  if (answers.length === 0) return { default: { description: 'No answer was learned yet' } }
  return Object.fromEntries(answers)
}

const requestBodyOf = (find: Finder): Json | undefined => {
  const part = find('request', '')
  const content = part && contentOf(part)
  if (part === undefined || content === undefined) return undefined
  // The query's part counts every accepted exchange.
  const accepted = find('query', '')?.count ?? 0
  return { ...(part.count >= accepted && { required: true }), content }
}

const securityOf = ({ names, required }: Credentials): Json[] => {
  const each = names.map((name) => ({ [schemeName(name)]: [] }))
  return required ? each : [...each, {}]
}

/** The operation of a route; `operationId` is the document's to give. */
export const operationOf = (route: Route, shape: Shape | undefined, operationId: string): Operation => {
  const { endpoint, parameters, path } = route
  const find = finderOf(shape)
  const headers = find('headers', '')
  const credentials = credentialsOf(headers)
  const all = [...pathParameters(parameters), ...queryParameters(find('query', '')), ...headerParameters(headers)]
  const requestBody = requestBodyOf(find)
  const json = {
    operationId,
    summary: `${endpoint.method} ${path}`,
    tags: [tagOf(path)],
    ...(all.length > 0 && { parameters: all }),
    ...(requestBody && { requestBody }),
    responses: responsesOf(route, find),
    ...(credentials.names.length > 0 && { security: securityOf(credentials) }),
    'x-endpoint': endpoint.id,
    'x-count': endpoint.count,
  }
  return { json, credentials }
}
