/** What the host of the processors says about itself. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { TaskCounts } from './task.ts'

export interface HostMetrics {
  counts(counts: Readonly<TaskCounts>): void
  deadLetter(stage: string, by: string): void
  step(seconds: number, changes: number, outputs: number): void
}

/** Where lag is asked for when metrics are scraped. */
export type LagOf = () => Promise<ReadonlyMap<number, number>>

const counter = (registry: Registry, name: string, help: string, labelNames: string[] = []): Counter =>
  new Counter({ name: `chaosproxy_processors_${name}_total`, help, labelNames, registers: [registry] })

/** Share of the last spans of wall time that was spent in steps, 0..1: at 1 this process needs more partitions elsewhere. */
const saturation = (registry: Registry, now: () => number): ((seconds: number) => void) => {
  let busy = 0
  let since = now()
  new Gauge({
    name: 'chaosproxy_processors_saturation_ratio',
    help: 'Share of wall time spent in steps since the last scrape',
    registers: [registry],
    collect() {
      const span = (now() - since) / 1000
      this.set(span > 0 ? Math.min(1, busy / span) : 0)
      busy = 0
      since = now()
    },
  })
  return (seconds) => {
    busy += seconds
  }
}

const lag = (registry: Registry, lagOf: LagOf): void => {
  new Gauge({
    name: 'chaosproxy_processors_lag_records',
    help: 'Input records not yet committed, per partition owned here',
    labelNames: ['partition'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const [partition, behind] of await lagOf().catch(() => new Map<number, number>()))
        this.set({ partition: String(partition) }, behind)
    },
  })
}

/** Registers the host's metrics; once per registry. */
export const hostMetrics = (registry: Registry, lagOf: LagOf, now: () => number): HostMetrics => {
  const events = counter(registry, 'events', 'Input events by kind', ['kind'])
  const duplicates = counter(registry, 'duplicates', 'Events that had been seen before and were passed over')
  const lost = counter(registry, 'lost_events', 'Events that never came, by the writers’ numbering')
  const letters = counter(registry, 'dead_letters', 'Events put on dead-letters', ['stage', 'by'])
  const changes = counter(registry, 'state_changes', 'Records written to the changelog')
  const outputs = counter(registry, 'outputs', 'Records put on derived topics')
  const busy = saturation(registry, now)
  const duration = new Histogram({
    name: 'chaosproxy_processors_step_seconds',
    help: 'Duration of one step: all events of one commit',
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  lag(registry, lagOf)
  return {
    counts: (c) => {
      events.inc({ kind: 'exchange' }, c.exchanges)
      events.inc({ kind: 'signal' }, c.signals)
      events.inc({ kind: 'command' }, c.commands)
      duplicates.inc(c.duplicates)
      lost.inc(c.lost)
    },
    deadLetter: (stage, by) => letters.inc({ stage, by }),
    step: (seconds, changed, put) => {
      busy(seconds)
      duration.observe(seconds)
      changes.inc(changed)
      outputs.inc(put)
    },
  }
}
