/** How near the shield is to its limits. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Gate } from '../limits/gate.ts'

export interface Seen {
  readonly gates: () => readonly (readonly [service: string, Gate])[]
  /** 0..1 */
  readonly memory: () => number
  readonly faults: () => number
  readonly dropped: () => number
}

export interface ShieldMetrics {
  readonly struck: (service: string, fault: string) => void
}

const gateGauges = (registers: Registry[], gates: Seen['gates']): void => {
  const each = (name: string, help: string, read: (gate: Gate) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['service'],
      registers,
      collect() {
        for (const [service, gate] of gates()) this.set({ service }, read(gate))
      },
    })
  }
  each('chaosproxy_concurrency_limit', 'Requests that may be under way at once', (gate) => gate.limit())
  each('chaosproxy_concurrency_in_flight', 'Requests under way, of those that are limited', (gate) => gate.inFlight())
}

export const openShieldMetrics = (registry: Registry, seen: Seen): ShieldMetrics => {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gateGauges(registers, seen.gates)
  gauge('chaosproxy_memory_ratio', 'Of the heap, or of what the process may have, the greater', seen.memory)
  gauge('chaosproxy_faults_active', 'Ordered faults in force', seen.faults)
  new Counter({
    name: 'chaosproxy_access_log_dropped_total',
    help: 'Lines of the access log that could not be written',
    registers,
    collect() {
      this.reset()
      this.inc(seen.dropped())
    },
  })
  const struck = new Counter({
    name: 'chaosproxy_faults_total',
    help: 'Requests that an ordered fault struck',
    labelNames: ['service', 'fault'],
    registers,
  })
  return { struck: (service, fault) => struck.inc({ service, fault }) }
}
