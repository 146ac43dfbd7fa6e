/**
 * The ghosts processor alone: stores in memory, encoded and decoded as the runtime does, and a locator by simple rule (a
 * segment with a digit is a parameter; a 404 makes no endpoint), so that tests of ghosts do not hang on how paths are learned.
 */
import type { Emit, Located, Observation, Steps, Store, Stores } from '../../../processors/kit/processor.ts'
import type { Activation, Event, Exchange, Ghost, Header } from '../../../schemas/events.ts'
import { anExchange } from '../kit/builders.ts'
import { ghosts } from '../../../processors/ghosts/ghosts.ts'
import { operationOf } from '../../../processors/templates/operations.ts'
import { parseJson } from '../../../schemas/semantics/ghosts/json.ts'

export interface Told {
  readonly service?: string
  readonly at: number
  readonly method?: string
  readonly target: string
  readonly principal?: string
  readonly requestHeaders?: readonly Header[]
  readonly requestBody?: Uint8Array | string
  readonly requestType?: string
  readonly status?: number
  readonly responseHeaders?: readonly Header[]
  readonly responseBody?: Uint8Array | string
  readonly responseType?: string
  readonly with?: Partial<Exchange>
}

const bytesOf = (body: Uint8Array | string | undefined): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array())

export const exchangeOf = (told: Told): Exchange => {
  const body = (bytes: Uint8Array, mediaType: string) => ({
    mediaType,
    coding: '',
    bytes,
    length: bytes.length,
    cut: false,
  })
  const responseType = told.responseType ?? 'application/json'
  return anExchange({
    upstream: 'u',
    client: 'c',
    principal: told.principal ?? '',
    method: told.method ?? 'GET',
    target: told.target,
    requestHeaders: told.requestHeaders ?? [],
    requestBody: body(bytesOf(told.requestBody), told.requestType ?? ''),
    status: told.status ?? 200,
    responseHeaders: told.responseHeaders ?? [{ name: 'content-type', value: responseType }],
    responseBody: body(bytesOf(told.responseBody), responseType),
    timings: { queue: 0, connect: 0, firstByte: 1000, total: 2000 },
    ...told.with,
  })
}

const json = (bytes: Uint8Array) => parseJson(Buffer.from(bytes).toString())

const openLocator = () => {
  const known = new Set<string>()
  return (service: string, exchange: Exchange): Located | undefined => {
    const segments = (exchange.target.split('?')[0] ?? '').split('/').filter((s) => s !== '')
    const isParameter = (s: string) => /\d/.test(s) || s.startsWith('cp_') || s.startsWith('secret')
    const end = (s: string) => (s.endsWith('.txt') ? '.txt' : '')
    const path = '/' + segments.map((s, i) => (i > 0 && isParameter(s) ? `{p${i}}${end(s)}` : s)).join('/')
    const requestJson = path === '/graphql' ? json(exchange.requestBody.bytes) : undefined
    const operation = operationOf({ exchange, requestJson, query: [] } as unknown as Observation)
    const template = operation === undefined ? path : `${path}#${operation}`
    const id = `${service} ${exchange.method} ${template}`
    if (exchange.status === 404 && !known.has(id)) return undefined
    known.add(id)
    const parameters = segments.flatMap((value, i) =>
      i > 0 && isParameter(value) ? [{ name: `p${i}`, kind: '', value }] : [],
    )
    return { id, service, method: exchange.method, template, parameters }
  }
}

/** Stores that keep bytes, as the changelog does; `reopen` drops every decoded value. */
const openStores = () => {
  const all = new Map<string, Map<string, string>>()
  const live = new Map<string, Map<string, unknown>>()
  const stores: Stores = {
    open: <V>(name: string): Store<V> => {
      const bytes = all.get(name) ?? new Map<string, string>()
      all.set(name, bytes)
      const values = (live.get(name) ?? new Map()) as Map<string, V>
      live.set(name, values)
      return {
        get: (key) => {
          if (!values.has(key) && bytes.has(key)) values.set(key, JSON.parse(bytes.get(key) ?? '') as V)
          return values.get(key)
        },
        set: (key, value) => {
          values.set(key, value)
          bytes.set(key, '')
        },
        delete: (key) => {
          values.delete(key)
          bytes.delete(key)
        },
        keys: () => [...bytes.keys()].sort(),
        get size() {
          return bytes.size
        },
      }
    },
  }
  const checkpoint = (): void => {
    for (const [name, values] of live) for (const [key, value] of values) all.get(name)?.set(key, JSON.stringify(value))
  }
  return {
    stores,
    /** Everything written out and read again. */
    restart: () => {
      checkpoint()
      for (const values of live.values()) values.clear()
    },
    dump: () => {
      checkpoint()
      return JSON.stringify([...all].sort().map(([name, values]) => [name, [...values].sort()]))
    },
  }
}

export interface Offline {
  feed(told: Told): void
  advance(time: number): void
  merge(from: string, into: string): void
  command(kind: string, subject: string, value?: string): void
  /** As after a crash: stores restored from their bytes, everything else built anew. */
  restart(): void
  dump(): string
  readonly parts: Map<string, Ghost>
  readonly emitted: { readonly topic: string; readonly key: string; readonly value: unknown }[]
  readonly activations: Activation[]
}

export const openOffline = (onPart: (key: string, part: Ghost | null) => void = () => undefined): Offline => {
  const kept = openStores()
  const locate = openLocator()
  const parts = new Map<string, Ghost>()
  const emitted: Offline['emitted'] = []
  const activations: Activation[] = []
  let steps: Steps = ghosts.open(kept.stores)
  steps.restored?.()
  let offset = 0
  const emit: Emit = (topic, key, given) => {
    const value = typeof given === 'function' ? given() : given
    emitted.push({ topic, key, value })
    if (topic === 'activations') activations.push(value as Activation)
    if (topic !== 'ghosts') return
    if (value === null) parts.delete(key)
    else parts.set(key, value as Ghost)
    onPart(key, value as Ghost | null)
  }
  const observation = (told: Told): Observation => {
    const exchange = exchangeOf(told)
    const service = told.service ?? 'shop'
    const id = `e${offset}`
    const event: Event = {
      id,
      at: told.at,
      service,
      instance: 'i',
      sequence: offset,
      kind: 'exchange',
      exchange,
      signal: null,
      command: null,
    }
    const path = exchange.target.split('?')[0] ?? ''
    return {
      event,
      exchange,
      at: told.at,
      partition: 0,
      offset: offset++,
      path,
      segments: path.split('/').slice(1),
      query: [],
      requestJson: exchange.requestBody.cut ? undefined : json(exchange.requestBody.bytes),
      responseJson: exchange.responseBody.cut ? undefined : json(exchange.responseBody.bytes),
      teaches:
        exchange.answeredBy === 'upstream' && exchange.complete && !exchange.replayed && exchange.faults.length === 0,
      endpoint: locate(service, exchange),
    }
  }
  return {
    feed: (told) => steps.observe?.(observation(told), emit),
    advance: (time) => steps.advance?.(time, emit),
    merge: (from, into) => steps.merged?.({ from, into }, emit),
    command: (kind, subject, value = '') => {
      const command = { kind, subject, by: 'test', value }
      const about = { id: `c${offset}`, at: 0, service: 'shop', instance: 'i', sequence: offset++ }
      const event: Event = { ...about, kind: 'command', exchange: null, signal: null, command }
      steps.command?.(command, event, emit)
    },
    restart: () => {
      kept.restart()
      steps = ghosts.open(kept.stores)
      steps.restored?.()
    },
    dump: kept.dump,
    parts,
    emitted,
    activations,
  }
}
