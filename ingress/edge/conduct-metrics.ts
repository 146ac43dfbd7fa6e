/** What upstreams themselves said, whoever answered the client: a ghost hides no outage from who watches these. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Conduct } from '../phases/conduct.ts'
import type { Service } from '../phases/context.ts'

export const conductMetrics = (services: readonly Service[], registry: Registry, conduct: Conduct): void => {
  const registers = [registry]
  const labelNames = ['service', 'upstream']
  new Counter({
    name: 'chaosproxy_upstream_results_total',
    help: 'What became of each try at an upstream: good, slow, bad, or neutral (nothing was learned of it)',
    labelNames: [...labelNames, 'result'],
    registers,
    collect() {
      this.reset()
      for (const { name: service, upstreams } of services)
        for (const upstream of upstreams)
          for (const [result, count] of Object.entries(conduct.results(upstream)))
            this.inc({ service, upstream: upstream.url, result }, count)
    },
  })
  new Gauge({
    name: 'chaosproxy_endpoints_left_alone',
    help: 'Endpoints that failed too often at an upstream and are not asked for there, while the rest is',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { name: service, upstreams } of services)
        for (const upstream of upstreams) this.set({ service, upstream: upstream.url }, conduct.leftAlone(upstream))
    },
  })
}
