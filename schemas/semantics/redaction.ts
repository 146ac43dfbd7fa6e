/**
 * What may not reach the log, and what stands there instead. Pure: the keyed functions come from the ingress.
 *
 * Three kinds. A *secret* (credential, password, token, card number) becomes a keyed pseudonym that nobody can open: the
 * same secret always gives the same pseudonym, so "the same user" can still be told. A *personal* value (an e-mail
 * address) becomes a sealed token that still looks like one and that only the ingress's key can open, so that a ghost can
 * give the asker the real value back. Everything else stays.
 *
 * Bodies are worked on as bytes-as-Latin-1 text, so that what is not redacted stays as it was, byte for byte, in any encoding.
 */
import type { Header } from '../events.ts'
import { redactJsonFields } from './redaction-json.ts'
import { redactParts } from './redaction-multipart.ts'
import { createNameFilter, type NextColon } from './redaction-names.ts'
import { rememberBodies } from './redaction-memo.ts'
import { detectIn } from './redaction-text.ts'
import { remembered } from './remembered.ts'

export interface Keyed {
  /** A one-way keyed pseudonym (HMAC), letters, digits, '-' and '_' only. */
  readonly pseudonym: (secret: string) => string
  /** A deterministic seal that the key can open again; same alphabet. */
  readonly seal: (text: string) => string
  /** Bytes as Latin-1 text and back, without loss (Buffer's 'latin1'). */
  readonly toText: (bytes: Uint8Array) => string
  readonly toBytes: (text: string) => Uint8Array
  readonly same: (a: Uint8Array, b: Uint8Array) => boolean
}

export interface RedactionSettings {
  /** Field names whose values are credentials, lower case, besides the built-in ones. */
  readonly headers: readonly string[]
  /** Names of body fields, form fields and query parameters with secret values, lower case, besides the built-in ones. */
  readonly fields: readonly string[]
  /** 'off' leaves e-mail addresses and card numbers as they are. */
  readonly pii: 'pseudonymise' | 'off'
}

export interface Redactor {
  headers(headers: readonly Header[]): readonly Header[]
  /** The same of field lines: name, value, name, value… */
  lines(lines: readonly string[]): readonly Header[]
  /** Raw path and query. */
  target(target: string): string
  /** The bytes must not change afterwards. */
  body(bytes: Uint8Array, mediaType: string): Uint8Array
  /** The pseudonym of the credential a request carries, '' when it carries none. */
  principal(headers: readonly Header[]): string
  /** The same, from field lines. */
  principalOf(lines: readonly string[]): string
  /**
   * Puts the asker's own credential (without its scheme) back into a body that is for them alone, where exactly its
   * pseudonym stands. `headers` are the asker's, as they came. Every other pseudonym stays one.
   */
  restoreOwn(body: Uint8Array, headers: readonly Header[]): Uint8Array
  /** The same, from field lines. */
  restoreOwnOf(body: Uint8Array, lines: readonly string[]): Uint8Array
}

const PSEUDONYM = 'cp_'
export const SEALED_DOMAIN = '@sealed.invalid'

const SECRET_HEADERS = new Set(
  'authorization proxy-authorization cookie set-cookie x-api-key api-key apikey x-auth-token x-access-token x-csrf-token x-xsrf-token x-amz-security-token x-goog-api-key x-session-token x-session-id'.split(
    ' ',
  ),
)
/** What vendors call theirs: `X-Vault-Token`, `X-Parse-Session-Token`, `PRIVATE-TOKEN`, `Ocp-Apim-Subscription-Key`. */
const SECRET_NAME =
  /(?:token|secret|password|passwd|jwt|credentials?|(?:api|auth|access|account|admin|app|client|functions?|licen[cs]e|master|private|project|secret|service|subscription|user)[-_]?key)$/
/** Tokens that say where a listing goes on. */
const PLACE_NAME = /(?:change|continuation|cursor|delta|next|page|range|skip|sync)[-_]?token$/
const isSecretName = (name: string): boolean =>
  SECRET_HEADERS.has(name) || (SECRET_NAME.test(name) && !PLACE_NAME.test(name))
/** Credentials in order of precedence; cookies come last, since many hold no credential. */
const CREDENTIAL_HEADERS = [
  'authorization',
  'x-api-key',
  'api-key',
  'apikey',
  'x-auth-token',
  'x-access-token',
  'x-session-token',
]

/** Most fields are told apart from these by their length. */
const CREDENTIAL_LENGTHS = new Set(CREDENTIAL_HEADERS.map((name) => name.length))

/** Compared without case, '-' and '_'. */
const SECRET_FIELDS = new Set(
  'password passwd pwd newpassword oldpassword currentpassword passwordconfirmation secret clientsecret token accesstoken refreshtoken idtoken authtoken sessiontoken apikey apitoken privatekey authorization auth jwt bearer otp pin cvv cvc cardnumber ccnumber ssn sessionid csrf csrftoken signature sig'.split(
    ' ',
  ),
)
const plain = (name: string): string => name.toLowerCase().replaceAll('-', '').replaceAll('_', '')

const PAIR = /([^=&?;]{1,64})=([^&]*)/g

const withoutScheme = (credential: string): string => {
  const space = credential.indexOf(' ')
  return space > 0 && space < 16 ? credential.slice(space + 1).trim() : credential
}

interface Detectors {
  /** Personal values and self-evident secrets anywhere in a text. */
  readonly text: (text: string) => string
  readonly secret: (value: string) => string
  readonly isSecretField: (name: string) => boolean
  readonly nextColon: NextColon
}

const detectors = (keyed: Keyed, settings: RedactionSettings): Detectors => {
  const names = new Set([...SECRET_FIELDS, ...settings.fields.map(plain)])
  const secret = (value: string): string => (value.startsWith(PSEUDONYM) ? value : PSEUDONYM + keyed.pseudonym(value))
  const seal = (mail: string): string => (mail.endsWith(SEALED_DOMAIN) ? mail : keyed.seal(mail) + SEALED_DOMAIN)
  const text = detectIn({ secret, seal, personal: settings.pii !== 'off' })
  const isSecretField = remembered((name) => names.has(plain(name)), REMEMBERED_NAMES)
  return { text, secret, isSecretField, nextColon: createNameFilter(names) }
}

const REMEMBERED_NAMES = 10_000
const REMEMBERED_HEADERS = 4000
const REMEMBERED_LENGTH = 256

/** Field lines repeat: their redaction is kept for the newest, in two generations, so that a full one is not thrown away at once. */
const rememberedHeaders = (redact: (header: Header) => Header): ((name: string, value: string) => Header) => {
  let young = new Map<string, Map<string, Header>>()
  let old = young
  let size = 0
  return (name, value) => {
    const seen = young.get(name)?.get(value)
    if (seen !== undefined) return seen
    const made = old.get(name)?.get(value) ?? redact({ name, value })
    if (name.length + value.length > REMEMBERED_LENGTH) return made
    if (size++ >= REMEMBERED_HEADERS) {
      old = young
      young = new Map()
      size = 0
    }
    const values = young.get(name)
    if (values === undefined) young.set(name, new Map([[value, made]]))
    else values.set(value, made)
    return made
  }
}

const rankOf = (name: string): number =>
  CREDENTIAL_LENGTHS.has(name.length) ? CREDENTIAL_HEADERS.indexOf(name.toLowerCase()) : -1

/** The credential that a field of its own carries, without its scheme; undefined for none and for cookies. */
const credentialOf = (lines: readonly string[]): string | undefined => {
  let best = CREDENTIAL_HEADERS.length
  let value: string | undefined
  for (let i = 0; i < lines.length; i += 2) {
    const rank = rankOf(lines[i] as string)
    if (rank < 0 || rank >= best) continue
    best = rank
    value = lines[i + 1]
  }
  return value === undefined ? undefined : withoutScheme(value)
}

const cookiesOf = (lines: readonly string[]): string => {
  let cookies = ''
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string
    if (name.length === 6 && name.toLowerCase() === 'cookie') cookies += `; ${lines[i + 1]}`
  }
  return cookies === '' ? '' : credentialCookies(cookies)
}

const linesOf = (headers: readonly Header[]): string[] => headers.flatMap(({ name, value }) => [name, value])

/** RFC 6750's b64token and a little more: such a text means the same in JSON, HTML and plain text. */
const PLAIN_CREDENTIAL = /^[\w.~+/=:-]{1,4096}$/
const WHOLE_PSEUDONYM = /(?<![\w-])cp_[\w-]+/g

const decoded = (value: string): string => {
  if (!value.includes('%') && !value.includes('+')) return value
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

/** Names are looked at as far as `PAIR` reads them. */
const NAME_MOST = 64
const isNameEnd = (c: number): boolean => c === 61 || c === 38 || c === 63 || c === 59

/** Whether a secret's name stands before any of the equals signs: in most texts none does, and nothing is replaced. */
const hasSecretName = (d: Detectors, text: string): boolean => {
  for (let at = text.indexOf('='); at >= 0; at = text.indexOf('=', at + 1)) {
    let from = at
    while (from > 0 && at - from < NAME_MOST && !isNameEnd(text.charCodeAt(from - 1))) from--
    if (from < at && d.isSecretField(decoded(text.slice(from, at)))) return true
  }
  return false
}

const pairs = (d: Detectors, text: string): string => (hasSecretName(d, text) ? withoutSecrets(d, text) : d.text(text))

const withoutSecrets = (d: Detectors, text: string): string =>
  d.text(
    text.replace(PAIR, (all, name: string, value: string) =>
      value !== '' && d.isSecretField(decoded(name)) ? `${name}=${d.secret(decoded(value))}` : all,
    ),
  )

/** Where names may be written in escapes, every colon is looked at. */
const json = (d: Detectors, text: string, bytes: Uint8Array): string => {
  const every = text.includes('\\u')
  const next = (from: number): number => (every ? text.indexOf(':', from) : d.nextColon(text, bytes, from))
  return d.text(redactJsonFields(text, d, next))
}

const bodyText = (d: Detectors, text: string, mediaType: string, bytes: Uint8Array): string => {
  const type = mediaType.toLowerCase()
  if (type.includes('json')) return json(d, text, bytes)
  if (type.startsWith('application/x-www-form-urlencoded')) return pairs(d, text)
  if (type.startsWith('multipart/')) return d.text(redactParts(text, d))
  return d.text(text)
}

const TEXT_TYPES = /json|text\/|xml|x-www-form-urlencoded|multipart\/|javascript|yaml|csv|ndjson|graphql/i
/** Cookie names whose values are no credentials: analytics and settings, which come and go with the same user. */
const IDLE_COOKIE = /^(_ga|_gid|_gat|_fbp|_hj|utm|lang|locale|theme|tz|timezone|consent|cookie_?consent|ajs_)/i
const credentialCookies = (cookie: string): string =>
  cookie
    .split(';')
    .map((c) => c.trim())
    .filter((c) => c !== '' && !IDLE_COOKIE.test(c))
    .sort()
    .join('; ')

/** Makes a redactor; the same settings and key give the same redaction in every process. */
export const createRedactor = (keyed: Keyed, settings: RedactionSettings): Redactor => {
  const d = detectors(keyed, settings)
  const own = new Set(settings.headers.map((h) => h.toLowerCase()))
  const pseudonymOf = (credential: string): string => (credential === '' ? '' : d.secret(credential))
  const header = (h: Header): Header => {
    const name = h.name.toLowerCase()
    if (name === 'cookie') return { name: h.name, value: pseudonymOf(credentialCookies(h.value)) }
    if (isSecretName(name) || own.has(name)) return { name: h.name, value: d.secret(withoutScheme(h.value)) }
    const value = name === 'location' || name === 'referer' ? pairs(d, h.value) : d.text(h.value)
    return value === h.value ? h : { name: h.name, value }
  }
  const headerOf = rememberedHeaders(header)
  const principalOf = (lines: readonly string[]): string => pseudonymOf(credentialOf(lines) ?? cookiesOf(lines))
  const restoreOwnOf = (body: Uint8Array, lines: readonly string[]): Uint8Array => {
    const credential = credentialOf(lines)
    if (credential === undefined || !PLAIN_CREDENTIAL.test(credential)) return body
    const own = d.secret(credential)
    const text = keyed.toText(body)
    return text.includes(own)
      ? keyed.toBytes(text.replace(WHOLE_PSEUDONYM, (found) => (found === own ? credential : found)))
      : body
  }
  const body = rememberBodies((bytes, mediaType) => {
    const text = keyed.toText(bytes)
    const out = bodyText(d, text, mediaType, bytes)
    return out === text ? bytes : keyed.toBytes(out)
  }, keyed.same)
  return {
    headers: (headers) => headers.map(({ name, value }) => headerOf(name, value)),
    lines: (lines) => {
      const headers: Header[] = []
      for (let i = 0; i < lines.length; i += 2) headers.push(headerOf(lines[i] as string, lines[i + 1] as string))
      return headers
    },
    target: (target) => {
      const query = target.indexOf('?')
      return query < 0 ? d.text(target) : d.text(target.slice(0, query)) + '?' + pairs(d, target.slice(query + 1))
    },
    body: (bytes, mediaType) =>
      bytes.length === 0 || !(mediaType === '' || TEXT_TYPES.test(mediaType)) ? bytes : body(bytes, mediaType),
    principal: (headers) => principalOf(linesOf(headers)),
    principalOf,
    restoreOwn: (body, headers) => restoreOwnOf(body, linesOf(headers)),
    restoreOwnOf,
  }
}
