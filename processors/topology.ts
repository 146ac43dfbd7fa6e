/**
 * The topology: who learns, in which order. `describeTopology(topology)` prints it. The order is part of the state's
 * meaning: a change here is a new app name, or a replay.
 */
import type { Topology } from './kit/processor.ts'
import { anomalies } from './anomalies/anomalies.ts'
import { drift } from './drift/drift.ts'
import { ghosts } from './ghosts/ghosts.ts'
import { shapes } from './shapes/shapes.ts'
import { templates } from './templates/templates.ts'
import { traffic } from './traffic/traffic.ts'

export const topology: Topology = { locator: templates, processors: [shapes, drift, traffic, anomalies, ghosts] }
