/** A request as answering sees it: taken apart once. */
import type { Header } from '../../events.ts'
import type { GhostRequest } from '../ghost-port.ts'
import { formBody } from './form-body.ts'
import { argumentsOf, graphInQuery, graphOf } from './graph.ts'
import type { Graph } from './graph.ts'
import { parseJson } from './json.ts'
import { fromUtf8 } from './text.ts'
import type { Json } from './model.ts'
import type { Notes } from './notes.ts'

export interface Asked {
  readonly service: string
  readonly method: string
  readonly target: string
  readonly path: string
  /** Decoded, without empty ones. */
  readonly segments: readonly string[]
  /** Decoded, in order. */
  readonly query: readonly (readonly [string, string])[]
  /** By lower-case name; repeats joined by a comma. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
  readonly json: Json | undefined
  /** The GraphQL that it asks for; `json` is then the arguments of its root fields. */
  readonly graph?: Graph | undefined
  /** What the request proves itself with: '' is nothing. */
  readonly credential: string
  /** Who asks: the owner of the credential where that is known, otherwise the credential; '' is anybody. */
  readonly asker: string
  /** In what the body falls short (see wanted.ts). */
  readonly shortfall: string
  readonly at: number
  /** Id of the object that the write makes. */
  readonly made?: string
  /** Nobody gets the answer: a rule that gave way shows what it would be worth by now. */
  readonly trying?: boolean
  /** Where it is noted what the answer is made of, when somebody wants to know. */
  readonly notes?: Notes | undefined
}

const decoded = (text: string): string => {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Names and values of a query string, decoded; at most 64. */
export const queryPairs = (query: string): [string, string][] =>
  query
    .split('&')
    .filter((pair) => pair !== '')
    .slice(0, 64)
    .map((pair) => {
      const at = pair.indexOf('=')
      const plain = (text: string) => decoded(text.replaceAll('+', ' '))
      return at < 0 ? [plain(pair), ''] : [plain(pair.slice(0, at)), plain(pair.slice(at + 1))]
    })

const PSEUDONYM = /=(cp_[\w-]+)/g
/** Change with every request of the same client, so they identify nobody. */
const FLEETING = /csrf|xsrf|captcha|nonce|verification-?token/
/** Beside a credential these come and go with one user, as visits and balancers do. */
const BESIDE = new Set(['x-session-id', 'cookie'])

const isTelling = (name: string, headers: ReadonlyMap<string, string>, isAlone: boolean): boolean =>
  !FLEETING.test(name) && (isAlone || !BESIDE.has(name) || (name === 'cookie' && !headers.has('authorization')))

/**
 * Who asks. The principal, every secret that stands in the query (a key in the URL is a credential too), and every other one
 * in a header: a key may be the application's, which all its users send, and the session beside it the user's. Only what
 * carries none of these is anonymous.
 */
export const askerOf = (principal: string, target: string, headers: ReadonlyMap<string, string>): string => {
  const parts = principal === '' ? [] : [principal]
  if (target.includes('=cp_')) for (const match of target.matchAll(PSEUDONYM)) parts.push(match[1] ?? '')
  const isAlone = parts.length === 0
  const others: string[] = []
  for (const [name, value] of headers)
    if (value.startsWith('cp_') && !parts.includes(value) && isTelling(name, headers, isAlone)) others.push(value)
  return [...parts, ...others.sort()].join('|')
}

/** Header fields by lower-case name; repeats joined by a comma. */
export const byName = (headers: readonly Header[]): Map<string, string> => {
  const map = new Map<string, string>()
  for (const { name, value } of headers) {
    const key = name.toLowerCase()
    const known = map.get(key)
    map.set(key, known === undefined ? value : `${known}, ${value}`)
  }
  return map
}

const parsed = (body: Uint8Array | undefined): Json | undefined =>
  body === undefined ? undefined : parseJson(fromUtf8(body))

const formOf = ({ body }: GhostRequest, headers: ReadonlyMap<string, string>): Json | undefined =>
  formBody(body, headers.get('content-type'), queryPairs)

/** Takes a request apart; `json` saves parsing the body again where that was done already. */
export const readRequest = (request: GhostRequest, json?: { readonly value: Json | undefined }): Asked => {
  const cut = request.target.indexOf('?')
  const path = cut < 0 ? request.target : request.target.slice(0, cut)
  const headers = request.named ?? byName(request.headers)
  const credential = askerOf(request.principal, request.target, headers)
  const query = cut < 0 ? [] : queryPairs(request.target.slice(cut + 1))
  const sent = (json === undefined ? parsed(request.body) : json.value) ?? formOf(request, headers)
  const graph = request.method === 'GET' ? graphInQuery(query) : graphOf(sent)
  return {
    service: request.service,
    method: request.method,
    target: request.target,
    path,
    segments: path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded),
    query,
    headers,
    body: request.body,
    json: graph === undefined ? sent : argumentsOf(graph),
    graph,
    credential,
    asker: credential,
    shortfall: '',
    at: request.at,
  }
}
