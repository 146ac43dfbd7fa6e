/** What a service has to tell: its incidents, as alarms rise and fall, and the clients that do strange things. */
import type { Emit, Observation, Store } from '../kit/processor.ts'
import type { Client } from './client.ts'
import { holderOf, incidentFor, isClosed, join, leave, type Alarm, type AlarmKind, type Incident } from './incident.ts'
import type { Intruder, Service } from './state.ts'
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
  const incident: Incident = { id, raised: at, alarms: [], quiet: 0, accepted: false }
  const dropped = incidents.length >= MAX_INCIDENTS ? incidents.shift() : undefined
  if (dropped !== undefined) tell(voice, dropped, 'closed', at)
  incidents.push(incident)
  return incident
}

const raise = (voice: Voice, alarm: Alarm): void => {
  const all = voice.incidents.get(voice.name) ?? []
  const incident = incidentFor(all, alarm) ?? openIncident(voice, all, alarm.raised)
  const isNew = incident.alarms.length === 0
  const isNews = join(incident, alarm)
  voice.incidents.set(voice.name, all)
  if (isNews) tell(voice, incident, isNew ? 'open' : 'changed', alarm.raised)
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
