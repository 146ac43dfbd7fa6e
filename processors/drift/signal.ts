/** A change that was told, as it is kept with its endpoint. */
import type { Drift } from '../../schemas/events.ts'
import { hash32 } from '../kit/hash.ts'
import type { Verdict } from './court.ts'
import type { Kind, Place, Sighting } from './place.ts'
import { severityOf, wordsOf } from './words.ts'

export type SignalState = 'open' | 'resolved' | 'accepted' | 'reopened'

/** Answers of one upstream since the change was told: with the old behaviour, with the new one. */
export type Witness = [upstream: string, old: number, fresh: number]

export interface OpenSignal {
  readonly id: string
  readonly alert: string
  readonly httpStatus: number
  readonly pointer: string
  readonly kind: Kind
  readonly severity: Drift['severity']
  readonly confidence: number
  readonly before: string
  readonly after: string
  /** The type or values that are new, as they stand in answers. */
  readonly value: string
  readonly first: Sighting
  readonly at: number
  state: SignalState
  readonly witnesses: Witness[]
  /** Answers with the old behaviour since the last one with the new. */
  streak: number
}

/** Signals kept per endpoint: the oldest that are over go first. */
export const MAX_SIGNALS = 32

export interface Told {
  readonly verdict: Verdict
  readonly place: Place | undefined
  /** Statuses known before, for one that is new. */
  readonly statuses: string
  readonly at: number
}

/** What was before, of what is at no place of an answer. */
const BEFORE: Readonly<Partial<Record<Kind, string>>> = {
  request_field_required: 'optional',
  endpoint_new: 'absent',
  endpoint_gone: 'answered',
}

/** A verdict as it will be followed from now on. */
export const openSignal = ({ verdict, place, statuses, at }: Told): OpenSignal => {
  const { one, confidence, deploy } = verdict
  const { endpoint, status, pointer, kind, first, value } = one
  const [before, after] = place === undefined ? [BEFORE[kind] ?? statuses, value] : wordsOf(kind, place, value)
  return {
    id: `${first.exchange || first.offset}:${hash32(`${endpoint} ${status} ${pointer} ${kind}`).toString(36)}`,
    alert: deploy.id,
    httpStatus: status,
    pointer,
    kind,
    severity: severityOf(kind, place, value),
    confidence,
    before,
    after,
    value,
    first,
    at,
    state: 'open',
    witnesses: [],
    streak: 0,
  }
}
