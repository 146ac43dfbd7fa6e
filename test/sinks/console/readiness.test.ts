import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { keyOf } from '../../../schemas/semantics/ghosts/model.ts'
import { encodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { noteParts, noteReady, openVitals } from '../../../schemas/semantics/vitals.ts'
import { emptyEndpoint } from '../../../processors/ghosts/learn-endpoint.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const part = (template: string, count: number, ready: boolean) => {
  const located = { id: `shop GET ${template}`, service: 'shop', method: 'GET', template, parameters: [] }
  const vitals = openVitals()
  for (let i = 0; i < 20; i++) noteReady(vitals, ready)
  noteParts(vitals, { status: 1, shape: 0.5, values: undefined, echo: undefined })
  const scores = { exact: { sum: 3, weight: 4 } }
  const value = { ...emptyEndpoint(located), count, vitals, scores }
  return encodePart(keyOf('endpoint', located.id), { kind: 'endpoint', value }, 1000, 0.9)
}

test('readiness is told by service and endpoint, by API and in metrics', async () => {
  const registry = new Registry()
  started = await startTestConsole({ registry })
  for (const one of [part('/books', 75, true), part('/cart', 25, false)]) await started.at.put('ghosts', one.key, [one])
  const { items } = await until(
    'both endpoints',
    async (): Promise<any> => (await fetch(`${started.url}/api/readiness`)).json(),
    (page) => page.items[0]?.endpoints.length === 2,
  )
  expect(items).toMatchObject([
    {
      service: 'shop',
      readiness: 0.75,
      fidelity: { status: 1, shape: 0.5, values: null, echo: null },
      endpoints: [
        { endpoint: 'shop GET /books', readiness: 1 },
        { endpoint: 'shop GET /cart', readiness: 0 },
      ],
    },
  ])
  const text = await registry.metrics()
  expect(text).toContain('chaosproxy_endpoint_ghost_fidelity{service="shop",endpoint="shop GET /books"} 0.75')
  const page = await (await fetch(`${started.url}/api/ghosts`)).json()
  expect(page).toMatchObject({ items: [{ fidelity: 0.75, fidelity_count: 4, readiness: 'ready' }, {}] })
  expect(text).toContain('chaosproxy_ghost_readiness{service="shop"} 0.75')
  expect(text).toContain('chaosproxy_ghost_fidelity{service="shop",part="shape"} 0.5')
})
