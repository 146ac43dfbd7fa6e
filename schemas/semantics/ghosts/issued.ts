/**
 * Credentials that an answer gave out, and to whom. Secrets stand on the log as pseudonyms, so one in an answer that the
 * request did not bring was issued by it, whatever its field is called; the names beside it say whose it is.
 */
import type { Asked } from './asked.ts'
import { drawsFrom, letterFrom } from './draws.ts'
import type { Credential, Json } from './model.ts'
import { fromUtf8, hash32 } from './text.ts'
import { idText, isFields, pointersOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { credentialKey, provenAsker } from './status.ts'

const PSEUDONYM = 'cp_'
const MAX_SECRETS = 4
/** What names one person in a service, in order of trust. A nickname does not, nor does the id of something else. */
const NAMES = [/^(user_?name|login|handle)$/i, /^(e?mail|email_?address)$/i, /^(sub|user_?id|uid)$/i]
const PERSON = /^(user|account|profile|me|member|customer)$/i

export const isPseudonym = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.startsWith(PSEUDONYM)

interface Secret {
  readonly value: string
  /** The object that it stands in. */
  readonly beside: Fields
}

/** Whether there is any: nearly every answer has none, and is not taken apart for it. */
const holdsSecret = (json: Json | undefined, depth: number): boolean => {
  if (!isFields(json)) return false
  for (const name in json) {
    const value = json[name]
    if (isPseudonym(value) || (depth > 0 && holdsSecret(value, depth - 1))) return true
  }
  return false
}

const secretsIn = (json: Json | undefined): Secret[] => {
  const found: Secret[] = []
  for (const beside of [json, ...pointersOf(json, 2).map(([, value]) => value)]) {
    const secrets = isFields(beside) ? Object.values(beside).filter(isPseudonym) : []
    found.push(...secrets.map((value) => ({ value, beside: beside as Fields })))
  }
  return found.slice(0, MAX_SECRETS)
}

const nameIn = (fields: Fields): string => {
  for (const [i, pattern] of NAMES.entries()) {
    const name = Object.keys(fields).find((key) => pattern.test(key) && idText(fields[key]) !== undefined)
    if (name !== undefined) return `${i} ${String(fields[name])}`
  }
  return ''
}

const personIn = (fields: Fields): string => {
  for (const [name, value] of Object.entries(fields)) {
    if (!PERSON.test(name) || !isFields(value)) continue
    const found = nameIn(value) || `${name} ${idText(value['id'] ?? value['_id']) ?? ''}`
    if (!found.endsWith(' ')) return found
  }
  return ''
}

/** Whose a secret is: named beside it, in the person that the answer shows, or by the request. A hash, as it goes into keys. */
const ownerOf = ({ beside }: Secret, asked: Asked): string => {
  const request = isFields(asked.json) ? nameIn(asked.json) || personIn(asked.json) : ''
  const found = nameIn(beside) || personIn(beside) || request
  return found === '' ? '' : provenAsker(`${hash32(found).toString(36)}${hash32(`${found}.`).toString(36)}`)
}

/** Pseudonyms that came with the request are not issued but repeated. */
const brought = (asked: Asked): string =>
  [
    asked.target,
    asked.credential,
    ...asked.headers.values(),
    asked.body === undefined ? '' : (fromUtf8(asked.body) ?? ''),
  ].join('\n')

/** The credentials that an answer issued. */
export const issuedBy = (asked: Asked, json: Json | undefined): Credential[] => {
  const secrets = holdsSecret(json, 2) ? secretsIn(json) : []
  if (secrets.length === 0) return []
  const own = brought(asked)
  return secrets
    .filter(({ value }) => !own.includes(value))
    .map((secret) => ({
      key: credentialKey(asked.service, secret.value),
      service: asked.service,
      asker: secret.value,
      state: 'good',
      owner: ownerOf(secret, asked),
      refused: 0,
      at: asked.at,
      tick: 0,
    }))
}

const SECRET = /"cp_[\w-]+"/g

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const LENGTH = 36

/**
 * A credential of the ghosts' own: it follows from the request and its time, and means nothing to the backend. The body is
 * in it too: two who log in at one moment are two, and with the pseudonym of a password nobody else can work it out.
 */
export const newSecret = (asked: Asked, place: string): string => {
  const said = asked.body === undefined ? '' : (fromUtf8(asked.body) ?? '')
  const draw = drawsFrom(`${asked.at} ${asked.target} ${asked.asker} ${place} ${said}`)
  return `ghost${Array.from({ length: LENGTH }, () => letterFrom(LETTERS, draw)).join('')}`
}

/** A body with new credentials in place of those that a recorded one had. */
export const reissued = (body: string, asked: Asked): string => {
  let count = 0
  return body.replace(SECRET, () => JSON.stringify(newSecret(asked, String(count++))))
}
