/** Runs the locator alone, over stores that keep JSON as the runtime does. */
import type {
  Emit,
  Located,
  LocatorSteps,
  Merge,
  Observation,
  Split,
  Stores,
} from '../../../processors/kit/processor.ts'
import { templates } from '../../../processors/templates/templates.ts'
import type { Endpoint, Event } from '../../../schemas/events.ts'

export interface Request {
  readonly path: string
  readonly method?: string
  readonly status?: number
  readonly body?: Observation['responseJson']
  readonly sent?: Observation['requestJson']
  readonly query?: Observation['query']
  readonly at?: number
  readonly teaches?: boolean
}

export interface Driver {
  send(request: Request | string): Located | undefined
  find(path: string, method?: string): string | undefined
  command(kind: string, subject: string, value?: object): readonly Merge[]
  /** A new owner: nothing but the bytes of the stores survives. */
  restart(): void
  /** Every key with its value as JSON. */
  state(): [string, string][]
  readonly endpoints: Map<string, Endpoint>
  readonly merges: Merge[]
  readonly splits: Split[]
}

const openStores = (bytes: Map<string, Map<string, string>>, live: Map<string, Map<string, unknown>>): Stores => ({
  open: <V>(name: string) => {
    const stored = bytes.get(name) ?? new Map<string, string>()
    bytes.set(name, stored)
    const values = new Map<string, unknown>([...stored].map(([key, json]) => [key, JSON.parse(json)]))
    live.set(name, values)
    return {
      get: (key: string) => values.get(key) as V | undefined,
      set: (key: string, value: V) => {
        values.set(key, value)
        stored.set(key, JSON.stringify(value))
      },
      delete: (key: string) => {
        values.delete(key)
        stored.delete(key)
      },
      keys: () => [...values.keys()].sort(),
      get size() {
        return values.size
      },
    }
  },
})

const observationOf = (request: Request, index: number): Observation =>
  ({
    event: { service: 'shop' },
    exchange: { method: request.method ?? 'GET', status: request.status ?? 200 },
    at: request.at ?? index * 1_000_000,
    offset: index,
    path: request.path,
    responseJson: request.body,
    requestJson: request.sent,
    query: request.query ?? [],
    teaches: request.teaches ?? true,
  }) as unknown as Observation

export const openDriver = (): Driver => {
  const bytes = new Map<string, Map<string, string>>()
  const live = new Map<string, Map<string, unknown>>()
  const endpoints = new Map<string, Endpoint>()
  const merges: Merge[] = []
  const splits: Split[] = []
  let index = 0
  let steps: LocatorSteps = templates.open(openStores(bytes, live))
  const emit: Emit = (topic, key, value) => {
    if (topic !== 'endpoints') throw new Error(`templates wrote on ${topic}`)
    if (value === null || (value as Endpoint).mergedInto !== '') endpoints.delete(key)
    else endpoints.set(key, value as Endpoint)
  }
  return {
    send: (request) => {
      const found = steps.locate(
        observationOf(typeof request === 'string' ? { path: request } : request, index++),
        emit,
      )
      merges.push(...found.merges)
      splits.push(...found.splits)
      return found.endpoint
    },
    command: (kind, subject, value) => {
      const command = { kind, subject, by: 'test', value: value === undefined ? '' : JSON.stringify(value) }
      const event = { service: 'shop', at: index++ * 1_000_000 } as unknown as Event
      const moves = steps.command?.(command, event, emit)
      merges.push(...(moves?.merges ?? []))
      splits.push(...(moves?.splits ?? []))
      return moves?.merges ?? []
    },
    find: (path, method = 'GET') => steps.find('shop', method, path)?.template,
    restart: () => {
      steps = templates.open(openStores(bytes, live))
      steps.restored?.()
    },
    state: () =>
      [...bytes]
        .flatMap(([store, all]) => [...all].map(([key, json]): [string, string] => [`${store} ${key}`, json]))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    endpoints,
    merges,
    splits,
  }
}
