/**
 * Which fields of a learned answer may leave again (RFC 9110 §7.6.1, RFC 9111 §3.1), and which header fields of a
 * request tell two answers to one target apart.
 */
import type { Header } from '../../events.ts'
import { remembered } from '../remembered.ts'
import type { Asked } from './asked.ts'

const NEVER = new Set(
  `connection keep-alive proxy-connection proxy-authenticate proxy-authorization proxy-authentication-info te trailer transfer-encoding upgrade
content-length date age set-cookie set-cookie2 server-timing x-request-id x-correlation-id request-id x-trace-id traceparent tracestate
authorization cookie authentication-info x-csrf-token x-xsrf-token x-auth-token x-access-token cache-control expires pragma warning
cache-status proxy-status x-ghost x-ghost-confidence x-ghost-activation x-chaos via alt-svc clear-site-data strict-transport-security
nel report-to retry-after x-runtime x-response-time x-powered-by-instance ratelimit ratelimit-policy x-cache`.split(
    /\s+/,
  ),
)
const VALIDATORS = new Set([
  'etag',
  'last-modified',
  'digest',
  'content-digest',
  'repr-digest',
  'content-md5',
  'signature',
  'signature-input',
])
/** What an answer that was made up may say besides its body. */
const MADE = new Set([
  'content-type',
  'content-language',
  'vary',
  'allow',
  'www-authenticate',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-credentials',
  'access-control-expose-headers',
])

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
/** Visible ASCII, blanks, tabs and obs-text: no CR, LF, NUL or other control (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/

/** What may be done with fields of a name: repeat it, or only with the very bytes (`bound`), or never. */
const useOf = remembered((name): 'open' | 'bound' | 'never' => {
  const lower = name.toLowerCase()
  if (!NAME.test(name) || NEVER.has(lower)) return 'never'
  return VALIDATORS.has(lower) ? 'bound' : 'open'
})

/** Long values are seldom the same again. */
const REMEMBERED = 128
const fits = (value: string): boolean => VALUE.test(value) && !value.includes('cp_')
const fitsAgain = remembered(fits)
const isClean = (value: string): boolean => (value.length <= REMEMBERED ? fitsAgain(value) : fits(value))

const NOBODY: ReadonlySet<string> = new Set()

const connectionNames = (headers: readonly Header[]): ReadonlySet<string> => {
  const named = headers.filter(({ name }) => name.length === CONNECTION.length && name.toLowerCase() === CONNECTION)
  if (named.length === 0) return NOBODY
  return new Set(named.flatMap(({ value }) => value.toLowerCase().split(',')).map((name) => name.trim()))
}
const CONNECTION = 'connection'

const repeatable = (headers: readonly Header[], bound: boolean): Header[] => {
  const named = connectionNames(headers)
  return headers.filter(({ name, value }) => {
    if (typeof name !== 'string' || typeof value !== 'string') return false
    const use = useOf(name)
    if (use === 'never' || (use === 'bound' && !bound)) return false
    return isClean(value) && !(named.size > 0 && named.has(name.toLowerCase()))
  })
}

/** The fields of a recorded answer that an exact ghost repeats. Pseudonyms stand for secrets and stay here. */
export const exactHeaders = (headers: readonly Header[]): Header[] => repeatable(headers, true)

/** The fields that may be learned for answers that are made up. */
export const madeHeaders = (headers: readonly Header[]): Header[] =>
  exactHeaders(headers).filter((header) => MADE.has(header.name.toLowerCase()))

/** Lists that passed the gate as an exact answer's, and are never changed. */
const passed = new WeakSet<readonly Header[]>()

/** Fields that have passed as an exact answer's are not looked at again. */
export const fitAgain = (headers: readonly Header[]): readonly Header[] => {
  passed.add(headers)
  return headers
}

/** Last gate before an answer leaves: whatever stands in a payload, only clean and allowed fields pass. */
export const fitHeaders = (headers: readonly Header[], exact: boolean): readonly Header[] =>
  exact && passed.has(headers) ? headers : repeatable(headers, exact)

/** Request fields that say nothing about the answer that is wanted. */
const INCIDENTAL = new Set(
  `user-agent accept-encoding connection host content-length date traceparent tracestate x-request-id x-correlation-id request-id
via forwarded x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-real-ip if-none-match if-modified-since cache-control pragma
authorization cookie x-csrf-token x-xsrf-token referer priority dnt save-data sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user
sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform upgrade-insecure-requests keep-alive te transfer-encoding accept-language origin`.split(
    /\s+/,
  ),
)

const pairs = (names: Iterable<string>, asked: Asked): string => {
  let text = ''
  for (const name of names) text += `${name}:${asked.headers.get(name) ?? ''}\n`
  return text
}

/** Every request field that might change the answer, as one text. */
export const headersKey = (asked: Asked): string =>
  pairs([...asked.headers.keys()].filter((name) => !INCIDENTAL.has(name)).sort(), asked)

const keyOfAccept = (accept: string): string => `accept:${accept}\n`
const keyAgain = remembered(keyOfAccept)
const acceptKey = (accept: string): string => (accept.length <= 2 * REMEMBERED ? keyAgain : keyOfAccept)(accept)

/** The fields that are known to change it: Accept, and what Vary names (Accept-Encoding is the ingress's matter). */
export const varyKey = (asked: Asked, vary: readonly string[]): string =>
  acceptKey(asked.headers.get('accept') ?? '') + (vary.length === 0 ? '' : pairs(vary, asked))

/** Names in Vary, lower case, in order; `*` stays. */
export const varyNames = (headers: readonly Header[]): string[] => {
  const names = headers
    .filter((header) => header.name.toLowerCase() === 'vary')
    .flatMap((header) => header.value.toLowerCase().split(','))
    .map((name) => name.trim())
  return [...new Set(names)]
    .filter((name) => name !== '' && name !== 'accept' && name !== 'accept-encoding')
    .sort()
    .slice(0, 8)
}

/** Directives of a Cache-Control field, lower case. */
export const cacheDirectives = (headers: readonly Header[]): Set<string> =>
  new Set(
    headers
      .filter((header) => header.name.toLowerCase() === 'cache-control')
      .flatMap((header) => header.value.toLowerCase().split(','))
      .map((directive) => directive.trim().split('=')[0] ?? ''),
  )

/** The value of a field, by its name in small letters; of several the first. */
export const valueOf = (headers: readonly Header[], name: string): string | undefined =>
  headers.find((header) => header.name.toLowerCase() === name)?.value
