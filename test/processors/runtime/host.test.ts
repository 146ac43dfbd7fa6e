import { Registry } from 'prom-client'
import { expect, it, vi } from 'vitest'
import { describeTopology } from '../../../processors/runtime/describe.ts'
import { startProcessors } from '../../../processors/runtime/host.ts'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { traffic } from '../../../processors/traffic/traffic.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'
import { recording } from '../../topology/recording.ts'
import { codecs, literalLocator } from '../kit/given.ts'

const topology = { locator: literalLocator(), processors: [traffic] }

it('runs a topology over a log, says how it is, and says once that there is poison', async () => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const records = recording(codecs, { seed: 3, count: 1000 })
  const poison = records.filter(({ value }) => value?.length === 8).length
  await log.append(topicName('exchanges'), records)
  const registry = new Registry()
  const warn = vi.fn()
  const quiet = vi.fn()
  const logger = { debug: quiet, info: quiet, warn, error: quiet }
  const running = await startProcessors({ log, codecs, topology, registry, logger })
  await vi.waitFor(() => expect(running.positions().get(0)).toBe(records.length))
  expect([...(await running.lag())]).toEqual([[0, 0]])
  const metrics = await registry.metrics()
  expect(metrics).toContain(`chaosproxy_processors_dead_letters_total{stage="decode",by="host"} ${poison}`)
  expect(metrics).toContain('chaosproxy_processors_lag_records{partition="0"} 0')
  expect(metrics).toMatch(/chaosproxy_processors_duplicates_total [1-9]/)
  expect(metrics).toMatch(/chaosproxy_processors_lost_events_total [1-9]/)
  expect(poison).toBeGreaterThan(1)
  expect(warn).toHaveBeenCalledTimes(1)
  await running.close()
  await running.done
  await log.close()
})

it('prints its topology', () => {
  expect(describeTopology(topology)).toBe(`Topologies:
   Sub-topology: 0 (one task per partition of chaosproxy.exchanges.v1)
    Source: exchanges (topics: [chaosproxy.exchanges.v1])
      --> literal
    Locator: literal (stores: [])
      --> traffic
      <-- exchanges
    Processor: traffic (stores: [traffic.clock, traffic.days, traffic.hours, traffic.windows])
      --> chaosproxy.windows.v1
      <-- literal
    Sink: chaosproxy.dead-letters.v1
    Sink: chaosproxy.windows.v1
`)
})
