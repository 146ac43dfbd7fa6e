/**
 * A histogram that costs an addition where prom-client's hashes its labels at each observation. It stands in a prom-client
 * registry like one of its own: it gives the same values when it is asked for them.
 */
import type { Metric, Registry } from 'prom-client'

export interface Series {
  readonly observe: (value: number) => void
}

export interface HistogramOptions {
  readonly name: string
  readonly help: string
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[]
  readonly registry: Registry
}

interface Counts {
  readonly labels: Record<string, string>
  /** One more than there are bounds: the last is for what is above them. */
  readonly counts: number[]
  sum: number
}

interface Value {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

const valuesOf = (name: string, bounds: readonly number[], { labels, counts, sum }: Counts): Value[] => {
  let total = 0
  const buckets = [...bounds, '+Inf'].map((le, i) => {
    total += counts[i] as number
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ]
}

/** Gives a function that makes the series of some labels; ask once for each. */
export const openHistogram = ({ name, help, buckets, registry }: HistogramOptions) => {
  const all: Counts[] = []
  const values = (): Value[] => all.flatMap((counts) => valuesOf(name, buckets, counts))
  const metric = {
    name,
    get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values() }),
    reset: () => void all.splice(0),
  }
  registry.registerMetric(metric as unknown as Metric)
  return (labels: Record<string, string>): Series => {
    const own: Counts = { labels, counts: Array<number>(buckets.length + 1).fill(0), sum: 0 }
    all.push(own)
    return {
      observe: (value) => {
        let bucket = 0
        while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket++
        own.counts[bucket] = (own.counts[bucket] as number) + 1
        own.sum += value
      },
    }
  }
}
