/** Learns credentials: which the server lets in, and which it gave out to whom. */
import { issuedBy } from '../../schemas/semantics/ghosts/issued.ts'
import type { Credential, Json } from '../../schemas/semantics/ghosts/model.ts'
import { credentialKey, DOUBTED } from '../../schemas/semantics/ghosts/status.ts'
import { isGood } from './lesson.ts'
import type { Lesson } from './lesson.ts'

const DENIED = 401

/** A 401 speaks against a good credential only where it was let in before: it was revoked, or has run out. */
const stateAfter = (status: number, state: Credential['state'] | undefined, hadGood: boolean) => {
  if (isGood(status)) return 'good'
  return status === DENIED && (state !== 'good' || hadGood) ? 'bad' : state
}

const refusedAfter = (status: number, before: number): number => {
  if (isGood(status)) return 0
  return status === DENIED ? Math.min(DOUBTED, before + 1) : before
}

/** Whose a credential is: of several that come together, the one that an answer gave to somebody tells. */
const ownerOf = ({ asked, memory }: Lesson): string => {
  for (const part of asked.credential.split('|')) {
    const owner = memory.credential(credentialKey(asked.service, part))?.owner ?? ''
    if (owner !== '') return owner
  }
  return ''
}

/** Whether the server lets a credential in. */
export const learnCredential = (lesson: Lesson, hadGood: boolean): void => {
  const { o, asked, memory, emit } = lesson
  if (asked.credential === '') return
  const key = credentialKey(asked.service, asked.credential)
  const known = memory.credential(key)
  const { status } = o.exchange
  const state = stateAfter(status, known?.state, hadGood)
  const before = known?.refused ?? 0
  const refused = refusedAfter(status, before)
  if (state === undefined || (state === known?.state && refused === before)) return
  const owner = known?.owner ?? (state === 'good' ? ownerOf(lesson) : '')
  const credential = { key, service: asked.service, asker: asked.credential, state, owner, refused }
  memory.keepCredential({ ...credential, at: o.at, tick: 0 }, emit)
}

/** Credentials that the answer gave out; true when it did. */
export const learnIssued = ({ o, asked, memory, emit }: Lesson): boolean => {
  if (!isGood(o.exchange.status)) return false
  const issued = issuedBy(asked, o.responseJson as Json | undefined)
  for (const credential of issued) {
    const known = memory.credential(credential.key)
    if (known?.owner !== credential.owner || known.state !== 'good') memory.keepCredential(credential, emit)
  }
  return issued.length > 0
}
