/**
 * Which status an unseen request would get: counted by features of the request, backing off from the endpoint with all
 * features to the service with fewer. A 2xx for a credential that is not known to be good needs evidence that this
 * endpoint takes any.
 */
import type { Asked } from './asked.ts'
import { keyOf } from './model.ts'
import type { EndpointModel, Json, Knowledge, ObjectRecord, StatusTable } from './model.ts'
import { isDigits } from './pointers.ts'

export type CredentialState = 'none' | 'new' | 'good' | 'bad' | 'doubted'

export const credentialKey = (service: string, asker: string): string => keyOf('credential', service, asker)

/** A good credential that was refused this often in a row is treated as such credentials were. */
export const DOUBTED = 2

export const credentialState = (asked: Asked, knowledge: Knowledge): CredentialState => {
  if (asked.credential === '') return 'none'
  const known = knowledge.credential(credentialKey(asked.service, asked.credential))
  if (known === undefined) return 'new'
  return known.state === 'good' && known.refused >= DOUBTED ? 'doubted' : known.state
}

/** Askers whose identity an answer proved stand behind this sign; two such names that differ are two persons. */
const PROVEN = 'own:'
export const isProvenAsker = (asker: string): boolean => asker.startsWith(PROVEN)
export const provenAsker = (identity: string): string => PROVEN + identity

/** The request with the owner of its credential as the asker, where that is known. */
export const identified = (asked: Asked, knowledge: Knowledge): Asked => {
  if (asked.credential === '') return asked
  const owner = knowledge.credential(credentialKey(asked.service, asked.credential))?.owner ?? ''
  return owner === '' ? asked : { ...asked, asker: owner }
}

/** Values that say nothing about anybody. */
export const isPlain = (json: Json): boolean =>
  json === null ||
  typeof json === 'boolean' ||
  json === 0 ||
  json === 1 ||
  json === '' ||
  (typeof json === 'object' && Object.keys(json).length === 0)

/** What the last path parameter is, as far as one can say without knowing the object. */
export const idFeature = (
  model: Pick<EndpointModel, 'largest'>,
  value: string | undefined,
  object: ObjectRecord | undefined,
  asker: string,
): string => {
  if (value === undefined) return '-'
  return (object === undefined ? undefined : stateOf(object, asker)) ?? rangeOf(model, value)
}

const stateOf = (object: ObjectRecord, asker: string): string | undefined => {
  if (object.gone > 0 && object.gone >= object.written) return 'gone'
  if (object.views.length === 0) return undefined
  return object.views.some((view) => view.asker === asker || view.asker === '') ? 'known' : 'other'
}

/** Where an id that nobody saw stands among those that were seen. */
const rangeOf = (model: Pick<EndpointModel, 'largest'>, value: string): string => {
  if (!isDigits(value)) return 'word'
  if (model.largest < 0) return 'first'
  const beyond = Number(value) / Math.max(10, model.largest)
  return beyond <= 1 ? 'in' : beyond <= 2 ? 'near' : beyond <= 16 ? 'far' : 'beyond'
}

export interface StatusFeatures {
  readonly credential: CredentialState
  readonly id: string
  /** In what the body falls short; `ok` where it does not, or there is none to have. */
  readonly body: string
}

const BAD = 'bad'
/** How the service takes bodies that fall short, whatever the endpoint. */
export const ANY_BAD = '*|bad'

/** From the finest to the coarsest. A shortfall that was never seen is like any other. */
export const featureKeys = (f: StatusFeatures): readonly string[] =>
  f.body === 'ok'
    ? [`${f.credential}|${f.id}`, f.credential]
    : [`${f.credential}|${f.id}|${f.body}`, `${f.credential}|${f.id}|${BAD}`, `${f.credential}|${BAD}`]
/** The service's own table is by method too. */
export const serviceKey = (method: string, f: StatusFeatures): string =>
  `${method}|${f.credential}|${f.id}${f.body === 'ok' ? '' : `|${BAD}`}`

/** A status, its share among the answers to such requests, and how many stand behind it. */
export interface Guess {
  readonly status: number
  readonly share: number
  readonly weight: number
}

const majority = (table: StatusTable, key: string): Guess | undefined => {
  const counts = Object.hasOwn(table, key) ? table[key] : undefined
  if (counts === undefined) return undefined
  let status = 0
  let most = 0
  let weight = 0
  for (const [name, count] of Object.entries(counts)) {
    weight += count
    if (count > most) {
      most = count
      status = Number(name)
    }
  }
  return weight === 0 ? undefined : { status, share: most / weight, weight }
}

/** Distinct new credentials that must have been let in, with none refused, before an unknown one is. */
const OPEN_DOOR = 5

const mayEnter = (model: EndpointModel, credential: CredentialState): boolean => {
  const guess = majority(model.statuses, credential)
  if (guess === undefined || guess.status >= 300) return false
  if (credential === 'new') return guess.weight >= OPEN_DOOR && guess.share >= 0.95
  return guess.share >= 0.5
}

const hasWeight = (guess: Guess | undefined, least: number): guess is Guess =>
  guess !== undefined && guess.weight >= least

const DENIED = 401

/** Not found is likelier than a thing that nobody ever saw where this share of the never seen were not found. */
const DOUBT = 0.1
const UNSEEN = /^(over:.*|word|odd|near|far|beyond|strange|foreign)$/
/**
 * Among numbers that were given out most are still there. But where some were found gone whose removal was not seen, more
 * may be: of a row that nobody saw it is not said that it is there.
 */
const VANISHED = 0.1

const isRefusal = (status: string): boolean => status >= '400' && status < '500' && Number(status) !== DENIED

/** Numbers that were given out, or may have been. */
const NUMBERED = new Set(['in', 'near'])

/** Whether what was removed was still shown afterwards, as one that says that it is. */
export const showsGone = ({ statuses }: EndpointModel): boolean => {
  const guess = majority(statuses, 'good|gone')
  return hasWeight(guess, 2) && guess.status < 300
}

/** Share of refusals among the answers to a feature, and the commonest of them. */
const refusedShare = (model: EndpointModel, key: string): readonly [number, number] => {
  const counts = Object.entries(model.statuses[key] ?? {})
  const refusals = counts.filter(([status]) => isRefusal(status)).sort((a, b) => b[1] - a[1])
  const all = counts.reduce((sum, [, count]) => sum + count, 0)
  return [all === 0 ? 0 : refusals.reduce((sum, [, count]) => sum + count, 0) / all, Number(refusals[0]?.[0] ?? 404)]
}

/** Nobody knows whether a row is among those that vanished. */
const EVEN = 0.5

const hasVanished = (model: EndpointModel, f: StatusFeatures): boolean =>
  NUMBERED.has(f.id) && ((model.vanished ?? 0) > 0 || refusedShare(model, `${f.credential}|in`)[0] >= VANISHED)

const doubted = (model: EndpointModel, f: StatusFeatures, guess: Guess): Guess => {
  if (guess.status >= 300) return guess
  const [share, status] = refusedShare(model, `${f.credential}|${f.id}`)
  if (hasVanished(model, f)) return { status, share: Math.max(share, EVEN), weight: guess.weight }
  return UNSEEN.test(f.id) && share >= DOUBT ? { ...guess, status, share } : guess
}

/** A number far beyond every one that was seen, or an id unlike any, is taken for nothing, unless such were seen to be something. */
const OUTSIDE = new Set(['far', 'beyond', 'odd'])
/** Answers after which the largest number seen says something. */
const SETTLED = 8
const NOWHERE: Guess = { status: 404, share: 0.9, weight: 1 }

const isShown = (f: StatusFeatures): boolean => f.id === 'known' && f.body === 'ok'

const isNowhere = (model: EndpointModel, f: StatusFeatures, coarse: Guess | undefined): boolean =>
  OUTSIDE.has(f.id) && model.count >= SETTLED && (coarse === undefined || coarse.status < 300)

/** A PUT makes (201) or replaces (200): which of them is told by whether the object was there. */
const isWell = (guess: Guess | undefined): guess is Guess => hasWeight(guess, 2) && guess.status < 300

type Guesses = readonly (Guess | undefined)[]

/** What this endpoint's own answers say to such requests. */
const guessHere = (model: EndpointModel, f: StatusFeatures, guesses: Guesses): Guess | undefined => {
  const [own] = guesses
  const coarse = guesses[guesses.length - 1]
  if (isShown(f) && coarse !== undefined && coarse.status < 300) return isWell(own) ? own : coarse
  if (hasWeight(own, 2)) return own
  return isNowhere(model, f, coarse) ? NOWHERE : undefined
}

/** An object, or a collection, of which only others saw something. */
const OTHERS = new Set(['other', 'foreign', 'theirs'])
/** What is others' elsewhere in the service must nearly always have been shown, before this is. */
const SHOWN = 0.95

/** Of a thing that others have to themselves: as such things are refused here or elsewhere, or as if it were not there. */
const guessTheirs = (model: EndpointModel, f: StatusFeatures, service: Guess | undefined): Guess => {
  if (service !== undefined && service.status >= 400) return service
  const [share, status] = refusedShare(model, `${f.credential}|word`)
  return { status, share: Math.max(share, EVEN), weight: 1 }
}

/** What only others saw may be theirs: nothing is said of it before it was seen how the server takes such requests. */
const guessOthers = (model: EndpointModel, f: StatusFeatures, service: Guess | undefined): Guess | undefined => {
  if (f.id === 'theirs') return guessTheirs(model, f, service)
  return service === undefined || service.status >= 300 || service.share >= SHOWN ? service : undefined
}

/** What the service's other endpoints say, and then what this one says to requests that are less alike. */
const guessElsewhere = (
  model: EndpointModel,
  f: StatusFeatures,
  guesses: Guesses,
  knowledge: Knowledge,
): Guess | undefined => {
  const service = majority(knowledge.facts(model.service)?.statuses ?? {}, serviceKey(model.method, f))
  if (OTHERS.has(f.id) && guesses[0] === undefined) return guessOthers(model, f, service)
  if (hasWeight(service, 3)) return service
  return guesses.find((guess) => guess !== undefined) ?? guessBody(model, f, knowledge)
}

/** What the features say, from the finest with enough evidence to the coarsest. */
const guessByFeatures = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): Guess | undefined => {
  const guesses = featureKeys(f).map((key) => majority(model.statuses, key))
  const guess = guessHere(model, f, guesses) ?? guessElsewhere(model, f, guesses, knowledge)
  return guess === undefined ? undefined : doubted(model, f, guess)
}

const guessBody = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): Guess | undefined =>
  f.body === 'ok' ? undefined : guessShortfall(model, f, knowledge)

const INVALID = [422, 400]

/** How a service that was never seen to judge bodies would refuse one; undefined where its errors do not tell. */
const guessRefusal = (knowledge: Knowledge, service: string): Guess | undefined => {
  const errors = knowledge.facts(service)?.errors ?? {}
  const status = INVALID.find((code) => Object.hasOwn(errors, code))
  return status === undefined ? undefined : { status, share: 0.5, weight: 1 }
}

/**
 * A body that falls short where no such body was seen: as the service takes them elsewhere; where it was never seen to judge
 * one, what every accepted body had is required, and nothing is said rather than that it was accepted.
 */
const guessShortfall = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): Guess | undefined => {
  const refused = majority(knowledge.facts(model.service)?.statuses ?? {}, ANY_BAD)
  if (refused !== undefined && refused.status >= 400) return refused
  if (refused === undefined && !f.body.startsWith('kind')) return guessRefusal(knowledge, model.service)
  return guessByFeatures(model, { ...f, body: 'ok' }, knowledge)
}

/** What is believed of a door that was seen shut, here or elsewhere. */
const SHUT = 0.9

/** Whether the server was seen to refuse for want of a credential: here, or anywhere. */
const isGuarded = (model: EndpointModel, knowledge: Knowledge): boolean =>
  Object.hasOwn(model.bodies, DENIED) || Object.hasOwn(knowledge.facts(model.service)?.errors ?? {}, DENIED)

const FORBIDDEN = 403

/** Some new credentials were good ones that may not do this: one that nobody knows is rather none at all, where that was seen. */
const asStranger = (model: EndpointModel, f: StatusFeatures, guess: Guess | undefined): Guess | undefined => {
  const isMixed = f.credential === 'new' && guess?.status === FORBIDDEN && (model.statuses['new']?.[DENIED] ?? 0) > 0
  return isMixed ? { ...guess, status: DENIED } : guess
}

/** The status that an unseen request would get, undefined when nothing speaks for one or it would let a stranger in. */
export const guessStatus = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): Guess | undefined => {
  const guess = asStranger(model, f, guessByFeatures(model, f, knowledge))
  const isOpen = f.credential === 'good' || mayEnter(model, f.credential)
  if (guess !== undefined && (guess.status >= 400 || isOpen)) return guess
  return !isOpen && isGuarded(model, knowledge) ? { status: DENIED, share: SHUT, weight: 2 } : undefined
}
