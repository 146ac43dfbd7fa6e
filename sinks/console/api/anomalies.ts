/** What was unusual, from the database: incidents, and single requests where they are asked for. */
import { z } from '@hono/zod-openapi'
import { driftMessage, incidentMessage, testMessage } from '../../../schemas/webhooks.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, type Api, type ApiContext } from './context.ts'
import { byId } from './endpoints.ts'

const alarmSchema = z.object({
  kind: z.string(),
  subject: z.string().openapi({ description: 'endpoint id, or client; empty: the service' }),
  size: z.number().openapi({ description: 'times slower, share of errors, times the usual requests' }),
  usual: z.number(),
  share: z.number().openapi({ description: 'of the requests of the service' }),
  upstream: z.string().openapi({ description: 'the only one that shows it; empty: not one alone' }),
  began_at: z.string(),
  ended_at: z.string().nullable(),
})
const anomalySchema = z
  .object({
    id: z.string(),
    service: z.string(),
    endpoint: z.string().openapi({ description: 'empty: the whole service, or a path that is no endpoint' }),
    kind: z.string(),
    severity: z.number().openapi({ description: '0 to 1' }),
    score: z.number(),
    sentence: z.string(),
    started_at: z.string(),
    ended_at: z.string().nullable().openapi({ description: 'null: it goes on' }),
    raised_at: z.string().nullable().openapi({ description: 'when there was enough evidence to tell' }),
    accepted: z.boolean().openapi({ description: 'it stayed and is what is usual now' }),
    alarms: z.array(alarmSchema),
    reasons: z.array(z.string()).openapi({ description: 'of a strange request' }),
  })
  .openapi('Anomaly')

const yes = z.enum(['true', 'false']).default('false')
const list = get({
  path: '/api/anomalies',
  summary: 'Incidents, newest first',
  query: z.object({
    ...page,
    open: yes.openapi({ description: 'only those that go on' }),
    requests: yes.openapi({ description: 'single strange requests too' }),
    service: z.string().optional(),
    kind: z.string().optional(),
  }),
  answer: listOf(anomalySchema),
})
const one = get({ path: '/api/anomalies/{id}', summary: 'One incident', params: byId, answer: anomalySchema })

const COLUMNS = 'id, service, endpoint, kind, severity, score, sentence, time as started_at, ended_at, details'

interface Row extends Omit<z.infer<typeof anomalySchema>, 'raised_at' | 'accepted' | 'alarms' | 'reasons'> {
  readonly details: string
}

interface Details {
  readonly state?: string
  readonly raised_at?: number
  readonly alarms?: readonly (Omit<z.infer<typeof alarmSchema>, 'began_at' | 'ended_at'> & {
    readonly began: number
    readonly over: number
  })[]
  readonly reasons?: readonly string[]
}

const detailsOf = (text: string): Details => {
  try {
    return JSON.parse(text) as Details
  } catch {
    // Cut in the table: what is told besides is whole.
    return {}
  }
}

const iso = (micros: number | undefined): string | null =>
  micros === undefined || micros === 0 ? null : new Date(micros / 1000).toISOString()

const show = ({ details, ...row }: Row): z.infer<typeof anomalySchema> => {
  const { state, raised_at: raised, alarms = [], reasons = [] } = detailsOf(details)
  return {
    ...row,
    raised_at: iso(raised),
    accepted: state === 'accepted',
    alarms: alarms.map(({ kind, subject, size, usual, share, upstream, began, over }) => ({
      kind,
      subject,
      size,
      usual,
      share,
      upstream,
      began_at: iso(began) ?? '',
      ended_at: iso(over),
    })),
    reasons: [...reasons],
  }
}

interface Asked {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly open: string
  readonly requests: string
  readonly service?: string | undefined
  readonly kind?: string | undefined
}

/** The statement and its parameters. */
const select = ({ limit, cursor, open, requests, service, kind }: Asked): readonly [string, readonly unknown[]] => {
  const after = unpackCursor(cursor, 2)
  if (after !== undefined && Number.isNaN(Date.parse(after[0] as string)))
    throw new Refusal(400, 'cursor: pass the next_cursor of the page before, unchanged')
  const params: unknown[] = [limit + 1]
  const wanted = [
    ...(open === 'true' ? ['ended_at is null'] : []),
    ...(requests === 'true' || kind === 'request' ? [] : ["kind <> 'request'"]),
    ...(service === undefined ? [] : [`service = $${params.push(service)}`]),
    ...(kind === undefined ? [] : [`kind = $${params.push(kind)}`]),
    ...(after === undefined
      ? []
      : [`(time, id) < ($${params.push(after[0])}::timestamptz, $${params.push(after[1])})`]),
  ]
  const where = wanted.length === 0 ? '' : `where ${wanted.join(' and ')}`
  return [`select ${COLUMNS} from anomalies ${where} order by time desc, id desc limit $1`, params]
}

/** Not asked of the console but told by it: to `alerts.webhooks`, as Standard Webhooks has it. */
const describeWebhooks = ({ openAPIRegistry: registry }: Api): void => {
  const told = (path: string, summary: string, schema: z.ZodType): void =>
    registry.registerWebhook({
      method: 'post',
      path,
      summary,
      description:
        'Sent again, with the same webhook-id, until the answer is 2xx. webhook-signature is set where there is a secret.',
      request: {
        headers: z.object({
          'webhook-id': z.string(),
          'webhook-timestamp': z.string(),
          'webhook-signature': z.string().optional(),
        }),
        body: { content: { 'application/json': { schema } }, required: true },
      },
      responses: { 204: { description: 'Any 2xx: taken' } },
    })
  told('drift', 'A drift alert began, became graver or is over', driftMessage)
  told('incident', 'An incident began, became graver or is over', incidentMessage)
  told('test', 'chaos-proxy webhooks', testMessage)
}

export const anomalyRoutes = (api: Api, { options }: ApiContext): void => {
  describeWebhooks(api)
  api.openapi(list, async (c) => {
    const { limit, ...asked } = c.req.valid('query')
    const rows = (await options.database.query(...select({ limit, ...asked }))) as unknown as readonly Row[]
    const { items, next_cursor: next } = paged(rows, limit, (row) => [row.started_at, row.id])
    return c.json({ items: items.map(show), next_cursor: next }, 200)
  })
  api.openapi(one, async (c) => {
    const { id } = c.req.valid('param')
    const [row] = await options.database.query(`select ${COLUMNS} from anomalies where id = $1`, [id])
    if (row === undefined)
      throw new Refusal(404, 'there is no anomaly of this id; GET /api/anomalies lists those there are')
    return c.json(show(row as unknown as Row), 200)
  })
}
