import { createHash } from 'node:crypto'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { startTrainer, type Trainer, type TrainerOptions } from '../../../processors/model/trainer.ts'
import { LAYERS } from '../../../processors/model/trial.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Codecs } from '../../../schemas/codecs.ts'
import type { Model, Sample } from '../../../schemas/events.ts'
import type { EventLog, View } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { BELIEVED_AT, EVIDENCE_SIZE, EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { OUTPUTS, weightsOf } from '../../../schemas/semantics/model/network.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'

const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')

/** A prior that is right about these samples: what the first number says. */
const weights = new Float32Array(weightsOf(LAYERS))
{
  const [a = 0, b = 0, c = 0] = LAYERS
  weights[0] = 1
  weights[(a + 1) * b] = 1
  weights[(a + 1) * b + (b + 1) * c] = 4
  weights[(a + 1) * b + (b + 1) * c + c * OUTPUTS] = -3
}
const prior = { layers: LAYERS, weights, slope: 1, offset: 0, fade: 0 }

const sample = (i: number, over: Partial<Sample> = {}): Sample => {
  const evidence = new Uint8Array(EVIDENCE_SIZE)
  evidence[0] = i % 2 === 0 ? 255 : 0
  evidence[BELIEVED_AT] = 178
  const outcome = { told: 200, truth: i % 2 === 0 ? 200 : 404, fidelity: i % 2 === 0 ? 1 : 0 }
  const about = { service: 'shop', endpoint: 'shop GET /x', at: 1_000 + i, version: EVIDENCE_VERSION, rule: 'template' }
  return { ...about, evidence, ...outcome, believed: 0.7, weight: 1, ...over }
}

let log: EventLog
let codecs: Codecs
let models: View
let trainer: Trainer | undefined
beforeEach(async () => {
  log = openMemoryLog()
  codecs = await openCodecs(memorySchemaStore())
  await log.createTopics(topicSpecs(1))
  models = await log.view(topicName('models'))
})
afterEach(async () => {
  await trainer?.close()
  trainer = undefined
  await log.close()
})

const put = (samples: readonly Sample[]) =>
  log.append(
    topicName('samples'),
    samples.map((s) => ({ key: s.service, value: codecs.encode('samples', s), timestamp: 1 })),
  )
const modelOf = (service: string): Model | undefined => {
  const bytes = models.get(service)
  return bytes === undefined ? undefined : codecs.decode('models', bytes)
}
const deferred = () => {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve: () => resolve() }
}
/** Resolves when a model of the service is told that fits. */
const told = (service: string, fits: (model: Model) => boolean = () => true): Promise<Model> =>
  new Promise((resolve) => {
    const off = models.subscribe(() => {
      const model = modelOf(service)
      if (model === undefined || !fits(model)) return
      queueMicrotask(() => off())
      resolve(model)
    })
  })
const start = (over: Partial<TrainerOptions> = {}): void => {
  const fit = () => Promise.reject(new Error('nothing can be trained here'))
  trainer = startTrainer({ log, codecs, prior, digest, openTraining: () => ({ fit, close: () => undefined }), ...over })
}
const many = (count: number, over: Partial<Sample> = {}): Sample[] =>
  Array.from({ length: count }, (_, i) => sample(i, over))

it('given samples of before and of now, then it tells a model by service, and again when there is news', async () => {
  await put(many(40))
  start()
  expect(await told('shop')).toMatchObject({ state: 'published', origin: 'prior', heldBack: 40, at: 1_039 })
  await put(many(60, { at: 5_000 }))
  expect(await told('shop', ({ at }) => at === 5_000)).toMatchObject({ heldBack: 100 })
})

it('judges the prior alone when nothing can be trained, and counts the failure', async () => {
  const registry = new Registry()
  await put(many(200))
  start({ registry })
  expect(await told('shop')).toMatchObject({ state: 'published', origin: 'prior', heldBack: 200 })
  expect(await registry.getSingleMetricAsString('chaosproxy_model_failures_total')).toMatch(/ 1$/m)
  expect(await registry.getSingleMetricAsString('chaosproxy_model_trials_total')).toContain('outcome="published"')
})

it('passes over what it cannot use: another version, evidence of another size, bytes that are no sample', async () => {
  const value = new Uint8Array([1, 2, 3])
  await log.append(topicName('samples'), [{ key: 'shop', value, timestamp: 1 }])
  await put(many(30, { version: 99 }))
  await put(many(30, { evidence: new Uint8Array(3) }))
  await put(many(30))
  start()
  expect(await told('shop')).toMatchObject({ heldBack: 30 })
})

it('tells the same after a restart, and nothing where it was told already or another process leads', async () => {
  await put(many(40))
  start()
  const first = await told('shop')
  await trainer?.close()
  let isLeader = false
  const asked = deferred()
  let times = 0
  // Asked for shop, and then for desk.
  const leads = (): boolean => {
    if (++times === 2) asked.resolve()
    return isLeader
  }
  start({ leads })
  await put(many(40, { service: 'desk' }))
  await asked.promise
  isLeader = true
  await put(many(40, { service: 'desk', at: 9_000 }))
  await told('desk')
  expect(modelOf('desk')).toMatchObject({ heldBack: 80 })
  expect(modelOf('shop')).toEqual(first)
  expect((await log.ranges(topicName('models')))[0]?.end).toBe(2)
})
