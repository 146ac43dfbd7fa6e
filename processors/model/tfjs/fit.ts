/** Training with TensorFlow.js: layers make the network, the loop is ours, since rows have weights. Seeded throughout. */
import * as tf from '@tensorflow/tfjs-core'
import { initializers, input, layers as make, model as modelOf } from '@tensorflow/tfjs-layers'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { OUTPUTS, startOf } from '../../../schemas/semantics/model/network.ts'
import type { Row } from '../rows.ts'
import type { Job } from '../trial.ts'

const BATCH = 32
/** Where there are many rows, a batch has more of them: so many steps are enough for an epoch. */
const STEPS = 32
/** Epochs without news before training ends. */
const PATIENCE = 6
/** Of the variants' loss beside that of being right. */
const VARIANT_SHARE = 0.5
const TINY = 1e-6

/** The network of these layers; its last kernel begins with zeros, where the tables' word stands alone. */
export const networkOf = (sizes: readonly number[], seed: number): LayersModel => {
  const [first = 1, ...rest] = sizes
  const evidence = input({ shape: [first] })
  const start = input({ shape: [OUTPUTS] })
  let at: SymbolicTensor = evidence
  rest.forEach((units, i) => {
    const isLast = i === rest.length - 1
    const kernelInitializer = isLast ? 'zeros' : initializers.glorotUniform({ seed: seed + i })
    at = make.dense({ units, kernelInitializer, ...(isLast ? {} : { activation: 'relu' }) }).apply(at) as SymbolicTensor
  })
  return modelOf({ inputs: [evidence, start], outputs: make.add().apply([at, start]) as SymbolicTensor })
}

interface Batch {
  readonly inputs: tf.Tensor[]
  readonly fidelity: tf.Tensor1D
  readonly truth: tf.Tensor2D
  readonly weight: tf.Tensor1D
}

type Evidenced = Pick<Row, 'evidence'>

/** One row of the tensor for each of ours. */
const table = <T>(rows: readonly T[], width: number, fill: (row: T) => Iterable<number>): tf.Tensor2D => {
  const values = new Float32Array(rows.length * width)
  rows.forEach((row, i) => values.set([...fill(row)], i * width))
  return tf.tensor2d(values, [rows.length, width])
}

export const inputsOf = (rows: readonly Evidenced[]): tf.Tensor[] => [
  table(rows, rows[0]?.evidence.length ?? 0, ({ evidence }) => Float32Array.from(evidence, (byte) => byte / 255)),
  table(rows, OUTPUTS, ({ evidence }) => startOf(evidence)),
]

const oneHot = (place: number): number[] => Array.from({ length: OUTPUTS - 1 }, (_, i) => (i === place ? 1 : 0))

const batchOf = (rows: readonly Row[]): Batch => ({
  inputs: inputsOf(rows),
  fidelity: tf.tensor1d(rows.map((row) => row.fidelity)),
  truth: table(rows, OUTPUTS - 1, ({ truth }) => oneHot(truth)),
  weight: tf.tensor1d(rows.map((row) => row.weight)),
})

/** Weighted cross entropy of both heads. */
const lossOf = (network: LayersModel, { inputs, fidelity, truth, weight }: Batch): tf.Scalar => {
  const odds = network.apply(inputs) as tf.Tensor2D
  const rows = fidelity.shape[0]
  const right = tf.clipByValue(tf.sigmoid(tf.reshape(tf.slice(odds, [0, 0], [rows, 1]), [rows])), TINY, 1 - TINY)
  const wrong = tf.sub(1, right)
  const gain = tf.add(tf.mul(fidelity, tf.log(right)), tf.mul(tf.sub(1, fidelity), tf.log(wrong)))
  const shares = tf.logSoftmax(tf.slice(odds, [0, 1], [rows, OUTPUTS - 1]))
  const both = tf.add(gain, tf.mul(VARIANT_SHARE, tf.sum(tf.mul(shares, truth), 1)))
  return tf.div(tf.neg(tf.sum(tf.mul(weight, both))), tf.sum(weight))
}

/** Mulberry32 by Tommy Ettinger: the shuffling is the same everywhere. */
const chanceOf = (seed: number): (() => number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const shuffled = (rows: readonly Row[], chance: () => number): Row[] => {
  const all = [...rows]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(chance() * (i + 1))
    ;[all[i], all[j]] = [all[j] as Row, all[i] as Row]
  }
  return all
}

export const setWeights = (network: LayersModel, weights: Float32Array): void => {
  let at = 0
  const tensors = network.getWeights().map(({ shape, size }) => {
    const tensor = tf.tensor(weights.slice(at, at + size), shape)
    at += size
    return tensor
  })
  network.setWeights(tensors)
  tf.dispose(tensors)
}

export const weightsIn = (network: LayersModel): Float32Array => {
  const parts = network.getWeights().map((tensor) => tensor.dataSync())
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

interface Training {
  readonly network: LayersModel
  readonly optimizer: tf.Optimizer
  readonly variables: tf.Variable[]
  readonly anchors: readonly tf.Tensor[]
  readonly decay: number
}

const step = ({ network, optimizer, variables, anchors, decay }: Training, rows: readonly Row[]): void => {
  const loss = (): tf.Scalar => {
    let all = lossOf(network, batchOf(rows))
    variables.forEach((variable, i) => {
      const gap = tf.sub(variable, anchors[i] as tf.Tensor)
      all = tf.add(all, tf.mul(decay / 2, tf.sum(tf.square(gap))))
    })
    return all
  }
  tf.tidy(() => void optimizer.minimize(loss, false, variables))
}

const epoch = (training: Training, rows: readonly Row[]): void => {
  const size = Math.max(BATCH, Math.ceil(rows.length / STEPS))
  for (let at = 0; at < rows.length; at += size) step(training, rows.slice(at, at + size))
}

/** Trains as the job says; gives the weights that did best on what was held. */
export const fitNetwork = (job: Job): Float32Array => {
  const network = networkOf(job.layers, job.seed)
  if (job.start !== undefined) setWeights(network, job.start)
  const variables = network.trainableWeights.map((weight) => weight.read() as tf.Variable)
  const anchors = variables.map((variable) => (job.start === undefined ? tf.zerosLike(variable) : tf.clone(variable)))
  const training = { network, optimizer: tf.train.adam(job.rate), variables, anchors, decay: job.decay }
  const chance = chanceOf(job.seed)
  const held = job.held.length === 0 ? undefined : batchOf(job.held)
  const cost = (): number => (held === undefined ? 0 : tf.tidy(() => lossOf(network, held).dataSync()[0] ?? 0))
  let best = { cost: cost(), weights: weightsIn(network) }
  for (let round = 0, stale = 0; round < job.epochs && stale < PATIENCE; round++) {
    epoch(training, shuffled(job.rows, chance))
    const now = cost()
    stale = held === undefined || now < best.cost ? 0 : stale + 1
    if (stale === 0) best = { cost: now, weights: weightsIn(network) }
  }
  network.dispose()
  tf.dispose(anchors)
  return best.weights
}
