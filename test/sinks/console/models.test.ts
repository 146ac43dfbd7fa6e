import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import type { Model } from '../../../schemas/events.ts'
import { EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const aModel = (service: string, over: Partial<Model> = {}): Model => ({
  service,
  at: 1_700_000_000_000_000,
  state: 'published',
  reason: '',
  origin: 'prior',
  version: EVIDENCE_VERSION,
  trainedOn: 0,
  heldBack: 120,
  evaluation: [{ name: 'log loss', tables: 0.4, model: 0.3 }],
  layers: [65, 5],
  weights: new Uint8Array(8),
  slope: 1,
  fade: 0,
  offset: 0,
  hash: 'abc',
  ...over,
})

/** Of two processes. */
const INFERENCE = `chaosproxy_model_inference_seconds_bucket{le="0.00001",instance="a"} 90
chaosproxy_model_inference_seconds_bucket{le="0.00005",instance="a"} 100
chaosproxy_model_inference_seconds_bucket{le="+Inf",instance="a"} 100
chaosproxy_model_inference_seconds_sum{instance="a"} 0.001
chaosproxy_model_inference_seconds_count{instance="a"} 100
chaosproxy_model_inference_seconds_bucket{le="0.00001",instance="b"} 100
chaosproxy_model_inference_seconds_bucket{le="0.00005",instance="b"} 100
chaosproxy_model_inference_seconds_bucket{le="+Inf",instance="b"} 100
chaosproxy_model_inference_seconds_sum{instance="b"} 0.001
chaosproxy_model_inference_seconds_count{instance="b"} 100
`

test('response models are shown by service with their evaluation, and why one is not used', async () => {
  const registry = new Registry()
  started = await startTestConsole({ registry, metricsText: async () => INFERENCE })
  const refused = { state: 'refused' as const, reason: 'the tables did better', weights: new Uint8Array(0) }
  const models = [aModel('shop'), aModel('desk', refused), aModel('late', { version: 99 })]
  for (const model of models) await started.at.put('models', model.service, [model])
  const { items, inference } = await until(
    'models',
    async (): Promise<any> => (await fetch(`${started.url}/api/models`)).json(),
    (page) => page.items.length === 3,
  )
  expect(items.map((item: any) => [item.service, item.state, item.bytes])).toEqual([
    ['desk', 'refused', 0],
    ['late', 'refused', 8],
    ['shop', 'published', 8],
  ])
  expect(inference).toMatchObject({ count: 200, mean_ms: 0.01, p99_ms: 0.05 })
  const text = await registry.metrics()
  expect(text).toContain('chaosproxy_model_published{service="shop",origin="prior"} 1')
  expect(text).toContain('chaosproxy_model_published{service="late",origin="prior"} 0')
  expect(text).toContain('chaosproxy_model_evaluation{service="desk",measure="log_loss",by="tables"} 0.4')
  expect(text).toContain('chaosproxy_model_samples{service="shop",part="held"} 120')
  expect(items[0].reason).toBe('the tables did better')
  expect(items[1].reason).toContain('version 99')
  expect(items[2].evaluation).toEqual([{ measure: 'log loss', tables: 0.4, model: 0.3 }])
  const first = await (await fetch(`${started.url}/api/models?limit=1`)).json()
  expect((first as { next_cursor: string }).next_cursor).toBeTruthy()
})
