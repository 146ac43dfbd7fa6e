/**
 * What webhooks are told: the body of each POST, one type per kind of news. Names as in the admin API, whose own description
 * (`/admin/openapi.json`) lists these under `webhooks`. A field may be added; none changes its meaning.
 */
import { z } from 'zod'

/** How grave news is: of drift what it says of itself; of incidents below 0.3 info, from 0.6 on breaking. */
export const LEVELS = ['info', 'warning', 'breaking'] as const
export type Level = (typeof LEVELS)[number]

const time = z.iso.datetime().describe('UTC')
const text = z.string().describe('One sentence for people, as chats such as Slack and Mattermost want it')
const path = z.string().describe('Where the admin API says more')

export const driftMessage = z.strictObject({
  type: z.enum(['drift.opened', 'drift.worsened', 'drift.resolved', 'drift.accepted', 'drift.reopened']),
  timestamp: time,
  text,
  data: z.strictObject({
    id: z.string(),
    service: z.string(),
    status: z.string(),
    severity: z.enum(LEVELS),
    score: z.number(),
    summary: z.string(),
    at: time,
    two_versions: z.boolean(),
    exchange_id: z.string(),
    path,
    upstreams: z.array(z.strictObject({ name: z.string(), old: z.number(), new: z.number() })),
    changes_total: z.number(),
    changes: z
      .array(
        z.strictObject({
          endpoint: z.string(),
          kind: z.string(),
          pointer: z.string(),
          renamed_to: z.string().nullable(),
          severity: z.string(),
          confidence: z.number(),
          before: z.string(),
          after: z.string(),
          status: z.string(),
        }),
      )
      .describe('The first fifty'),
  }),
})

export const incidentMessage = z.strictObject({
  type: z.enum(['incident.opened', 'incident.worsened', 'incident.closed', 'incident.accepted']),
  timestamp: time,
  text,
  data: z.strictObject({
    id: z.string().describe('The same from its beginning to its end'),
    service: z.string(),
    endpoint: z.string().describe('Empty: the whole service, or what a client does'),
    kind: z.string().describe('latency, errors, traffic_drop, traffic_spike, refusals, scan, …'),
    severity: z.number().min(0).max(1),
    level: z.enum(LEVELS),
    sentence: z.string(),
    started_at: time,
    ended_at: time.nullable().describe('null: it goes on'),
    path,
  }),
})

/** What `chaos-proxy webhooks` sends. */
export const testMessage = z.strictObject({ type: z.literal('test'), timestamp: time, text })

export type DriftMessage = z.input<typeof driftMessage>
export type IncidentMessage = z.input<typeof incidentMessage>
export type TestMessage = z.input<typeof testMessage>
export type WebhookMessage = DriftMessage | IncidentMessage | TestMessage
