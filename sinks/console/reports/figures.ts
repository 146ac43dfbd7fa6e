/** Windows of any number added up by merging: counts are summed, sketches united, quantiles read from the whole. Pure. */
import {
  decodeSketch,
  emptySketch,
  mergeSketch,
  quantile,
  type DDSketch,
} from '../../../schemas/semantics/sketches/ddsketch.ts'
import {
  decodeDistinct,
  distinct,
  emptyDistinct,
  mergeDistinct,
  type HyperLogLog,
} from '../../../schemas/semantics/sketches/hyperloglog.ts'
import { emptyTop, mergeTop, ranked, type Counted, type Top } from '../../../schemas/semantics/sketches/top.ts'
import type { Row } from '../../kit/database.ts'

const TOP = 32

export interface Sum {
  requests: number
  errors: number
  clientErrors: number
  byGhosts: number
  late: number
  requestBytes: number
  responseBytes: number
  readonly statuses: Record<string, number>
  readonly answeredBy: Record<string, number>
  readonly latency: DDSketch
  readonly clients: HyperLogLog
  readonly principals: HyperLogLog
  /** The most that one window told: an open minute comes without its sketch. */
  fewestClients: number
  fewestPrincipals: number
  readonly paths: Top
  readonly agents: Top
  readonly bodies: Top
}

export const emptySum = (): Sum => ({
  requests: 0,
  errors: 0,
  clientErrors: 0,
  byGhosts: 0,
  late: 0,
  requestBytes: 0,
  responseBytes: 0,
  statuses: {},
  answeredBy: {},
  latency: emptySketch(),
  clients: emptyDistinct(),
  principals: emptyDistinct(),
  fewestClients: 0,
  fewestPrincipals: 0,
  paths: emptyTop(TOP),
  agents: emptyTop(TOP),
  bodies: emptyTop(TOP),
})

const addCounts = (into: Record<string, number>, counts: unknown): void => {
  for (const [name, n] of Object.entries((counts ?? {}) as Record<string, number>)) into[name] = (into[name] ?? 0) + n
}

const topOf = (list: unknown): Top => {
  const top = emptyTop(TOP)
  for (const { name, count, error } of (list ?? []) as Counted[]) top.names.set(name, { name, count, error })
  return top
}

const addSketches = (sum: Sum, row: Row): void => {
  const bytes = (column: string): Uint8Array | undefined => {
    const value = row[column] as Uint8Array | undefined
    return value === undefined || value.length === 0 ? undefined : value
  }
  const [latency, clients, principals] = [bytes('latency'), bytes('clients_sketch'), bytes('principals_sketch')]
  if (latency !== undefined) mergeSketch(sum.latency, decodeSketch(latency))
  if (clients !== undefined) mergeDistinct(sum.clients, decodeDistinct(clients))
  if (principals !== undefined) mergeDistinct(sum.principals, decodeDistinct(principals))
}

/** Adds a row of the tables of windows; columns that were not asked for count nothing. */
export const addRow = (sum: Sum, row: Row): void => {
  const number = (column: string): number => Number(row[column] ?? 0)
  sum.requests += number('count')
  sum.errors += number('errors')
  sum.clientErrors += number('client_errors')
  sum.byGhosts += number('by_ghosts')
  sum.late += number('late')
  sum.requestBytes += number('request_bytes')
  sum.responseBytes += number('response_bytes')
  sum.fewestClients = Math.max(sum.fewestClients, number('clients'))
  sum.fewestPrincipals = Math.max(sum.fewestPrincipals, number('principals'))
  addCounts(sum.statuses, row['statuses'])
  addCounts(sum.answeredBy, row['answered_by'])
  addSketches(sum, row)
  mergeTop(sum.paths, topOf(row['top_paths']))
  mergeTop(sum.agents, topOf(row['top_agents']))
  mergeTop(sum.bodies, topOf(row['top_errors']))
}

export const clientsOf = (sum: Sum): number => Math.max(sum.fewestClients, distinct(sum.clients))
export const principalsOf = (sum: Sum): number => Math.max(sum.fewestPrincipals, distinct(sum.principals))

/** Within 1 %, ms. */
export const quantileMs = (sum: Sum, q: number): number => Math.round(quantile(sum.latency, q) / 10) / 100

export const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** The most frequent, with counts. */
export const mostFrequent = (top: Top, limit = 5): { name: string; count: number }[] =>
  ranked(top)
    .slice(0, limit)
    .map(({ name, count }) => ({ name, count }))
