/**
 * What the response model is worth where nobody tuned it: for each of our worlds a prior is trained on the other worlds (on
 * what was scored while they were learned, and on what was asked of the ghosts afterwards), then judged as the product would (`tryModel` on the world's own samples, thinned too) and compared with the tables on what the
 * ghosts answered afterwards. `node --import tsx test/evals/model.ts [--seeds N] [--save]`; --save trains on all worlds and
 * writes processors/model/prior.ts.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { brier, calibrationError, logLoss } from '../../processors/model/measure.ts'
import type { Belief } from '../../processors/model/measure.ts'
import { rowOf } from '../../processors/model/rows.ts'
import type { Row } from '../../processors/model/rows.ts'
import { openTraining } from '../../processors/model/tfjs/spawn.ts'
import { evaluate, LAYERS, tryModel } from '../../processors/model/trial.ts'
import { EVIDENCE_VERSION, variantOf } from '../../schemas/semantics/model/evidence.ts'
import { judgeBy, OUTPUTS } from '../../schemas/semantics/model/network.ts'
import type { Network } from '../../schemas/semantics/model/network.ts'
import { packed, readModel } from '../../schemas/semantics/model/published.ts'
import { clinic } from './worlds/clinic.ts'
import { conduit } from './worlds/conduit.ts'
import { depot } from './worlds/depot.ts'
import { desk } from './worlds/desk.ts'
import { fleet } from './worlds/fleet.ts'
import { press } from './worlds/press.ts'
import { quay } from './worlds/quay.ts'
import { stall } from './worlds/stall.ts'
import { chanceOf, play } from './worlds/world.ts'
import type { World } from './worlds/world.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2' }, save: { type: 'boolean', default: false } },
})
const worlds = [conduit, desk, stall, depot, fleet, press, quay, clinic]
const SHARES = [1, 0.7, 0.5, 0.3]
/** Where the ingress begins to answer. */
const LEAST_CONFIDENCE = 0.6
/** A prior corrects somewhat less than it would where it was made, and less the more was seen. */
const SHRINK = 0.6
const FADE = 32

interface Run {
  readonly world: string
  readonly share: number
  /** What was scored while the world was learned. */
  readonly samples: readonly Row[]
  /** What the ghosts answered afterwards, where a model has a say. */
  readonly answers: readonly Row[]
}

const runOf = async (world: World, share: number, seed: number): Promise<Run> => {
  const chance = chanceOf(seed)
  const samples: Row[] = []
  const scores = await play(
    world,
    () => share === 1 || chance() < share,
    (sample) => {
      const row = rowOf(sample)
      if (row !== undefined) samples.push(row)
    },
  )
  const answers = scores.flatMap(({ evidence, confidence, fidelity, got, truth }) =>
    evidence === undefined
      ? []
      : [
          {
            evidence,
            believed: confidence,
            fidelity,
            told: variantOf(got.status),
            truth: variantOf(truth.status),
            weight: 1,
          },
        ],
  )
  return { world: world.name, share, samples, answers }
}

const runs: Run[] = []
for (const world of worlds)
  for (const share of SHARES)
    for (let seed = 1; seed <= (share === 1 ? 1 : Number(values.seeds)); seed++)
      runs.push(await runOf(world, share, seed))

/** However busy the machine is: figures wait. */
const training = openTraining(undefined, 3_600_000)
const rowsOf = ({ samples, answers }: Run): readonly Row[] => [...samples, ...answers]
/** The first output's corrections are made smaller. */
const shrunk = (weights: Float32Array): Float32Array => {
  const width = LAYERS[LAYERS.length - 2] ?? 0
  const from = weights.length - (width + 1) * OUTPUTS
  return weights.map((weight, i) => (i >= from && (i - from) % OUTPUTS === 0 ? SHRINK * weight : weight))
}
const priorFrom = async (rows: readonly Row[]): Promise<Network> => {
  const weights = await training.fit({
    layers: LAYERS,
    rows,
    held: [],
    epochs: 24,
    rate: 0.003,
    decay: 0.0001,
    seed: 1,
  })
  return { layers: LAYERS, weights: shrunk(weights), slope: 1, offset: 0, fade: FADE }
}

const tables: Belief = (row) => row.believed
const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')

interface Judged {
  readonly share: number
  readonly row: Row
  readonly prior: number
  readonly product: number
}

const line = (name: string, rows: readonly Row[], belief: Belief): void => {
  const denied = rows.filter(({ truth }) => truth > 0)
  const immortal = denied.filter((row) => row.told === 0 && belief(row) >= LEAST_CONFIDENCE)
  const given = rows.reduce((sum, row) => sum + (belief(row) >= LEAST_CONFIDENCE ? row.fidelity : 0), 0)
  const figures = [
    `log loss ${logLoss(rows, belief).toFixed(3)}`,
    `brier ${brier(rows, belief).toFixed(4)}`,
    `calibration error ${calibrationError(rows, belief).toFixed(3)}`,
    `false 2xx ${((100 * immortal.length) / denied.length).toFixed(1)} %`,
    `fidelity above ${LEAST_CONFIDENCE}: ${(given / rows.length).toFixed(3)}`,
  ]
  console.log(`  ${name.padEnd(34)} ${figures.join('  ')}`)
}

const all: Judged[] = []
const outcomes = new Map<string, number>()
/** Exchanges held back whose variant was told right: by the tables, by the model. */
const variants = { held: 0, tables: 0, model: 0 }
for (const world of worlds) {
  const prior = await priorFrom(runs.filter((run) => run.world !== world.name).flatMap(rowsOf))
  const own = runs.filter((run) => run.world === world.name)
  const shadow = own.flatMap((run) => run.samples)
  console.log(world.name)
  for (const { name, tables: t, model } of evaluate(shadow, prior))
    console.log(`  ${name.padEnd(18)} tables ${t.toFixed(4)}  prior of the other worlds ${model.toFixed(4)}`)
  for (const { share, samples, answers } of own) {
    const model = await tryModel({ service: world.name, at: 0, rows: samples, prior, fit: training.fit, digest })
    const what = `${model.state} ${model.origin}`
    outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
    const accuracy = model.evaluation.find(({ name }) => name === 'variant accuracy')
    variants.held += model.heldBack
    variants.tables += model.heldBack * (accuracy?.tables ?? 0)
    variants.model += model.heldBack * (accuracy?.model ?? 0)
    const read = readModel(model, digest)
    for (const row of answers)
      all.push({
        share,
        row,
        prior: judgeBy(prior, row.evidence).right,
        product: read.kind === 'network' ? judgeBy(read.network, row.evidence).right : row.believed,
      })
  }
}
console.log(`tried ${[...outcomes].map(([what, count]) => `${what}: ${count}`).join(', ')}`)
const { held } = variants
const accuracies = `tables ${(variants.tables / held).toFixed(4)}  model ${(variants.model / held).toFixed(4)}`
console.log(`variant accuracy on the ${held} exchanges that trials held back: ${accuracies}`)
for (const share of SHARES) {
  const some = all.filter((judged) => judged.share === share)
  const rows = some.map(({ row }) => row)
  const [prior, product] = (['prior', 'product'] as const).map((by) => new Map(some.map((j) => [j.row, j[by]])))
  console.log(`answers after ${100 * share} % of the training: ${rows.length}`)
  line('tables', rows, tables)
  line('prior of the other worlds', rows, (row) => prior?.get(row) ?? 0)
  line('as published, else tables', rows, (row) => product?.get(row) ?? 0)
}

if (values.save) {
  const { weights } = await priorFrom(runs.flatMap(rowsOf))
  const text = Buffer.from(packed(weights)).toString('base64')
  writeFileSync(
    new URL('../../processors/model/prior.ts', import.meta.url),
    `/** Generated by test/evals/model.ts --save from our own worlds (no recording of anybody): do not edit. */
export const PRIOR = {
  version: ${EVIDENCE_VERSION},
  layers: [${LAYERS.join(', ')}],
  fade: ${FADE},
  /** Float32, little-endian, base64. */
  weights:
    '${text}',
}
`,
  )
}
training.close()
process.exit(0)
