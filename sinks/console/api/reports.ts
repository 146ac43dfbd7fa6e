/** A day or an hour of traffic, as a report: from windows, signals and activations in the database. */
import { z } from '@hono/zod-openapi'
import { periodOf } from '../reports/period.ts'
import { makeReport, reportSchema } from '../reports/report.ts'
import { get, type Api, type ApiContext } from './context.ts'

const service = z.string().max(500).default('').openapi({ description: 'of this service only' })

const daily = get({
  path: '/api/reports/daily',
  summary: 'One day, in UTC: figures, endpoints, what moved, uptime, ghosts',
  query: z.object({ day: z.string().max(40).optional().openapi({ example: '2026-01-31' }), service }),
  answer: reportSchema,
})
const hourly = get({
  path: '/api/reports/hourly',
  summary: 'One hour, in UTC: as a day, by the minute',
  query: z.object({ hour: z.string().max(40).optional().openapi({ example: '2026-01-31T14' }), service }),
  answer: reportSchema,
})

export const reportRoutes = (api: Api, { options: { database } }: ApiContext): void => {
  api.openapi(daily, async (c) => {
    const asked = c.req.valid('query')
    return c.json(await makeReport(database, periodOf('day', asked.day, Date.now()), asked.service), 200)
  })
  api.openapi(hourly, async (c) => {
    const asked = c.req.valid('query')
    return c.json(await makeReport(database, periodOf('hour', asked.hour, Date.now()), asked.service), 200)
  })
}
