/** Metrics of several processes as one page. */
import { AggregatorRegistry, collectDefaultMetrics, type Registry } from 'prom-client'

export type MetricsJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The process's own vitals, told apart by role. */
export const watchProcess = (registry: Registry, role: string): void => {
  collectDefaultMetrics({ register: registry, prefix: 'chaosproxy_', labels: { role } })
}

export const metricsOf = (registry: Registry): Promise<MetricsJson> => registry.getMetricsAsJSON()

/** Prometheus text; what two processes both count is summed. */
export const mergeMetrics = (all: readonly MetricsJson[]): Promise<string> =>
  AggregatorRegistry.aggregate([...all]).metrics()
