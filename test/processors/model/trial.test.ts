import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { shippedPrior } from '../../../processors/model/shipped.ts'
import { LAYERS, tryModel } from '../../../processors/model/trial.ts'
import type { Job } from '../../../processors/model/trial.ts'
import type { Row } from '../../../processors/model/rows.ts'
import { BELIEVED_AT, EVIDENCE_SIZE, EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { OUTPUTS, weightsOf } from '../../../schemas/semantics/model/network.ts'
import { readModel } from '../../../schemas/semantics/model/published.ts'
import { PRIOR } from '../../../processors/model/prior.ts'

const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')
const zeros = { layers: LAYERS, weights: new Float32Array(weightsOf(LAYERS)), slope: 1, offset: 0, fade: 0 }

/** The tables believe 0.8 throughout; the first number of the evidence says what comes of it. */
const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const evidence = new Uint8Array(EVIDENCE_SIZE)
    evidence[0] = i % 2 === 0 ? 255 : 0
    evidence[BELIEVED_AT] = 204
    return { evidence, believed: 0.8, fidelity: i % 2 === 0 ? 1 : 0, told: 0, truth: i % 2 === 0 ? 0 : 2, weight: 1 }
  })

/** Weights that read the first number. */
const knowing = (): Float32Array<ArrayBuffer> => {
  const weights = new Float32Array(weightsOf(LAYERS))
  const [a = 0, b = 0, c = 0] = LAYERS
  weights[0] = 1
  weights[(a + 1) * b] = 1
  const last = (a + 1) * b + (b + 1) * c
  weights[last] = 6
  weights[last + c * OUTPUTS] = -4
  return weights
}

const given = (count: number, fit?: (job: Job) => Promise<Float32Array>, prior = zeros) =>
  tryModel({ service: 'shop', at: 7, rows: rows(count), prior, fit, digest })

describe('a trial', () => {
  it('publishes what beats the tables on rows held back, with its evaluation, and the ingress reads it', async () => {
    const model = await given(200, async () => knowing())
    expect(model).toMatchObject({
      service: 'shop',
      at: 7,
      state: 'published',
      origin: 'tuned',
      trainedOn: 120,
      heldBack: 40,
    })
    const cost = model.evaluation.find(({ name }) => name === 'log loss')
    expect(cost?.model).toBeLessThan(cost?.tables ?? 0)
    expect(readModel(model, digest).kind).toBe('network')
  })

  it('publishes nothing that only equals the tables, and says so', async () => {
    const model = await given(60)
    expect(model).toMatchObject({ state: 'refused', hash: '', layers: [] })
    expect(model.weights.length).toBe(0)
    expect(model.reason).toContain('not better than the tables')
  })

  it('judges the prior by all rows, since it was made from none of them', async () => {
    const model = await given(60, () => Promise.reject(new Error('not asked')), { ...zeros, weights: knowing() })
    expect(model).toMatchObject({ state: 'published', origin: 'prior', trainedOn: 0, heldBack: 60 })
  })

  it('lets what it trained fade as fits rows that it was not trained on', async () => {
    // Right about the young endpoints, wrong about those of which much was seen.
    const seenAt = BELIEVED_AT + 1
    const mixed = rows(400).map((row, i) => {
      const isYoung = i % 4 < 2
      const evidence = Uint8Array.from(row.evidence)
      evidence[seenAt] = isYoung ? 0 : 255
      return { ...row, evidence, fidelity: isYoung ? row.fidelity : 0.8, truth: isYoung ? row.truth : 0 }
    })
    const model = await tryModel({
      service: 'shop',
      at: 7,
      rows: mixed,
      prior: zeros,
      fit: async () => knowing(),
      digest,
    })
    expect(model).toMatchObject({ state: 'published', origin: 'tuned', fade: 8, heldBack: 80 })
  })

  it('refuses a model that tells fewer variants right, however well it knows how sure to be', async () => {
    const weights = knowing()
    // The first number of the evidence also speaks for another variant than was told, where that was right.
    const [a = 0, b = 0, c = 0] = LAYERS
    weights[(a + 1) * b + (b + 1) * c + 2] = 9
    const model = await given(60, undefined, { ...zeros, weights })
    expect(model.state).toBe('refused')
    expect(model.reason).toContain('variant accuracy')
  })

  it('never trains on what it is judged by: what comes later is held back', async () => {
    const jobs: Job[] = []
    const all = rows(1000)
    await tryModel({
      service: 'shop',
      at: 7,
      rows: all,
      prior: zeros,
      digest,
      fit: async (job) => {
        jobs.push(job)
        return knowing()
      },
    })
    expect(jobs.map(({ start }) => start !== undefined)).toEqual([true, false])
    for (const job of jobs) {
      expect(job.rows).toEqual(all.slice(0, 600))
      expect(job.held).toEqual(all.slice(600, 800))
    }
  })
})

it('the shipped prior fits what is run, and is no row of zeros', () => {
  expect(PRIOR.version).toBe(EVIDENCE_VERSION)
  const { layers, weights } = shippedPrior()
  expect(weights.length).toBe(weightsOf(layers))
  expect(weights.every(Number.isFinite)).toBe(true)
  expect(weights.some((weight) => Math.abs(weight) > 0.01)).toBe(true)
})
