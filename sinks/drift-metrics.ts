/** How many drift alerts are open: read from the database when metrics are asked for. */
import { Gauge, type Registry } from 'prom-client'
import type { Database } from './kit/database.ts'

/** Well within what a page of several processes waits for each of them. */
const PATIENCE_MS = 1_000
const OPEN = `select service, severity, count(*) as alerts from drift where status in ('open', 'reopened') group by 1, 2`

/** Rejects after the patience, so that a database that is away does not hold up the other metrics. */
export const inTime = async <T>(asked: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), PATIENCE_MS).unref()
  })
  return await Promise.race([asked, late]).finally(() => clearTimeout(timer))
}

/** Registers `chaosproxy_drift_open`. While the database does not answer it says what it said before. */
export const driftMetrics = (registry: Registry, database: Pick<Database, 'query'>): void => {
  new Gauge({
    name: 'chaosproxy_drift_open',
    help: 'Drift alerts that nobody has resolved',
    labelNames: ['service', 'severity'],
    registers: [registry],
    async collect() {
      const rows = await inTime(database.query(OPEN)).catch(() => undefined)
      if (rows === undefined) return
      this.reset()
      for (const { service, severity, alerts } of rows)
        this.set({ service: String(service), severity: String(severity) }, Number(alerts))
    },
  })
}
