/**
 * The first processor of the topology: which endpoint an exchange belongs to. Typed and mixed segments are parameters at
 * once; words become parameters when traffic says so (groups.ts) or people do (hints.ts), and endpoints that turn out to be
 * one are merged.
 */
import type { Command } from '../../schemas/events.ts'
import type { Emit, Located, Locator, LocatorSteps, Moves, Observation, Store, Stores } from '../kit/processor.ts'
import type { Group } from './decide.ts'
import { type EndpointRecord, type Endpoints, openEndpoints, operationsOf } from './endpoints.ts'
import type { Hints } from './hints.ts'
import { isAnswered, operationOf } from './operations.ts'
import { openService, type Reading, type Service, type ServiceRecord, type ServiceStores } from './service.ts'
import type { NodeRecord } from './trie.ts'

/** Statuses by which a server says that there is no such endpoint: they never create one, nor count. */
const DENIES = new Set([400, 404, 405, 410, 501])
/** A method is a short word; anything else is noise, and must not become a key of state. */
const METHOD = /^[A-Z]{1,16}$/
const NOTHING: Moves = { merges: [], splits: [] }

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

/** The stores, and what follows from them. */
interface Inside {
  readonly stores: ServiceStores
  readonly endpointStore: Store<EndpointRecord>
  known: Map<string, Service>
  endpoints: Endpoints
}

const openKnown = ({ known, stores }: Inside, name: string): Service => {
  const service = known.get(name)
  if (service !== undefined) return service
  const created = openService(name, stores, [], [])
  known.set(name, created)
  return created
}

const restore = (inside: Inside): void => {
  const { stores, endpointStore } = inside
  inside.endpoints = openEndpoints(endpointStore)
  const nodes = keysByService(stores.nodes.keys())
  const groups = keysByService(stores.groups.keys())
  const names = new Set([...stores.services.keys(), ...stores.hints.keys()])
  inside.known = new Map(
    [...names].map((name) => [name, openService(name, stores, nodes.get(name) ?? [], groups.get(name) ?? [])]),
  )
}

type Asked = Parameters<LocatorSteps['find']>

const find = ({ known, endpoints }: Inside, [service, method, path, operation]: Asked): Located | undefined => {
  const reading = known.get(service)?.read(path)
  const record = reading && endpoints.get(service, method, reading.inner, operation)
  return record && reading ? toLocated(record, reading) : undefined
}

const learn = (inside: Inside, observation: Observation, operation: string | undefined, emit: Emit): Outcome => {
  const { endpoints } = inside
  const { exchange, event, path, at } = observation
  const { method } = exchange
  const service = openKnown(inside, event.service)
  let reading = service.read(path)
  const success = exchange.status >= 200 && exchange.status < 300
  const ending = operation === undefined ? method : operationsOf(method)
  const visit = { method, ending, body: observation.responseJson, success }
  if (reading === undefined || !service.learn(reading, visit)) return { endpoint: undefined, ...NOTHING }
  let moves = NOTHING
  if (service.decide()) {
    moves = endpoints.reread(service, at, emit)
    reading = service.read(path) ?? reading
  }
  const { inner, kinds } = reading
  const seen = { service: event.service, method, inner, kinds, at, operation, named: service.named() }
  const record = endpoints.count(seen, emit)
  return { endpoint: record && toLocated(record, reading), ...moves }
}

const teaches = ({ teaches: may, exchange: { status, method } }: Observation): boolean =>
  may && !DENIES.has(status) && METHOD.test(method)

const locate = (inside: Inside, observation: Observation, emit: Emit): Outcome => {
  const { exchange, event, path } = observation
  const operation = operationOf(observation)
  if (teaches(observation) && (operation === undefined || isAnswered(observation)))
    return learn(inside, observation, operation, emit)
  return { endpoint: find(inside, [event.service, exchange.method, path, operation]), ...NOTHING }
}

/** A person's word is about one service, its subject an endpoint's id. */
const obey = (inside: Inside, command: Command, at: number, emit: Emit): Moves => {
  if (!command.kind.startsWith('endpoints.') || !command.subject.includes(' ')) return NOTHING
  const service = openKnown(inside, serviceOf(command.subject))
  return service.hear(command) ? inside.endpoints.reread(service, at, emit) : NOTHING
}

const openInside = (stores: Stores): Inside => {
  const endpointStore = stores.open<EndpointRecord>('endpoints')
  return {
    stores: {
      nodes: stores.open<NodeRecord>('nodes'),
      groups: stores.open<Group>('groups'),
      services: stores.open<ServiceRecord>('services'),
      hints: stores.open<Hints>('hints'),
    },
    endpointStore,
    known: new Map(),
    endpoints: openEndpoints(endpointStore),
  }
}

/** Learned path templates; see processors/templates/README.md. */
export const templates: Locator = {
  name: 'templates',
  emits: ['endpoints'],
  open: (stores) => {
    const inside = openInside(stores)
    return {
      restored: () => restore(inside),
      locate: (observation, emit) => locate(inside, observation, emit),
      find: (...asked) => find(inside, asked),
      command: (command, { at }, emit) => obey(inside, command, at, emit),
    }
  },
}
