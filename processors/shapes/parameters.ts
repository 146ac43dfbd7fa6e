/** What a query and header fields say, as the JSON value that it stands for. */
import type { Header } from '../../schemas/events.ts'
import type { JsonValue, Observation } from '../kit/processor.ts'

const INTEGER = /^-?(0|[1-9]\d{0,14})$/
const DECIMAL = /^-?(0|[1-9]\d{0,8})\.\d{1,6}$/
const MAX_NUMBER = 17

/** A text as the JSON value that it stands for. */
export const valueOf = (text: string): JsonValue => {
  if (text === 'true') return true
  if (text === 'false') return false
  return text.length <= MAX_NUMBER && (INTEGER.test(text) || DECIMAL.test(text)) ? Number(text) : text
}

type Draft = Record<string, JsonValue>

/** Assigning to `__proto__` would set a prototype, and the name would be lost. */
export const define = <V>(out: Record<string, V>, name: string, value: NoInfer<V>): void => {
  if (name === '__proto__')
    Object.defineProperty(out, name, { value, enumerable: true, writable: true, configurable: true })
  else out[name] = value
}

/** Pairs as one object; a repeated name is a list. */
export const objectOf = (pairs: Iterable<readonly [string, string]>): JsonValue => {
  const out: Draft = {}
  for (const [name, text] of pairs) {
    const value = valueOf(text)
    const known = Object.hasOwn(out, name) ? out[name] : undefined
    if (known === undefined) define(out, name, value)
    else if (Array.isArray(known)) known.push(value)
    else define(out, name, [known, value])
  }
  return out
}

const NOTHING: JsonValue = {}
export const queryObject = (query: Observation['query']): JsonValue => (query.length === 0 ? NOTHING : objectOf(query))

/** Said by every client, server or proxy of itself, of the connection or of the message: no part of an API. */
const COMMON = new Set(
  `accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials
  access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-expose-headers
  access-control-max-age access-control-request-headers access-control-request-method age alt-svc baggage cache-control
  connection content-disposition content-encoding content-language content-length content-location content-security-policy
  content-type cookie cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy date dnt expect
  expect-ct expires forwarded from host http2-settings if-match if-modified-since if-none-match if-range
  if-unmodified-since keep-alive last-modified max-forwards nel origin origin-agent-cluster permissions-policy pragma
  priority proxy-authenticate proxy-authorization proxy-connection range referer referrer-policy report-to
  reporting-endpoints save-data server server-timing set-cookie strict-transport-security te timing-allow-origin
  traceparent tracestate trailer transfer-encoding upgrade upgrade-insecure-requests user-agent vary via warning
  x-amzn-trace-id x-aspnet-version x-cache x-client-ip x-content-type-options x-correlation-id x-dns-prefetch-control
  x-download-options x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-forwarded-scheme
  x-forwarded-server x-frame-options x-permitted-cross-domain-policies x-powered-by x-real-ip x-request-id
  x-requested-with x-response-time x-runtime x-served-by x-timer x-trace-id x-ua-compatible x-xss-protection`.split(
    /\s+/,
  ),
)
/** Families of names that tools and edges add. */
const COMMON_PREFIX = /^(?:sec-|cf-|x-b3-|x-envoy-|x-datadog-|x-amz-cf-|x-vercel-|fly-|x-nginx-|x-kong-|proxy-)/
const MAX_NAME = 64
const REMEMBERED = 2000

/** The name in lower case when it says something of the API, '' otherwise. Names repeat: the answers are kept. */
const names = new Map<string, string>()
const meaningful = (name: string): string => {
  const known = names.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  const answer = name.length > MAX_NAME || COMMON.has(lower) || COMMON_PREFIX.test(lower) ? '' : lower
  if (names.size >= REMEMBERED) names.clear()
  names.set(name, answer)
  return answer
}

/** The header fields that matter; a field in several lines is one list in text (RFC 9110 5.3). */
export const headerObject = (headers: readonly Header[]): JsonValue => {
  let out: Draft | undefined
  for (const { name, value } of headers) {
    const lower = meaningful(name)
    if (lower === '') continue
    out ??= {}
    const before = Object.hasOwn(out, lower) ? out[lower] : undefined
    define(out, lower, before === undefined ? valueOf(value) : `${String(before)}, ${value}`)
  }
  return out ?? NOTHING
}
