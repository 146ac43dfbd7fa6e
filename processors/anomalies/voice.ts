/** What a service has to tell: its incidents, as alarms rise and fall, and the clients that do strange things. */
import type { Emit, Observation, Store } from '../kit/processor.ts'
import type { Client } from './client.ts'
import { holderOf, incidentFor, isClosed, isOpen, join, leave } from './incident.ts'
import type { Alarm, AlarmKind, Incident, Told } from './incident.ts'
import { severityOf, speakerOf } from './sentence.ts'
import type { Intruder, Service } from './state.ts'
import { KINDS, type Kind } from './stream.ts'
import { tellIncident, type State } from './tell.ts'
import { MINUTE, type Turned } from './watch.ts'

export interface Voice {
  /** By service. */
  readonly incidents: Store<Incident[]>
  readonly name: string
  readonly service: Service
  readonly emit: Emit
}

const tell = ({ name, emit }: Voice, incident: Incident, state: State, at: number): void =>
  tellIncident(incident, { service: name, state, at }, emit)

const MAX_INCIDENTS = 8

const openIncident = (voice: Voice, incidents: Incident[], at: number): Incident => {
  const { name, service } = voice
  const number = incidents.length === 0 ? '' : `:${incidents.length}`
  const id = `${name}:${service.partition}:${Math.floor(at / 1000).toString(36)}${number}`
  const told: Told = { kinds: [], speaker: '', severity: 0 }
  const incident: Incident = { id, raised: at, alarms: [], quiet: 0, accepted: false, told }
  const dropped = incidents.length >= MAX_INCIDENTS ? incidents.shift() : undefined
  if (dropped !== undefined) tell(voice, dropped, 'closed', at)
  incidents.push(incident)
  return incident
}

const raise = (voice: Voice, alarm: Alarm): void => {
  const all = voice.incidents.get(voice.name) ?? []
  join(incidentFor(all, alarm) ?? openIncident(voice, all, alarm.raised), alarm)
  voice.incidents.set(voice.name, all)
}

/** An alarm rose, goes on or is over. */
export const hear = (voice: Voice, { subject, change, alarm }: Turned<AlarmKind>): void => {
  const full = { ...alarm, over: 0 }
  if (change.turn === 'raised') return raise(voice, full)
  const all = voice.incidents.get(voice.name) ?? []
  const incident = holderOf(all, subject, change.kind)
  if (incident === undefined) return
  join(incident, full)
  if (change.turn !== 'goes on') leave(incident, subject, change.kind, alarm.raised)
  if (change.turn === 'accepted') incident.accepted = true
  voice.incidents.set(voice.name, all)
}

/** By so much graver is news. */
const GRAVER = 0.2

const wordOf = (incident: Incident): Told => {
  const speaker = speakerOf(incident)
  const kinds = [...new Set(incident.alarms.map(({ kind }) => kind))]
  return { kinds, speaker: `${speaker?.kind} ${speaker?.subject}`, severity: severityOf(incident) }
}

/** Another kind, another that it is of, or that it became graver; as alarms end, the others are no news. */
const isNews = ({ alarms }: Incident, now: Told, before: Told, at: number): boolean =>
  now.severity >= before.severity + GRAVER ||
  now.kinds.some((kind) => !before.kinds.includes(kind)) ||
  (now.speaker !== before.speaker && alarms.some(({ raised }) => raised === at))

/** Takes note of what is news of an incident; undefined when nothing is. */
const takeNews = (incident: Incident, at: number): State | undefined => {
  const now = wordOf(incident)
  const before = (incident.told ??= now)
  if (!isNews(incident, now, before, at)) return undefined
  incident.told = { ...now, severity: Math.max(before.severity, now.severity) }
  return before.kinds.length === 0 ? 'open' : 'changed'
}

/**
 * Tells what is not told yet, once all alarms of a minute are heard: so that the one endpoint is named that is ill, and not
 * the service that it makes ill; where that turns out later, it is told again.
 */
export const tellNews = (voice: Voice, at: number): void => {
  const all = voice.incidents.get(voice.name)
  if (all === undefined) return
  for (const incident of all.filter(isOpen)) {
    const state = takeNews(incident, at)
    if (state !== undefined) tell(voice, incident, state, at)
  }
  voice.incidents.set(voice.name, all)
}

/** Endpoints, and whoever else there is, with which something is wrong. */
export const alarmed = ({ incidents, name }: Voice): readonly string[] =>
  (incidents.get(name) ?? []).flatMap(({ alarms }) =>
    alarms.flatMap(({ subject, over }) => (over === 0 ? subject : [])),
  )

const isOfStream = (kind: AlarmKind): kind is Kind => (KINDS as readonly string[]).includes(kind)

/** Ends what was raised at endpoints that are gone, or begin anew, as they became one with others or several. */
export const dropAlarms = (voice: Voice, at: number, isRaised: (id: string, kind: Kind) => boolean): void => {
  const all = voice.incidents.get(voice.name)
  for (const incident of all ?? [])
    for (const { subject, kind, over } of incident.alarms)
      if (over === 0 && subject !== '' && isOfStream(kind) && !isRaised(subject, kind))
        leave(incident, subject, kind, at)
  if (all !== undefined) voice.incidents.set(voice.name, all)
}

/** Ends what has been quiet for long enough. */
export const closeIncidents = (voice: Voice, at: number): void => {
  const all = voice.incidents.get(voice.name)
  const over = all?.filter((incident) => isClosed(incident, at)) ?? []
  if (all === undefined || over.length === 0) return
  for (const incident of over) tell(voice, incident, incident.accepted ? 'accepted' : 'closed', at)
  const left = all.filter((incident) => !over.includes(incident))
  if (left.length === 0) voice.incidents.delete(voice.name)
  else voice.incidents.set(voice.name, left)
}

/** Strange requests in about ten minutes that make a client an intruder. */
const STRANGE = 8
/** Ids asked for one after the other. */
const STEPS = 25

/** What a client's strange requests amount to. */
const intentOf = ({ strange, steps, unauthorised }: Client): Intruder[1] | undefined => {
  if (strange < STRANGE) return undefined
  if (unauthorised > STRANGE && unauthorised > strange / 2) return 'credential_stuffing'
  return steps > STEPS ? 'enumeration' : 'scan'
}

const MAX_INTRUDERS = 16

/** Takes note of a client's strange request. */
export const noteIntruder = (voice: Voice, o: Observation, client: Client): void => {
  const kind = intentOf(client)
  if (kind === undefined) return
  const { intruders } = voice.service
  const key = o.exchange.client
  const known = intruders.find(([one]) => one === key)
  if (known !== undefined) {
    known[2] = o.at
    return
  }
  if (intruders.length >= MAX_INTRUDERS) return
  intruders.push([key, kind, o.at])
  const size = kind === 'credential_stuffing' ? client.unauthorised : client.strange
  raise(voice, { subject: key, kind, began: o.at, raised: o.at, size, usual: 0, share: 0, upstream: '', over: 0 })
  tellNews(voice, o.at)
}

const INTRUDER_GONE = 5 * MINUTE

/** Clients that have done nothing strange for a while are gone. */
export const dismissIntruders = (voice: Voice, at: number): void => {
  const { service, incidents, name } = voice
  const gone = service.intruders.filter(([, , last]) => at - last >= INTRUDER_GONE)
  if (gone.length === 0) return
  service.intruders = service.intruders.filter((one) => !gone.includes(one))
  const all = incidents.get(name)
  if (all === undefined) return
  for (const [client, kind, last] of gone) {
    const incident = holderOf(all, client, kind)
    if (incident !== undefined) leave(incident, client, kind, last)
  }
  incidents.set(name, all)
}
