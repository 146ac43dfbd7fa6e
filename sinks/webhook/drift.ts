/** What a webhook is told of a drift alert. */
import type { Alert } from '../../schemas/events.ts'
import type { DriftMessage, Level } from '../../schemas/webhooks.ts'
import { forChat, iso, type Word } from './word.ts'

const MAX_CHANGES = 50

const messageOf = (type: string, alert: Alert): DriftMessage => ({
  type: type as DriftMessage['type'],
  timestamp: iso(alert.lastAt),
  text: forChat(`${alert.service}: ${alert.summary} (${alert.status})`),
  data: {
    id: alert.id,
    service: alert.service,
    status: alert.status,
    severity: alert.severity as Level,
    score: alert.score,
    summary: alert.summary,
    at: iso(alert.at),
    two_versions: alert.mixed,
    exchange_id: alert.exchange,
    path: `/admin/drift-alerts/${encodeURIComponent(alert.id)}`,
    upstreams: alert.upstreams.map(({ name, old, fresh }) => ({ name, old, new: fresh })),
    changes_total: alert.changes.length,
    changes: alert.changes.slice(0, MAX_CHANGES).map((change) => ({
      endpoint: change.endpoint,
      kind: change.kind,
      pointer: change.pointer,
      renamed_to: change.renamedTo === '' ? null : change.renamedTo,
      severity: change.severity,
      confidence: change.confidence,
      before: change.before,
      after: change.after,
      status: change.status,
    })),
  },
})

export const driftWord = (alert: Alert): Word => ({
  kind: 'drift',
  subject: alert.id,
  service: alert.service,
  status: alert.status,
  severity: alert.severity as Level,
  at: alert.lastAt,
  message: (type) => messageOf(type, alert),
})
