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

test('response models are shown by service with their evaluation, and why one is not used', async () => {
  started = await startTestConsole()
  const refused = { state: 'refused' as const, reason: 'the tables did better', weights: new Uint8Array(0) }
  const models = [aModel('shop'), aModel('desk', refused), aModel('late', { version: 99 })]
  for (const model of models) await started.at.put('models', model.service, [model])
  const { items } = await until(
    'models',
    async (): Promise<any> => (await fetch(`${started.url}/api/models`)).json(),
    (page) => page.items.length === 3,
  )
  expect(items.map((item: any) => [item.service, item.state, item.bytes])).toEqual([
    ['desk', 'refused', 0],
    ['late', 'refused', 8],
    ['shop', 'published', 8],
  ])
  expect(items[0].reason).toBe('the tables did better')
  expect(items[1].reason).toContain('version 99')
  expect(items[2].evaluation).toEqual([{ measure: 'log loss', tables: 0.4, model: 0.3 }])
  const first = await (await fetch(`${started.url}/api/models?limit=1`)).json()
  expect((first as { next_cursor: string }).next_cursor).toBeTruthy()
})
