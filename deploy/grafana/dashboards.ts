/** All dashboards, by the file that Grafana reads. */
import { anomalies } from './anomalies.ts'
import { blastRadius } from './blast-radius.ts'
import { drift } from './drift.ts'
import { endpoints } from './endpoints.ts'
import { ghost } from './ghost.ts'
import { dashboard } from './kit.ts'
import { overview } from './overview.ts'
import { pipeline } from './pipeline.ts'
import { traffic } from './traffic.ts'

const BOARDS = {
  'chaos-overview.json': overview,
  'chaos-traffic.json': traffic,
  'chaos-endpoints.json': endpoints,
  'chaos-ghost.json': ghost,
  'chaos-drift.json': drift,
  'chaos-anomalies.json': anomalies,
  'chaos-pipeline.json': pipeline,
  'blast-radius.json': blastRadius,
}

/** File names and their text, as they stand in deploy/grafana/dashboards. */
export const dashboardFiles = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(BOARDS).map(([file, board]) => [file, `${JSON.stringify(dashboard(board), null, 2)}\n`]),
  )
