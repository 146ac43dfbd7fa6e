/** The life of an incident: alarms of one service that belong together, from the first to the end of the last. */
import type { Kind } from './stream.ts'

export type AlarmKind = Kind | 'sizes' | 'scan' | 'enumeration' | 'credential_stuffing'

/** What an alarm is known by, measured while it goes on. */
export interface Measure {
  /** How many times slower, more or fewer; the rate of errors; the mean rank of answers' sizes. */
  readonly size: number
  readonly usual: number
  /** Of the service's requests that are concerned. */
  readonly share: number
  /** The only upstream that shows it; '' when all do or it is not known. */
  readonly upstream: string
}

export interface Alarm extends Measure {
  /** Endpoint id; '' for the service; the client for what clients do. */
  readonly subject: string
  readonly kind: AlarmKind
  readonly began: number
  readonly raised: number
  over: number
}

/** What was told of an incident so far. */
export interface Told {
  readonly kinds: readonly AlarmKind[]
  /** What it was said to be, and of whom. */
  readonly speaker: string
  /** At worst. */
  readonly severity: number
}

export interface Incident {
  readonly id: string
  readonly raised: number
  alarms: Alarm[]
  /** When the last alarm was over; 0 while one goes on. */
  quiet: number
  /** Some of it stayed and is what is usual now. */
  accepted: boolean
  /** Absent in what was kept before there was such a thing, all of which was told. */
  told?: Told
}

const MAX_ALARMS = 24
/** So long after the last alarm an incident stays open: what flaps is one matter. */
export const LINGER = 15 * 60_000_000

export const isOpen = ({ alarms }: Incident): boolean => alarms.some(({ over }) => over === 0)

const same = (a: Alarm, subject: string, kind: AlarmKind): boolean => a.subject === subject && a.kind === kind

/** Alarms that are raised within so long of each other belong together. */
const RELATED = 30 * 60_000_000

const isRelated = (incident: Incident, alarm: Alarm): boolean => {
  const last = Math.max(...incident.alarms.map(({ raised }) => raised))
  return alarm.raised - last <= RELATED || incident.alarms.some((one) => one.over === 0 && one.kind === alarm.kind)
}

/** The incident that an alarm belongs to: the one that has it, else one that began lately or is of its kind. */
export const incidentFor = (incidents: readonly Incident[], alarm: Alarm): Incident | undefined =>
  holderOf(incidents, alarm.subject, alarm.kind) ?? incidents.find((one) => isRelated(one, alarm))

/** The incident in which an alarm goes on. */
export const holderOf = (incidents: readonly Incident[], subject: string, kind: AlarmKind): Incident | undefined =>
  incidents.find(({ alarms }) => alarms.some((one) => same(one, subject, kind) && one.over === 0))

/** An alarm began, or goes on and is measured anew. */
export const join = (incident: Incident, alarm: Alarm): void => {
  const at = incident.alarms.findIndex((one) => same(one, alarm.subject, alarm.kind))
  const known = incident.alarms[at]
  if (known !== undefined) incident.alarms[at] = { ...alarm, began: known.began, raised: known.raised }
  else if (incident.alarms.length < MAX_ALARMS) incident.alarms.push(alarm)
  incident.quiet = 0
}

/** An alarm is over. */
export const leave = (incident: Incident, subject: string, kind: AlarmKind, at: number): void => {
  for (const alarm of incident.alarms) if (same(alarm, subject, kind) && alarm.over === 0) alarm.over = at
  if (!isOpen(incident)) incident.quiet = Math.max(...incident.alarms.map(({ over }) => over))
}

/** Whether nothing came for long enough. */
export const isClosed = ({ quiet }: Incident, at: number): boolean => quiet > 0 && at >= quiet + LINGER

export const beganAt = ({ alarms }: Incident): number => Math.min(...alarms.map(({ began }) => began))
