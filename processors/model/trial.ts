/**
 * Whether a model earns its place: candidates are compared with the tables on exchanges that neither was made from, and
 * the best one is published only if it beats the tables there. The split is by time: what comes later is held back.
 */
import type { Model } from '../../schemas/events.ts'
import { EVIDENCE_SIZE, EVIDENCE_VERSION } from '../../schemas/semantics/model/evidence.ts'
import { judgeBy, outputsOf, OUTPUTS } from '../../schemas/semantics/model/network.ts'
import type { Network } from '../../schemas/semantics/model/network.ts'
import { hashOf, packed } from '../../schemas/semantics/model/published.ts'
import type { Digest } from '../../schemas/semantics/model/published.ts'
import { brier, calibrationError, logLoss, plattScaling, variantAccuracy } from './measure.ts'
import type { Belief } from './measure.ts'
import type { Row } from './rows.ts'

export const LAYERS: readonly number[] = [EVIDENCE_SIZE, 32, 16, OUTPUTS]

/** What is trained: from `start`, or from a seeded chance; the weights that do best on `held` are kept. */
export interface Job {
  readonly layers: readonly number[]
  readonly rows: readonly Row[]
  readonly held: readonly Row[]
  readonly start?: Float32Array
  readonly epochs: number
  readonly rate: number
  /** Pull of each weight to where it began, or to zero. */
  readonly decay: number
  readonly seed: number
}
export type Fit = (job: Job) => Promise<Float32Array>

type Origin = 'prior' | 'tuned' | 'own'
interface Candidate {
  readonly origin: Origin
  readonly network: Network
  readonly trainedOn: number
  /** Rows that it was not made from. */
  readonly test: readonly Row[]
}

/** Least rows to judge the prior by, to tune it, and to train from nothing. */
export const LEAST = 16
const TUNED_FROM = 160
const OWN_FROM = 600
const TRAINING = { tuned: { epochs: 30, rate: 0.001, decay: 0.01 }, own: { epochs: 30, rate: 0.003, decay: 0.0003 } }

/** From soon to never. */
const FADES = [8, 32, 128, 0]

/** The network, fading as fits the rows best; as it did where that makes no difference. */
const faded = (network: Network, rows: readonly Row[]): Network => {
  let best = network
  let least = BETTER * logLoss(rows, beliefOf(network))
  for (const fade of FADES) {
    const cost = logLoss(rows, beliefOf({ ...network, fade }))
    if (cost < least) best = { ...network, fade }
    least = Math.min(least, cost)
  }
  return best
}

const scaled = (weights: Float32Array, fade: number, held: readonly Row[]): Network => {
  const plain: Network = { layers: LAYERS, weights, slope: 1, offset: 0, fade }
  const [slope, offset] = plattScaling(held, (row) => outputsOf(plain, row.evidence)[0] ?? 0)
  return faded({ ...plain, slope, offset }, held)
}

const trained = async (origin: 'tuned' | 'own', rows: readonly Row[], prior: Network, fit: Fit): Promise<Candidate> => {
  const [a, b] = [Math.floor(0.6 * rows.length), Math.floor(0.8 * rows.length)]
  const held = rows.slice(a, b)
  const job = { layers: LAYERS, rows: rows.slice(0, a), held, seed: 1, ...TRAINING[origin] }
  const weights = await fit(origin === 'tuned' ? { ...job, start: prior.weights } : job)
  return { origin, network: scaled(weights, prior.fade, held), trainedOn: a, test: rows.slice(b) }
}

const candidatesFor = async (rows: readonly Row[], prior: Network, fit: Fit | undefined): Promise<Candidate[]> => {
  const found: Candidate[] = [{ origin: 'prior', network: prior, trainedOn: 0, test: rows }]
  if (fit === undefined) return found
  if (rows.length >= TUNED_FROM) found.push(await trained('tuned', rows, prior, fit))
  if (rows.length >= OWN_FROM) found.push(await trained('own', rows, prior, fit))
  return found
}

const tables: Belief = (row) => row.believed
const beliefOf =
  (network: Network): Belief =>
  (row) =>
    judgeBy(network, row.evidence).right

/** Another variant than was told is believed when it is this much likelier. */
const LIKELIER = Math.E

const variantBy =
  (network: Network) =>
  ({ evidence, told }: Row): number => {
    const shares = judgeBy(network, evidence).variants.map((share, i) => (i === told ? LIKELIER * share : share))
    return shares.indexOf(Math.max(...shares))
  }

/** Both sides of each measure; the less the better, but for accuracy. */
export const evaluate = (rows: readonly Row[], network: Network): Model['evaluation'] => {
  const model = beliefOf(network)
  const both = (name: string, of: (rows: readonly Row[], belief: Belief) => number) => ({
    name,
    tables: of(rows, tables),
    model: of(rows, model),
  })
  const accuracy = (variant: (row: Row) => number) => variantAccuracy(rows, variant)
  return [
    both('log loss', logLoss),
    both('brier', brier),
    both('calibration error', calibrationError),
    { name: 'variant accuracy', tables: accuracy((row) => row.told), model: accuracy(variantBy(network)) },
  ]
}

/** Least gain in log loss, as a share: less may be luck. The prior was made and chosen elsewhere: any gain is one. */
const BETTER = 0.97
const gainOf = (origin: Origin): number => (origin === 'prior' ? 1 : BETTER)

const CALIBRATED = 0.05
/** The measure is biased upwards by about the root of bins over rows: with fewer rows it says too little. */
const ENOUGH = 200

const isBeaten = ({ origin, test }: Candidate, { name, tables: t, model }: Model['evaluation'][number]): boolean => {
  switch (name) {
    case 'log loss':
      return model >= gainOf(origin) * t
    case 'brier':
      return model >= t
    case 'calibration error':
      return test.length >= ENOUGH && model > Math.max(t, CALIBRATED)
    default:
      return model < t
  }
}

/** What the tables won, if they did. */
const lost = (candidate: Candidate, evaluation: Model['evaluation']): string[] =>
  evaluation
    .filter((measure) => isBeaten(candidate, measure))
    .map(({ name, tables: t, model }) => `${name} ${model.toFixed(3)}, tables ${t.toFixed(3)}`)

/** On the rows that all of them were held back from. The prior is what held elsewhere too: it gives way to a real gain only. */
const bestOf = <C extends Candidate>(candidates: readonly C[]): C | undefined => {
  const shared = candidates[candidates.length - 1]?.test ?? []
  const cost = ({ network, origin }: C) => logLoss(shared, beliefOf(network)) / gainOf(origin)
  const costs = candidates.map(cost)
  return candidates[costs.indexOf(Math.min(...costs))]
}

interface Trial {
  readonly service: string
  readonly at: number
  /** Oldest first. */
  readonly rows: readonly Row[]
  readonly prior: Network
  /** Undefined where nothing can be trained here: then the prior is judged alone. */
  readonly fit: Fit | undefined
  readonly digest: Digest
}

interface Tried extends Candidate {
  readonly evaluation: Model['evaluation']
  /** What it lost against the tables. */
  readonly lost: readonly string[]
}

const tried = (candidate: Candidate): Tried => {
  const evaluation = evaluate(candidate.test, candidate.network)
  return { ...candidate, evaluation, lost: lost(candidate, evaluation) }
}

const NO_WEIGHTS = { layers: [], weights: new Uint8Array(0), slope: 1, offset: 0, fade: 0, hash: '' }

const weightsAs = ({ layers, weights, slope, offset, fade }: Network, digest: Digest) => {
  const model = { version: EVIDENCE_VERSION, layers, weights: packed(weights), slope, offset, fade }
  return { ...model, hash: hashOf(model, digest) }
}

/** The model of a service as it goes on the log: published with its weights, or refused with the reason. */
export const tryModel = async ({ service, at, rows, prior, fit, digest }: Trial): Promise<Model> => {
  const all = (await candidatesFor(rows, prior, fit)).map(tried)
  const winners = all.filter((candidate) => candidate.lost.length === 0)
  const best = bestOf(winners.length > 0 ? winners : all)
  if (best === undefined) throw new Error('there is nothing to try')
  const { origin, trainedOn, evaluation, network } = best
  const heldBack = best.test.length
  const told = { service, at, version: EVIDENCE_VERSION, origin, trainedOn, heldBack, evaluation }
  if (best.lost.length === 0) return { ...told, ...weightsAs(network, digest), state: 'published', reason: '' }
  const reason = `not better than the tables on ${heldBack} exchanges held back: ${best.lost.join('; ')}`
  return { ...told, ...NO_WEIGHTS, state: 'refused', reason }
}
