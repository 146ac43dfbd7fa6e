/**
 * From evidence to a verdict, per service. A bar is the prior odds against a change, in nats: what one field does in one
 * exchange is no change unless the evidence outweighs e^bar. Where other parts of the service changed at about the same
 * time (a deployment), or the same field changed elsewhere, the odds are better, and the bar is lower by so much.
 *
 * The rate of false alarms that this gives on traffic without a change: see README.md.
 */
import { hash32 } from '../kit/hash.ts'
import type { Kind, Sighting } from './place.ts'

export interface Case {
  readonly endpoint: string
  readonly status: number
  readonly pointer: string
  readonly kind: Kind
  readonly evidence: number
  readonly first: Sighting
  readonly value: string
}

/** A moment at which a service changed: the first change that was certain by itself, and what changed with it. */
export interface Deploy {
  /** Also the alert's. */
  readonly id: string
  onset: Sighting
  /** Hashes of the objects in which something changed, and of kinds with names. */
  readonly parents: Set<number>
  readonly leaves: Set<number>
}

export interface Court {
  deploy: Deploy | undefined
  /** Cases that need the help of others, by what they are about. */
  readonly pending: Map<string, Case>
}

export interface Verdict {
  readonly one: Case
  readonly confidence: number
  readonly deploy: Deploy
}

const BARS: Readonly<Record<Kind, number>> = {
  field_added: 10,
  became_nullable: 10,
  status_new: 10,
  request_field_required: 10,
  became_optional: 11,
  field_removed: 12,
  type_changed: 8,
  enum_widened: 6,
  format_changed: 12,
  endpoint_new: 20,
  endpoint_gone: 12,
}
/** Statuses that come with the client rather than with a version. */
const CLIENTS_OWN = new Set([401, 403, 429])
const CLIENTS_OWN_BAR = 4

/** Three other objects changed: 55 : 1. The same name changed in the same way elsewhere: as much again. */
const COMPANY = 4
const ENOUGH_COMPANY = 3
const SAME = 4
/** Changes belong together when seen first within so many exchanges, or so much time (µs), of the first certain one. */
const NEAR = 500
const NEAR_TIME = 180_000_000
/** The first certain change need not be the first one: slow endpoints show theirs earlier than they prove it. */
const AHEAD = 100
/** After so many spans a certain change is another deployment. */
const SPANS = 4
const MAX_PENDING = 200
const MAX_COMPANY = 500

/** Prior odds against one given change, for the confidence that is told. */
const LN_ODDS_AGAINST = Math.log(1000)

const parentOf = ({ endpoint, status, pointer, kind }: Case): number =>
  hash32(
    kind === 'status_new'
      ? endpoint
      : `${endpoint} ${status} ${pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')))}`,
  )

const leafOf = ({ status, pointer, kind }: Case): number =>
  hash32(`${kind} ${kind === 'status_new' ? status : pointer.slice(pointer.lastIndexOf('/') + 1)}`)

const keyOf = ({ endpoint, status, pointer, kind }: Case): string => `${endpoint} ${status} ${pointer} ${kind}`

const barOf = ({ kind, status }: Case): number =>
  BARS[kind] + (kind === 'status_new' && CLIENTS_OWN.has(status) ? CLIENTS_OWN_BAR : 0)

const isWithin = (first: Sighting, onset: Sighting, spans: number): boolean =>
  first.index - onset.index <= spans * NEAR || first.at - onset.at <= spans * NEAR_TIME

const helpFor = (deploy: Deploy | undefined, one: Case): number => {
  if (deploy === undefined || one.first.index < deploy.onset.index - AHEAD) return 0
  const others = deploy.parents.size - (deploy.parents.has(parentOf(one)) ? 1 : 0)
  const company = isWithin(one.first, deploy.onset, 1) ? COMPANY * Math.min(1, others / ENOUGH_COMPANY) : 0
  return company + (deploy.leaves.has(leafOf(one)) ? SAME : 0)
}

const passes = (court: Court, one: Case): boolean => one.evidence + helpFor(court.deploy, one) >= barOf(one)

const addTo = (set: Set<number>, one: number): void => {
  if (set.size < MAX_COMPANY) set.add(one)
}

const convict = (court: Court, one: Case, now: Sighting): Verdict => {
  court.pending.delete(keyOf(one))
  const { first, evidence } = one
  const help = helpFor(court.deploy, one)
  if (court.deploy === undefined || (evidence >= barOf(one) && !isWithin(now, court.deploy.onset, SPANS)))
    court.deploy = { id: `${first.exchange}:${first.index}`, onset: first, parents: new Set(), leaves: new Set() }
  const { deploy } = court
  // Clients discover endpoints without any deployment: that says nothing of the others.
  if (one.kind !== 'endpoint_new') {
    addTo(deploy.parents, parentOf(one))
    addTo(deploy.leaves, leafOf(one))
  }
  return { one, confidence: 1 / (1 + Math.exp(LN_ODDS_AGAINST - evidence - help)), deploy }
}

const suspend = (court: Court, one: Case): void => {
  const key = keyOf(one)
  court.pending.delete(key)
  if (one.evidence + COMPANY + SAME < barOf(one)) return
  const [oldest] = court.pending.keys()
  if (court.pending.size >= MAX_PENDING && oldest !== undefined) court.pending.delete(oldest)
  court.pending.set(key, one)
}

/** Weighs a case; what it decides may decide others that were waiting. */
export const weigh = (court: Court, one: Case, now: Sighting): readonly Verdict[] => {
  if (!passes(court, one)) {
    suspend(court, one)
    return []
  }
  const verdicts = [convict(court, one, now)]
  for (let next = firstPassing(court); next !== undefined; next = firstPassing(court))
    verdicts.push(convict(court, next, now))
  return verdicts
}

const firstPassing = (court: Court): Case | undefined => {
  for (const one of court.pending.values()) if (passes(court, one)) return one
  return undefined
}

/** Drops what waits about an endpoint: all of it, or what stands below a place. */
export const dismiss = (court: Court, endpoint: string, status?: number, pointer = ''): void => {
  for (const [key, one] of court.pending) {
    if (one.endpoint !== endpoint) continue
    if (status === undefined || (one.status === status && one.pointer.startsWith(`${pointer}/`)))
      court.pending.delete(key)
  }
}
