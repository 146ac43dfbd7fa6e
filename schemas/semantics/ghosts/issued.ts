/**
 * Credentials that an answer gave out, and to whom. Secrets stand on the log as pseudonyms, so one in an answer that the
 * request did not bring was issued by it, whatever its field is called; the names beside it say whose it is.
 */
import type { Asked } from './asked.ts'
import type { Credential, Json } from './model.ts'
import { fromUtf8, hash32 } from './text.ts'
import { isFields, isScalar } from './pointers.ts'
import { credentialKey, provenAsker } from './status.ts'

const PSEUDONYM = 'cp_'
const MAX_SECRETS = 4
/** In order of trust: what names a person in most answers comes first. */
const NAMES = [
  /^(user_?name|login|handle|nick_?name)$/i,
  /^(e?mail|email_?address)$/i,
  /^(sub|user_?id|uid)$/i,
  /^_?id$/i,
]

export const isPseudonym = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.startsWith(PSEUDONYM)

const walk = (json: Json | undefined, depth: number, visit: (value: Json, name: string) => void): void => {
  if (depth < 0 || !isFields(json)) return
  for (const [name, value] of Object.entries(json)) {
    visit(value, name)
    walk(value, depth - 1, visit)
  }
}

const secretsIn = (json: Json | undefined): string[] => {
  const found: string[] = []
  walk(json, 2, (value) => {
    if (isPseudonym(value) && found.length < MAX_SECRETS) found.push(value)
  })
  return found
}

/** The name that stands for a person: a hash, as it goes into keys. */
const identityIn = (json: Json | undefined): string => {
  for (const pattern of NAMES) {
    let found = ''
    walk(json, 2, (value, name) => {
      if (found === '' && pattern.test(name) && isScalar(value) && value !== null && value !== '')
        found = `${NAMES.indexOf(pattern)}${String(value)}`
    })
    if (found !== '') return `${hash32(found).toString(36)}${hash32(`${found}.`).toString(36)}`
  }
  return ''
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
  const secrets = secretsIn(json)
  if (secrets.length === 0) return []
  const own = brought(asked)
  const identity = identityIn(json) || identityIn(asked.json)
  return secrets
    .filter((secret) => !own.includes(secret))
    .map((secret) => ({
      key: credentialKey(asked.service, secret),
      service: asked.service,
      asker: secret,
      state: 'good',
      owner: identity === '' ? '' : provenAsker(identity),
      refused: 0,
      at: asked.at,
      tick: 0,
    }))
}

const SECRET = /"cp_[\w-]+"/g

/** A credential of the ghosts' own: it follows from the request and its time, and means nothing to the backend. */
export const newSecret = (asked: Asked, place: string): string => {
  const seed = `${asked.at} ${asked.target} ${asked.asker} ${place}`
  let token = 'ghost'
  for (let i = 0; i < 6; i++) token += hash32(`${seed} ${i}`).toString(36)
  return token
}

/** A body with new credentials in place of those that a recorded one had. */
export const reissued = (body: string, asked: Asked): string => {
  let count = 0
  return body.replace(SECRET, () => JSON.stringify(newSecret(asked, String(count++))))
}
