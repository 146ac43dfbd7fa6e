import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { driftMetrics } from '../../sinks/drift-metrics.ts'

const lines = async (registry: Registry): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith('chaosproxy_drift_open{'))

test('says what is open; what was said stays while the database refuses or hangs', async () => {
  const registry = new Registry()
  const query = vi.fn<() => Promise<readonly Record<string, unknown>[]>>()
  driftMetrics(registry, { query })
  query.mockResolvedValueOnce([{ service: 'shop', severity: 'breaking', alerts: 2 }])
  const said = ['chaosproxy_drift_open{service="shop",severity="breaking"} 2']
  expect(await lines(registry)).toEqual(said)
  query.mockRejectedValueOnce(new Error('away'))
  expect(await lines(registry)).toEqual(said)
  vi.useFakeTimers()
  query.mockReturnValueOnce(new Promise(() => undefined))
  const late = lines(registry)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await late).toEqual(said)
  vi.useRealTimers()
  query.mockResolvedValueOnce([])
  expect(await lines(registry)).toEqual([])
})
