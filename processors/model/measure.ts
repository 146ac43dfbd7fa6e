/** How good a confidence was, over exchanges that it was not made from. Rows count by their weights. */
import type { Row } from './rows.ts'

/** What is believed of a row. */
export type Belief = (row: Row) => number

const FLOOR = 0.001
const BINS = 10

const mean = (rows: readonly Row[], of: (row: Row) => number): number => {
  let sum = 0
  let weight = 0
  for (const row of rows) {
    sum += row.weight * of(row)
    weight += row.weight
  }
  return weight === 0 ? 0 : sum / weight
}

/** Cross entropy, in nats: what a belief costs; a sure one that is wrong costs most. */
export const logLoss = (rows: readonly Row[], belief: Belief): number =>
  mean(rows, (row) => {
    const p = Math.min(1 - FLOOR, Math.max(FLOOR, belief(row)))
    return -(row.fidelity * Math.log(p) + (1 - row.fidelity) * Math.log(1 - p))
  })

/** Mean squared gap (Brier 1950). */
export const brier = (rows: readonly Row[], belief: Belief): number =>
  mean(rows, (row) => (belief(row) - row.fidelity) ** 2)

/** Expected calibration error over ten bins (Naeini et al. 2015). */
export const calibrationError = (rows: readonly Row[], belief: Belief): number => {
  const gaps = new Float64Array(BINS)
  let weight = 0
  for (const row of rows) {
    const p = belief(row)
    const bin = Math.min(BINS - 1, Math.floor(p * BINS))
    gaps[bin] = (gaps[bin] ?? 0) + row.weight * (p - row.fidelity)
    weight += row.weight
  }
  return weight === 0 ? 0 : gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / weight
}

/** Share of the rows whose variant (success, denied, missing, refused) is told right. */
export const variantAccuracy = (rows: readonly Row[], variant: (row: Row) => number): number =>
  mean(rows, (row) => (variant(row) === row.truth ? 1 : 0))

/** Slope and offset that make log odds a probability (Platt 1999), by Newton's method with a weak pull to 1 and 0. */
export const plattScaling = (rows: readonly Row[], odds: (row: Row) => number): readonly [number, number] => {
  let [slope, offset] = [1, 0]
  for (let step = 0; step < 25; step++) {
    let [gs, go, ss, so, oo] = [PULL * (slope - 1), PULL * offset, PULL, 0, PULL]
    for (const row of rows) {
      const z = odds(row)
      const p = 1 / (1 + Math.exp(-(slope * z + offset)))
      const gap = row.weight * (p - row.fidelity)
      const curve = row.weight * Math.max(1e-6, p * (1 - p))
      gs += gap * z
      go += gap
      ss += curve * z * z
      so += curve * z
      oo += curve
    }
    const d = ss * oo - so * so
    slope -= (oo * gs - so * go) / d
    offset -= (ss * go - so * gs) / d
  }
  return Number.isFinite(slope) && Number.isFinite(offset) && slope > 0 ? [slope, offset] : [1, 0]
}

/** As strong as this many exchanges of an even chance. */
const PULL = 4
