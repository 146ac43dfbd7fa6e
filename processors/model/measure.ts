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

/** As strong as this many exchanges of an even chance: a pull to no scaling at all. */
const PULL = 4
const STEPS = 25
const SMALLEST = 1 / 64

type Scaling = readonly [slope: number, offset: number]

const scalingCost = (rows: readonly Row[], odds: readonly number[], [slope, offset]: Scaling): number => {
  let cost = (PULL / 2) * ((slope - 1) ** 2 + offset ** 2)
  rows.forEach(({ weight, fidelity }, i) => {
    const z = slope * (odds[i] ?? 0) + offset
    // log(1 + e^z) without overflow
    cost += weight * (Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))) - fidelity * z)
  })
  return cost
}

/** Newton's step: gradient through the inverse of the curvature. */
const newton = (rows: readonly Row[], odds: readonly number[], [slope, offset]: Scaling): Scaling => {
  let [gs, go, ss, so, oo] = [PULL * (slope - 1), PULL * offset, PULL, 0, PULL]
  rows.forEach(({ weight, fidelity }, i) => {
    const z = odds[i] ?? 0
    const p = 1 / (1 + Math.exp(-(slope * z + offset)))
    const curve = weight * p * (1 - p)
    gs += weight * (p - fidelity) * z
    go += weight * (p - fidelity)
    ss += curve * z * z
    so += curve * z
    oo += curve
  })
  const determinant = ss * oo - so * so
  return [(oo * gs - so * go) / determinant, (ss * go - so * gs) / determinant]
}

/** Slope and offset that make log odds a probability (Platt 1999), by Newton's method; steps that cost more are halved. */
export const plattScaling = (rows: readonly Row[], oddsOf: (row: Row) => number): Scaling => {
  const odds = rows.map(oddsOf)
  let at: Scaling = [1, 0]
  let cost = scalingCost(rows, odds, at)
  for (let step = 0; step < STEPS; step++) {
    const [dSlope, dOffset] = newton(rows, odds, at)
    for (let size = 1; size >= SMALLEST; size /= 2) {
      const next: Scaling = [at[0] - size * dSlope, at[1] - size * dOffset]
      const lower = scalingCost(rows, odds, next)
      if (lower >= cost) continue
      at = next
      cost = lower
      break
    }
  }
  return at[0] > 0 ? at : [1, 0]
}
