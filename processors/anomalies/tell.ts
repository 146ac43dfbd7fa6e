/** What goes on the topic: incidents when they begin, change and end, and single requests that are strange. */
import type { Anomaly } from '../../schemas/events.ts'
import type { Emit, Observation, Strangeness } from '../kit/processor.ts'
import { beganAt, type Incident } from './incident.ts'
import { endpointName, sentenceOf, severityOf, speakerOf } from './sentence.ts'

export type State = 'open' | 'changed' | 'closed' | 'accepted'

const rounded = (x: number): number => Math.round(x * 1000) / 1000

const detailsOf = (incident: Incident, state: State, told: number): string =>
  JSON.stringify({
    state,
    raised_at: incident.raised,
    told_at: told,
    alarms: incident.alarms.map(({ size, usual, share, ...alarm }) => ({
      ...alarm,
      size: rounded(size),
      usual: rounded(usual),
      share: rounded(share),
    })),
  })

export interface Told {
  readonly service: string
  readonly state: State
  readonly at: number
}

/** Publishes an incident as it is now, under its endpoint or service. */
export const tellIncident = (incident: Incident, { service, state, at }: Told, emit: Emit): void => {
  const speaker = speakerOf(incident)
  if (speaker === undefined) return
  const isClient = ['scan', 'enumeration', 'credential_stuffing'].includes(speaker.kind)
  const endpoint = isClient ? '' : speaker.subject
  const isOver = state === 'closed' || state === 'accepted'
  const severity = severityOf(incident)
  const sentence = sentenceOf(incident, service)
  const value: Anomaly = {
    id: incident.id,
    service,
    endpoint,
    at: beganAt(incident),
    endedAt: isOver ? incident.quiet || at : 0,
    kind: speaker.kind,
    severity,
    score: severity,
    sentence: state === 'accepted' ? `${sentence}; it stayed and is what is usual from now on` : sentence,
    details: detailsOf(incident, state, at),
  }
  emit('anomalies', endpoint || service, value)
}

/** Publishes one strange request. */
export const tellRequest = (o: Observation, { score, reasons }: Strangeness, emit: Emit): void => {
  const { event, exchange, endpoint, path } = o
  const cut = path.length > 80 ? `${path.slice(0, 80)}…` : path
  const name = endpoint === undefined ? `${exchange.method} ${cut}` : endpointName(endpoint.id)
  const value: Anomaly = {
    id: `request:${event.id}`,
    service: event.service,
    endpoint: endpoint?.id ?? '',
    at: o.at,
    endedAt: o.at,
    kind: 'request',
    severity: 0.2,
    score,
    sentence: `a strange request to ${name}: ${reasons.join('; ')}`,
    details: JSON.stringify({ exchange: event.id, client: exchange.client, status: exchange.status, reasons }),
  }
  emit('anomalies', endpoint?.id ?? event.service, value)
}
