/** Samples as training wants them, kept bounded: the newest of each service. */
import type { Sample } from '../../schemas/events.ts'
import { EVIDENCE_SIZE, EVIDENCE_VERSION, variantOf } from '../../schemas/semantics/model/evidence.ts'

export interface Row {
  readonly evidence: Uint8Array
  /** Confidence by the tables. */
  readonly believed: number
  /** How right the answer was. */
  readonly fidelity: number
  /** Places among the variants: what was told, and what the upstream answered. */
  readonly told: number
  readonly truth: number
  readonly weight: number
}

/** Bounds: 69 bytes a row and some. */
const ROWS = 4_000
const SERVICES = 64

/** A sample as a row; undefined where its evidence is of another version or cannot be believed. */
export const rowOf = (sample: Sample): Row | undefined => {
  const { version, evidence, believed, fidelity, told, truth, weight } = sample
  const isSane = [believed, fidelity].every((n) => n >= 0 && n <= 1) && weight > 0 && weight <= 100
  if (version !== EVIDENCE_VERSION || evidence.length !== EVIDENCE_SIZE || !isSane) return undefined
  return { evidence, believed, fidelity, told: variantOf(told), truth: variantOf(truth), weight }
}

export interface Reservoir {
  /** Oldest first. */
  readonly rows: Row[]
  /** All that ever came. */
  seen: number
  /** How many had come when a model was last trained. */
  trained: number
  /** Event time of the newest, µs. */
  at: number
}

/** Keeps a sample; undefined when it is of no use. The service that was silent longest goes first. */
export const keepSample = (reservoirs: Map<string, Reservoir>, sample: Sample): Reservoir | undefined => {
  const row = rowOf(sample)
  if (row === undefined) return undefined
  const kept = reservoirs.get(sample.service) ?? { rows: [], seen: 0, trained: 0, at: 0 }
  reservoirs.delete(sample.service)
  reservoirs.set(sample.service, kept)
  const [oldest] = reservoirs.keys()
  if (reservoirs.size > SERVICES && oldest !== undefined) reservoirs.delete(oldest)
  kept.rows.push(row)
  if (kept.rows.length > ROWS) kept.rows.splice(0, ROWS / 8)
  kept.seen++
  kept.at = Math.max(kept.at, sample.at)
  return kept
}
