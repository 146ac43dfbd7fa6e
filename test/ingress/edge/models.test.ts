import { createHash } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { judgeOf, openModels, type Models } from '../../../ingress/edge/models.ts'
import { serviceOf } from '../kit/services.ts'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Model } from '../../../schemas/events.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { BELIEVED_AT, EVIDENCE_SIZE, EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { OUTPUTS, weightsOf } from '../../../schemas/semantics/model/network.ts'
import { hashOf, packed } from '../../../schemas/semantics/model/published.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'

const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')
const layers = [EVIDENCE_SIZE, OUTPUTS]

const aModel = (over: Partial<Model> = {}): Model => {
  const weights = packed(new Float32Array(weightsOf(layers)))
  const body = { version: EVIDENCE_VERSION, layers, weights, slope: 1, offset: -1, fade: 0, ...over }
  const about = {
    service: 'shop',
    at: 1,
    state: 'published' as const,
    reason: '',
    origin: 'own',
    trainedOn: 1,
    heldBack: 1,
  }
  return { ...about, evaluation: [], ...body, hash: hashOf(body, digest), ...over }
}

const evidence = (): Uint8Array => {
  const bytes = new Uint8Array(EVIDENCE_SIZE)
  bytes[BELIEVED_AT] = 128
  return bytes
}

let models: Models
let put: (model: Model | Uint8Array | null) => Promise<void>
let warned: string[]
beforeEach(async () => {
  const log = openMemoryLog()
  const codecs = await openCodecs(memorySchemaStore())
  await log.createTopics(topicSpecs(1))
  models = openModels()
  warned = []
  const quiet = () => undefined
  const warn = (fields: object) => void warned.push((fields as { reason?: string }).reason ?? 'cannot be read')
  const view = await models.follow({ log, codecs, logger: { debug: quiet, info: quiet, error: quiet, warn } })
  put = async (model) => {
    const value = model === null || model instanceof Uint8Array ? model : codecs.encode('models', model)
    const [offset = 0] = await log.append(topicName('models'), [{ key: 'shop', value, timestamp: 1 }])
    await expect.poll(() => view.positions()[0]).toBeGreaterThan(offset)
  }
})
const judged = () => models.judge('shop', evidence)

it('without a model leaves the word to the tables, and looks at no evidence', () => {
  expect(models.judge('shop', () => expect.fail('asked for nothing'))).toBeUndefined()
})

it('judges by the newest model of the service, until it goes', async () => {
  await put(aModel())
  await expect.poll(judged).toBeCloseTo(1 / (1 + Math.E), 2)
  expect(models.judge('other', evidence)).toBeUndefined()
  await put(aModel({ offset: 1 }))
  await expect.poll(judged).toBeGreaterThan(0.7)
  await put(null)
  await expect.poll(judged).toBeUndefined()
})

it.each([
  ['of a future version', aModel({ version: 99 }), 'version 99'],
  ['with a hash that does not fit', aModel({ hash: 'x' }), 'hash'],
  ['with weights of another size', aModel({ weights: new Uint8Array(8) }), 'bytes of weights'],
  ['that cannot be read', new Uint8Array([9, 9, 9]), 'cannot be read'],
])('refuses a model %s aloud, and the one before it is gone', async (_, model, reason) => {
  await put(aModel())
  await expect.poll(judged).toBeDefined()
  await put(model)
  await expect.poll(judged).toBeUndefined()
  expect(warned).toEqual([expect.stringContaining(reason)])
})

it('takes a model that the tables beat as a word for the tables, without a warning', async () => {
  await put(aModel())
  await put(aModel({ state: 'refused', layers: [], weights: new Uint8Array(0) }))
  await expect.poll(judged).toBeUndefined()
  expect(warned).toEqual([])
})

it('asks no model for a service that wants the tables alone', () => {
  const judge = judgeOf(
    () => 0.9,
    [serviceOf(['http://a'], { ghost: { model: false } }), Object.assign(serviceOf(['http://b']), { name: 'other' })],
  )
  expect([judge(serviceOf(['http://a']).name, evidence), judge('other', evidence)]).toEqual([undefined, 0.9])
})
