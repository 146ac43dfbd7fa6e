/** What a webhook is told of an incident; nothing of single requests. */
import type { Anomaly } from '../../schemas/events.ts'
import type { IncidentMessage, Level } from '../../schemas/webhooks.ts'
import { forChat, iso, type Word } from './word.ts'

const WARNING = 0.3
const BREAKING = 0.6

const levelOf = (severity: number): Level =>
  severity >= BREAKING ? 'breaking' : severity >= WARNING ? 'warning' : 'info'

interface Details {
  readonly state?: string
  readonly told_at?: number
}

const detailsOf = (text: string): Details => {
  try {
    return JSON.parse(text) as Details
  } catch {
    return {}
  }
}

const messageOf = (type: string, anomaly: Anomaly, at: number): IncidentMessage => ({
  type: type as IncidentMessage['type'],
  timestamp: iso(at),
  text: forChat(anomaly.sentence),
  data: {
    id: anomaly.id,
    service: anomaly.service,
    endpoint: anomaly.endpoint,
    kind: anomaly.kind,
    severity: anomaly.severity,
    level: levelOf(anomaly.severity),
    sentence: anomaly.sentence,
    started_at: iso(anomaly.at),
    ended_at: anomaly.endedAt === 0 ? null : iso(anomaly.endedAt),
    path: `/api/anomalies/${encodeURIComponent(anomaly.id)}`,
  },
})

export const incidentWord = (anomaly: Anomaly): Word | undefined => {
  if (anomaly.kind === 'request') return undefined
  const { state = 'closed', told_at: at = anomaly.at } = detailsOf(anomaly.details)
  return {
    kind: 'incident',
    subject: anomaly.id,
    service: anomaly.service,
    status: anomaly.endedAt === 0 ? 'open' : state,
    severity: levelOf(anomaly.severity),
    at,
    message: (type) => messageOf(type, anomaly, at),
  }
}
