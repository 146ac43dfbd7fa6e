/** What a webhook says of an alert. Field names as in the admin API. */
import type { Alert } from '../../schemas/events.ts'

/** What was told of an alert last. */
export interface Told {
  readonly status: string
  readonly severity: string
}

export const SEVERITIES = ['info', 'warning', 'breaking'] as const
export type Severity = (typeof SEVERITIES)[number]

const rankOf = (severity: string): number => SEVERITIES.findIndex((one) => one === severity)
const isLive = (status: string): boolean => status === 'open' || status === 'reopened'

/** Whether an alert is grave enough to be told at all. */
export const isGrave = ({ severity }: Pick<Alert, 'severity'>, least: Severity): boolean =>
  rankOf(severity) >= rankOf(least)

/**
 * Why an alert is worth telling: it is new, its state is another, or it became graver. What was over before anybody was
 * told is no news: a hook that is added later hears of what is open.
 */
export const newsOf = (told: Told | undefined, { status, severity }: Told): string | undefined => {
  if (told === undefined) return isLive(status) ? 'drift.opened' : undefined
  if (told.status !== status) return `drift.${status === 'open' ? 'opened' : status}`
  return isLive(status) && rankOf(severity) > rankOf(told.severity) ? 'drift.worsened' : undefined
}

const MAX_CHANGES = 50
const iso = (micros: number): string => new Date(micros / 1000).toISOString()

/** The body, as JSON. */
export const payloadOf = (type: string, alert: Alert): string =>
  JSON.stringify({
    type,
    timestamp: iso(alert.lastAt),
    data: {
      id: alert.id,
      service: alert.service,
      status: alert.status,
      severity: alert.severity,
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
