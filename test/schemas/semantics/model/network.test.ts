import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Model } from '../../../../schemas/events.ts'
import {
  BELIEVED_AT,
  EVIDENCE_SIZE,
  EVIDENCE_VERSION,
  TOLD_AT,
  VARIANTS,
  variantOf,
} from '../../../../schemas/semantics/model/evidence.ts'
import { judgeBy, outputsOf, OUTPUTS, weightsOf } from '../../../../schemas/semantics/model/network.ts'
import { hashOf, packed, readModel, unpacked } from '../../../../schemas/semantics/model/published.ts'

const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')
const evidence = (over: Record<number, number>): Uint8Array => {
  const bytes = new Uint8Array(EVIDENCE_SIZE)
  for (const [at, value] of Object.entries(over)) bytes[Number(at)] = value
  return bytes
}
const layers = [EVIDENCE_SIZE, 2, OUTPUTS]
const zeros = { layers, weights: new Float32Array(weightsOf(layers)), slope: 1, offset: 0, fade: 0 }

describe('a network', () => {
  it('of zeros says what the tables say', () => {
    for (const believed of [20, 128, 230]) {
      const { right, variants } = judgeBy(zeros, evidence({ [BELIEVED_AT]: believed, [TOLD_AT + 2]: 255 }))
      expect(right).toBeCloseTo(believed / 255, 6)
      expect(variants.indexOf(Math.max(...variants))).toBe(2)
      expect(variants.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
    }
  })

  it('is rectified between its layers and adds its word to the tables’', () => {
    const weights = new Float32Array(weightsOf(layers))
    // The first input goes to both units, once as it is and once below zero; both speak on being right.
    weights.set([1, -1], 0)
    const kernel = (EVIDENCE_SIZE + 1) * 2
    weights[kernel] = 2
    weights[kernel + OUTPUTS] = 5
    const [right] = outputsOf({ ...zeros, weights }, evidence({ 0: 255, [BELIEVED_AT]: 0 }))
    expect(right).toBeCloseTo(2 + Math.log(0.02 / 0.98), 5)
  })

  it('corrects half as much once as many exchanges were seen as it fades by, and the tables decide in the end', () => {
    const weights = new Float32Array(weightsOf(layers))
    weights[weights.length - OUTPUTS] = 2
    const seenAt = BELIEVED_AT + 1
    const oddsAt = (seen: number, fade: number): number => {
      const { right } = judgeBy({ ...zeros, weights, fade }, evidence({ [BELIEVED_AT]: 128, [seenAt]: seen }))
      return Math.log(right / (1 - right))
    }
    const start = oddsAt(255, 1e-9)
    expect(oddsAt(0, 32) - start).toBeCloseTo(2, 5)
    expect(oddsAt(255, 1000) - start).toBeCloseTo(1, 5)
    expect(oddsAt(255, 32) - start).toBeLessThan(0.07)
    expect(oddsAt(255, 0) - start).toBeCloseTo(2, 5)
  })

  it('tells apart what a client acts on', () => {
    expect([204, 302, 401, 403, 404, 410, 422, 500].map((status) => VARIANTS[variantOf(status)])).toEqual([
      'success',
      'success',
      'denied',
      'denied',
      'missing',
      'missing',
      'refused',
      'refused',
    ])
  })
})

describe('a model from the log', () => {
  const weights = packed(Float32Array.from({ length: weightsOf(layers) }, (_, i) => Math.sin(i)))
  const body = { version: EVIDENCE_VERSION, layers, weights, slope: 1.25, offset: -0.5, fade: 0 }
  const model: Model = {
    service: 'shop',
    at: 1,
    state: 'published',
    reason: '',
    origin: 'own',
    trainedOn: 1,
    heldBack: 1,
    evaluation: [],
    ...body,
    hash: hashOf(body, digest),
  }
  const rehashed = (over: Partial<Model>): Model => ({ ...model, ...over, hash: hashOf({ ...body, ...over }, digest) })
  const broken = weights.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
  const notANumber = packed(Float32Array.from(unpacked(weights), (weight, i) => (i === 3 ? Number.NaN : weight)))

  it('is read back as it was', () => {
    const read = readModel(model, digest)
    expect(read.kind === 'network' && packed(read.network.weights)).toEqual(weights)
    expect(read).toMatchObject({ network: { layers, slope: 1.25, offset: -0.5, fade: 0 } })
  })

  it.each([
    ['of a future version', rehashed({ version: EVIDENCE_VERSION + 1 }), 'version'],
    ['with too few weights', rehashed({ weights: weights.subarray(4) }), 'bytes of weights'],
    ['with another input', rehashed({ layers: [3, OUTPUTS] }), 'layers'],
    ['with a layer that would take all memory', rehashed({ layers: [EVIDENCE_SIZE, 1e9, OUTPUTS] }), 'layers'],
    ['whose weights were changed on the way', { ...model, weights: broken }, 'hash'],
    ['whose scaling was changed on the way', { ...model, slope: 2 }, 'hash'],
    ['whose fading was changed on the way', { ...model, fade: 2 }, 'hash'],
    ['that fades backwards', rehashed({ fade: -1 }), 'finite'],
    ['with a weight that is no number', rehashed({ weights: notANumber }), 'finite'],
    ['that was refused at its trial', { ...model, state: 'refused' as const, reason: 'the tables won' }, 'tables won'],
  ])('is refused: %s', (_, given, reason) => {
    expect(readModel(given, digest)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) })
  })
})
