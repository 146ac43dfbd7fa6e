/** What passed: rows from the database, bodies read back from the log. */
import { z } from '@hono/zod-openapi'
import type { Exchange, Header } from '../../../schemas/events.ts'
import { topicName } from '../../../schemas/topics.ts'
import type { Row } from '../../kit/database.ts'
import { showBody } from '../bodies.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, type Api, type ApiContext } from './context.ts'

const text = z.string()
const number = z.number()
const rowSchema = z
  .object({
    id: text,
    time: text,
    service: text,
    endpoint: text.nullable(),
    method: text,
    path: text,
    query: text,
    status: number,
    answered_by: text,
    why: text,
    upstream: text,
    principal: text,
    ghost_kind: text.nullable(),
    ghost_confidence: number.nullable(),
    ghost_activation: text.nullable(),
    attempts: number,
    complete: z.boolean(),
    total_us: number,
    first_byte_us: number,
    request_bytes: number,
    response_bytes: number,
    request_id: text,
    log_topic: text,
    log_partition: number,
    log_offset: number,
  })
  .openapi('Exchange')
const columns = Object.keys(rowSchema.shape).join(', ')
/** What `detailOf` wants of a row. */
export const detailColumns = `${columns}, client, protocol`

const bodySchema = z.object({
  media_type: text,
  coding: text,
  length: number,
  cut: z.boolean(),
  text: text.nullable(),
  base64: text.nullable(),
})
const sideSchema = z.object({ headers: z.array(z.object({ name: text, value: text })), body: bodySchema })
export const detailSchema = rowSchema
  .extend({
    client: text,
    protocol: text,
    request: sideSchema.nullable().openapi({ description: 'null once the log no longer holds the event' }),
    response: sideSchema.nullable(),
  })
  .openapi('ExchangeDetail')

const list = get({
  path: '/api/traffic',
  summary: 'Exchanges, newest first',
  query: z.object({
    ...page,
    service: text.max(500).optional(),
    endpoint: text.max(500).optional(),
    method: text.max(40).optional(),
    answered_by: text.max(40).optional(),
    min_status: z.coerce.number().int().optional(),
  }),
  answer: listOf(rowSchema),
})
const one = get({
  path: '/api/traffic/{id}',
  summary: 'One exchange with headers and bodies',
  params: z.object({ id: text.max(500) }),
  answer: detailSchema,
})

type Filters = z.infer<NonNullable<typeof list.request.query>>

const select = (filters: Filters): { sql: string; params: unknown[] } => {
  const params: unknown[] = []
  const conditions: string[] = []
  const where = (condition: (place: string) => string, value: unknown): void => {
    if (value === undefined) return
    params.push(value)
    conditions.push(condition(`$${params.length}`))
  }
  for (const column of ['service', 'endpoint', 'method', 'answered_by'] as const)
    where((p) => `${column} = ${p}`, filters[column])
  where((p) => `status >= ${p}`, filters.min_status)
  const after = unpackCursor(filters.cursor, 2)
  if (after !== undefined) {
    if (Number.isNaN(Date.parse(after[0] as string)))
      throw new Refusal(400, 'cursor: pass the next_cursor of the page before, unchanged')
    params.push(...after)
    conditions.push(`(time, id) < ($${params.length - 1}::timestamptz, $${params.length})`)
  }
  params.push(filters.limit + 1)
  const clause = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
  return {
    sql: `select ${columns} from exchanges ${clause} order by time desc, id desc limit $${params.length}`,
    params,
  }
}

const withoutNul = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll('\0', '') : value)

const readBack = async ({ options: { log, codecs } }: ApiContext, row: Row): Promise<Exchange | null> => {
  const offset = row['log_offset'] as number
  const range = {
    partition: row['log_partition'] as number,
    from: { kind: 'offset', offset },
    until: { kind: 'offset', offset: offset + 1 },
  } as const
  for await (const records of log.read(topicName('exchanges'), range))
    for (const { offset: found, value } of records) {
      if (found !== offset || value === null) continue
      await codecs.prepare([value])
      const event = codecs.decode('exchanges', value)
      return event.id === row['id'] ? event.exchange : null
    }
  return null
}

const side = (headers: readonly Header[], body: Exchange['requestBody']) => ({
  headers: headers.map(({ name, value }) => ({ name, value })),
  body: showBody(body),
})

/** A stored exchange with what the log still has of it. */
export const detailOf = async (context: ApiContext, row: Row): Promise<z.infer<typeof detailSchema>> => {
  const exchange = await readBack(context, row)
  const request = exchange && side(exchange.requestHeaders, exchange.requestBody)
  const response = exchange && side(exchange.responseHeaders, exchange.responseBody)
  return { ...(row as unknown as Omit<z.infer<typeof detailSchema>, 'request' | 'response'>), request, response }
}

export const trafficRoutes = (api: Api, context: ApiContext): void => {
  const { database } = context.options
  api.openapi(list, async (c) => {
    const filters = c.req.valid('query')
    const { sql, params } = select(filters)
    const rows = (await database.query(sql, params.map(withoutNul))) as unknown as z.infer<typeof rowSchema>[]
    return c.json(
      paged(rows, filters.limit, (row) => [row.time, row.id]),
      200,
    )
  })
  api.openapi(one, async (c) => {
    const { id } = c.req.valid('param')
    const found = await database.query(
      `select ${detailColumns} from exchanges where id = $1 order by time desc limit 1`,
      [withoutNul(id)],
    )
    const row = found[0]
    if (row === undefined)
      throw new Refusal(
        404,
        'no exchange of this id is stored; the newest arrive within a second, the oldest go with the log’s retention',
      )
    return c.json(await detailOf(context, row), 200)
  })
}
