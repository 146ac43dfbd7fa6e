import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { openHistogram } from '../../../ingress/edge/histogram.ts'

it('gives a registry what prom-client’s own histogram gives', async () => {
  const name = 'seconds'
  const help = 'How long'
  const buckets = [0.25, 1, 4]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ max: 24, min: 0 }))), async (seen) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const make = openHistogram({ name, help, buckets, registry: ours })
      const labelNames = ['service'] as const
      const reference = new Histogram({ name, help, buckets, labelNames, registers: [theirs] })
      const series = new Map([...new Set(seen.map(([service]) => service))].map((s) => [s, make({ service: s })]))
      for (const [service, quarters] of seen) {
        series.get(service)?.observe(quarters / 4)
        reference.labels(service).observe(quarters / 4)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
    { numRuns: 50 },
  )
})
