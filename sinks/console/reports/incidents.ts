/** The incidents of a period, as a report tells them. */
import { z } from '@hono/zod-openapi'
import type { Database, Row } from '../../kit/database.ts'
import type { Period } from './period.ts'

export const incidentsSchema = z.array(
  z.object({
    id: z.string(),
    sentence: z.string(),
    severity: z.number(),
    started_at: z.string(),
    ended_at: z.string().nullable().openapi({ description: 'null: it goes on' }),
  }),
)

const MOST = 50
const iso = (ms: number): string => new Date(ms).toISOString()

/** Those that touch the period, the gravest first. */
export const incidentsOf = async (
  database: Database,
  { start, until }: Period,
  service: string,
): Promise<z.infer<typeof incidentsSchema>> => {
  const rows: readonly Row[] = await database.query(
    `select id, sentence, severity, time, ended_at from anomalies
where kind <> 'request' and time < $2::timestamptz and (ended_at is null or ended_at >= $1::timestamptz) and ($3 = '' or service = $3)
order by severity desc, time, id limit ${MOST}`,
    [iso(start), iso(until), service],
  )
  return rows.map((row) => ({
    id: String(row['id']),
    sentence: String(row['sentence']),
    severity: Number(row['severity']),
    started_at: iso(Date.parse(String(row['time']))),
    ended_at: row['ended_at'] === null ? null : iso(Date.parse(String(row['ended_at']))),
  }))
}
