/**
 * The response model at work: a small network over an answer's evidence that corrects what the tables say. Its outputs
 * are added to the tables' own word (as log odds), so a network of zeros is the tables, and little training is a small
 * correction; the more of an endpoint was seen, the less is corrected: where the tables know enough, they decide. Plain
 * arithmetic over exported weights: the library that trained them is not needed here, and a test holds the two to the same
 * numbers.
 */
import { BELIEVED_AT, seenIn, TOLD_AT, VARIANTS } from './evidence.ts'

export interface Network {
  /** Sizes from the input to the output; rectified (ReLU) between them. */
  readonly layers: readonly number[]
  /** Per layer the kernel by rows, then the bias. */
  readonly weights: Float32Array
  /** Platt scaling of the first output (Platt 1999). */
  readonly slope: number
  readonly offset: number
  /** Exchanges of an endpoint after which a correction counts half; 0: it counts in full, always. */
  readonly fade: number
}

export interface Judgement {
  /** How right the answer will be, 0..1. */
  readonly right: number
  /** Probability of each variant that the upstream would have answered. */
  readonly variants: readonly number[]
}

/** One for how right the answer is, then one for each variant. */
export const OUTPUTS = 1 + VARIANTS.length

/** No answer is surer than this, nor less: the log odds stay finite. */
const SUREST = 0.98
/** Log odds that the variant told is the right one: rules are right about nineteen times in twenty. */
const TOLD = 3

/** What the tables say, where the network's corrections begin. */
export const startOf = (evidence: Uint8Array): number[] => {
  const believed = Math.min(SUREST, Math.max(1 - SUREST, (evidence[BELIEVED_AT] ?? 0) / 255))
  return [Math.log(believed / (1 - believed)), ...VARIANTS.map((_, i) => (TOLD * (evidence[TOLD_AT + i] ?? 0)) / 255)]
}

/** How many weights these layers have. */
export const weightsOf = (layers: readonly number[]): number => {
  let count = 0
  for (let l = 1; l < layers.length; l++) count += ((layers[l - 1] ?? 0) + 1) * (layers[l] ?? 0)
  return count
}

/** One layer: `to` is what comes out of `from`, whose weights begin at `at`. */
const pass = (weights: Float32Array, at: number, from: Float32Array, to: Float32Array): void => {
  const rows = at + from.length * to.length
  for (let j = 0; j < to.length; j++) to[j] = weights[rows + j] as number
  for (let i = 0; i < from.length; i++) {
    const value = from[i] as number
    if (value === 0) continue
    const row = at + i * to.length
    for (let j = 0; j < to.length; j++) to[j] = (to[j] as number) + value * (weights[row + j] as number)
  }
}

const rectify = (values: Float32Array): void => {
  for (let i = 0; i < values.length; i++) if ((values[i] as number) < 0) values[i] = 0
}

/** The network's outputs with the tables' word: log odds, before scaling. */
export const outputsOf = ({ layers, weights }: Network, evidence: Uint8Array): Float32Array => {
  let values = new Float32Array(evidence.length)
  for (let i = 0; i < values.length; i++) values[i] = (evidence[i] as number) / 255
  let at = 0
  for (let l = 1; l < layers.length; l++) {
    const next = new Float32Array(layers[l] ?? 0)
    pass(weights, at, values, next)
    at += (values.length + 1) * next.length
    if (l + 1 < layers.length) rectify(next)
    values = next
  }
  const start = startOf(evidence)
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + (start[i] ?? 0)
  return values
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** Of the variants: the tables are soon the better judges of those (measured, see processors/model). */
const VARIANT_FADE = 12

/** How much of a correction is left: shrinkage by the evidence, as of a mean by its prior's weight. */
const leftOf = (fade: number, seen: number): number => (fade === 0 ? 1 : fade / (fade + seen))

/** What the network says of one answer. */
export const judgeBy = (network: Network, evidence: Uint8Array): Judgement => {
  const [own = 0, ...raw] = outputsOf(network, evidence)
  const [start = 0, ...starts] = startOf(evidence)
  const seen = seenIn(evidence)
  const right = start + leftOf(network.fade, seen) * (network.slope * own + network.offset - start)
  const odds = raw.map((z, i) => (starts[i] ?? 0) + leftOf(VARIANT_FADE, seen) * (z - (starts[i] ?? 0)))
  const most = Math.max(...odds)
  const parts = odds.map((z) => Math.exp(z - most))
  const sum = parts.reduce((a, b) => a + b, 0)
  return { right: sigmoid(right), variants: parts.map((part) => part / sum) }
}
