/**
 * Which status an unseen request would get: counted by features of the request, backing off from the endpoint with all
 * features to the service with fewer. A 2xx for a credential that is not known to be good needs evidence that this
 * endpoint takes any.
 */
import type { Asked } from './asked.ts'
import { keyOf } from './model.ts'
import type { EndpointModel, Knowledge, ObjectRecord, StatusTable } from './model.ts'

export type CredentialState = 'none' | 'new' | 'good' | 'bad'

export const credentialKey = (service: string, asker: string): string => keyOf('credential', service, asker)

export const credentialState = (asked: Asked, knowledge: Knowledge): CredentialState =>
  asked.asker === '' ? 'none' : (knowledge.credential(credentialKey(asked.service, asked.asker))?.state ?? 'new')

/** What the last path parameter is, as far as one can say without knowing the object. */
export const idFeature = (
  model: EndpointModel,
  value: string | undefined,
  object: ObjectRecord | undefined,
): string => {
  if (value === undefined) return '-'
  if (object !== undefined && object.gone > 0 && object.gone >= object.written) return 'gone'
  if (object !== undefined && object.views.length > 0) return 'known'
  if (!/^\d{1,15}$/.test(value)) return 'word'
  if (model.largest < 0) return 'first'
  const beyond = Number(value) / Math.max(10, model.largest)
  return beyond <= 1 ? 'in' : beyond <= 2 ? 'near' : beyond <= 16 ? 'far' : 'beyond'
}

export interface StatusFeatures {
  readonly credential: CredentialState
  readonly id: string
}

export const featureKeys = (f: StatusFeatures): readonly string[] => [`${f.credential}|${f.id}`, f.credential]
/** The service's own table is by method too. */
export const serviceKey = (method: string, f: StatusFeatures): string => `${method}|${f.credential}|${f.id}`

interface Guess {
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

/** What the features say, from the finest with enough evidence to the coarsest. */
const guessByFeatures = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): Guess | undefined => {
  const [all = '', credential = ''] = featureKeys(f)
  const coarse = majority(model.statuses, credential)
  if (f.id === 'known' && coarse !== undefined && coarse.status < 300) return coarse
  const own = majority(model.statuses, all)
  if (hasWeight(own, 2)) return own
  const service = majority(knowledge.facts(model.service)?.statuses ?? {}, serviceKey(model.method, f))
  return hasWeight(service, 3) ? service : (own ?? coarse)
}

/** The status that an unseen request would get, undefined when nothing speaks for one or it would let a stranger in. */
export const guessStatus = (model: EndpointModel, f: StatusFeatures, knowledge: Knowledge): number | undefined => {
  const status = guessByFeatures(model, f, knowledge)?.status
  const isOpen = f.credential === 'good' || mayEnter(model, f.credential)
  if (status !== undefined && (status >= 400 || isOpen)) return status
  return !isOpen && Object.hasOwn(model.bodies, '401') ? 401 : undefined
}
