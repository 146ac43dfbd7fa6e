/**
 * The first processor of the topology: which endpoint an exchange belongs to. Typed and mixed segments are parameters at
 * once; words become parameters when traffic says so (groups.ts), and endpoints that turn out to be one are merged.
 */
import type { Emit, Located, Locator, LocatorSteps, Merge, Observation, Stores } from '../kit/processor.ts'
import type { Group } from './decide.ts'
import { type EndpointRecord, type Endpoints, openEndpoints } from './endpoints.ts'
import { openService, type Reading, type Service, type ServiceRecord } from './service.ts'
import type { NodeRecord } from './trie.ts'

/** Statuses by which a server says that there is no such endpoint: they never create one, nor count. */
const DENIES = new Set([400, 404, 405, 410, 501])
/** A method is a short word; anything else is noise, and must not become a key of state. */
const METHOD = /^[A-Z]{1,16}$/
const NOTHING: readonly Merge[] = []

type Outcome = ReturnType<LocatorSteps['locate']>

const toLocated = (record: EndpointRecord, reading: Reading): Located => ({
  id: record.id,
  service: record.service,
  method: record.method,
  template: record.template,
  parameters: record.parameters.map((parameter, i) => ({
    name: parameter.name,
    kind: parameter.kind,
    value: reading.values[i] ?? '',
  })),
})

const serviceOf = (key: string): string => key.slice(0, key.indexOf(' '))

const keysByService = (keys: readonly string[]): Map<string, string[]> => {
  const out = new Map<string, string[]>()
  for (const key of keys) {
    const service = serviceOf(key)
    const list = out.get(service)
    if (list === undefined) out.set(service, [key])
    else list.push(key)
  }
  return out
}

/** Learned path templates; see processors/templates/README.md. */
export const templates: Locator = {
  name: 'templates',
  emits: ['endpoints'],
  open: (stores: Stores) => {
    const nodes = stores.open<NodeRecord>('nodes')
    const groups = stores.open<Group>('groups')
    const services = stores.open<ServiceRecord>('services')
    const endpointStore = stores.open<EndpointRecord>('endpoints')
    let known = new Map<string, Service>()
    let endpoints: Endpoints = openEndpoints(endpointStore)

    const restored = (): void => {
      endpoints = openEndpoints(endpointStore)
      const nodeKeys = keysByService(nodes.keys())
      const groupKeys = keysByService(groups.keys())
      known = new Map(
        services
          .keys()
          .map((name) => [
            name,
            openService(name, { nodes, groups, services }, nodeKeys.get(name) ?? [], groupKeys.get(name) ?? []),
          ]),
      )
    }

    const openKnown = (name: string): Service => {
      const service = known.get(name)
      if (service !== undefined) return service
      const created = openService(name, { nodes, groups, services }, [], [])
      known.set(name, created)
      return created
    }

    const find = (serviceName: string, method: string, path: string): Located | undefined => {
      const reading = known.get(serviceName)?.read(path)
      const record = reading && endpoints.get(serviceName, method, reading.inner)
      return record && reading ? toLocated(record, reading) : undefined
    }

    const learn = (observation: Observation, emit: Emit): Outcome => {
      const { exchange, event, path } = observation
      const service = openKnown(event.service)
      let reading = service.read(path)
      const success = exchange.status >= 200 && exchange.status < 300
      const visit = { method: exchange.method, body: observation.responseJson, success }
      if (reading === undefined || !service.learn(reading, visit)) return { endpoint: undefined, merges: NOTHING }
      let merges = NOTHING
      if (service.decide()) {
        merges = endpoints.reread(service, observation.at, emit)
        reading = service.read(path) ?? reading
      }
      const { inner, kinds } = reading
      const seen = { service: event.service, method: exchange.method, inner, kinds, at: observation.at }
      const record = endpoints.count(seen, emit)
      return { endpoint: record && toLocated(record, reading), merges }
    }

    return {
      restored,
      locate: (observation, emit) => {
        const { exchange, event, path } = observation
        const learns = observation.teaches && !DENIES.has(exchange.status) && METHOD.test(exchange.method)
        if (learns) return learn(observation, emit)
        return { endpoint: find(event.service, exchange.method, path), merges: NOTHING }
      },
      find,
    }
  },
}
