/** A backend, an ingress in front of it and a log that can be taken away, all on loopback. */
import { type Agent, createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'
import {
  startIngress,
  type Ingress,
  type IngressEvent,
  type IngressOptions,
  type ServiceOptions,
} from '../../../ingress/ingress.ts'
import { openMemoryLog, type MemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Codecs } from '../../../schemas/codecs.ts'
import type { Control, Event } from '../../../schemas/events.ts'
import { LogError, type EventLog, type Spool } from '../../../schemas/log.ts'
import type { GhostBook, GhostRequest, GhostVerdict } from '../../../schemas/semantics/ghost-port.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'
import { memorySpool } from './spool.ts'

/** Waits for a condition, and fails with its name when it does not come. */
export const eventually = async (name: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  const until = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`never came: ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const listen = async (server: Server, port = 0): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** One GET, on a connection of its own unless an agent has one. */
export const get = (
  url: string,
  agent?: Agent,
): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent: agent ?? false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => (body += text))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers }))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })

/** How an append behaves: it works, it is refused, or it never comes back. */
export type LogMood = 'well' | 'refusing' | 'hanging'

export interface Stand {
  readonly ingress: Ingress
  readonly url: string
  readonly backend: Server
  readonly backendPort: number
  readonly log: MemoryLog
  readonly codecs: Codecs
  readonly seen: readonly IngressEvent[]
  mood(mood: LogMood): void
  /** Every event on the log, in order. */
  events(): Promise<Event[]>
  exchanges(): Promise<Event[]>
  control(key: string, value: object): Promise<void>
  stopBackend(): Promise<void>
  close(): Promise<void>
}

export interface StandOptions {
  readonly backend: RequestListener
  readonly service?: Partial<ServiceOptions>
  readonly ghosts?: GhostBook
  readonly spool?: Spool
  readonly options?: Partial<IngressOptions>
}

/** A book that says one thing and remembers what it was asked. */
export const fakeBook = (verdict: GhostVerdict): GhostBook & { readonly asked: GhostRequest[] } => {
  const asked: GhostRequest[] = []
  return {
    asked,
    apply: () => undefined,
    accept: () => undefined,
    explain: () => ({ verdict, rule: 'none', confidence: 0, why: [], leaves: [] }),
    answer: (request) => {
      asked.push(request)
      return verdict
    },
  }
}

const moody = (log: EventLog, mood: () => LogMood): Pick<EventLog, 'append' | 'view'> => ({
  view: (topic) => log.view(topic),
  append: async (topic, records) => {
    if (mood() === 'refusing') throw new LogError('unavailable', 'the test took the log away')
    if (mood() === 'hanging') await new Promise(() => undefined)
    return log.append(topic, records)
  },
})

const quiet = () => undefined

export const openStand = async (wanted: StandOptions): Promise<Stand> => {
  const backend = createServer(wanted.backend)
  backend.keepAliveTimeout = 60_000
  const backendPort = await listen(backend)
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const codecs = await openCodecs(memorySchemaStore())
  const seen: IngressEvent[] = []
  let mood: LogMood = 'well'
  const service = {
    name: 'shop',
    match: '/*',
    upstreams: [{ url: `http://127.0.0.1:${backendPort}` }],
    ...wanted.service,
  }
  const ingress = await startIngress({
    listen: { host: '127.0.0.1', port: 0 },
    services: [service],
    capture: { bodies: 'json', maxBody: 1024 },
    log: moody(log, () => mood),
    codecs,
    spool: wanted.spool ?? memorySpool(),
    secret: new TextEncoder().encode('a secret for tests only'),
    registry: new Registry(),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    onEvent: (event) => seen.push(event),
    ...(wanted.ghosts === undefined ? {} : { ghosts: wanted.ghosts }),
    ...wanted.options,
  })
  const events = async (): Promise<Event[]> => {
    const found: Event[] = []
    for await (const batch of log.read(topicName('exchanges'), {
      partition: 0,
      from: { kind: 'start' },
      until: { kind: 'end' },
    }))
      for (const record of batch) if (record.value !== null) found.push(codecs.decode('exchanges', record.value))
    return found
  }
  const stopBackend = async (): Promise<void> => {
    backend.closeAllConnections()
    await new Promise((resolve) => backend.close(resolve))
  }
  return {
    ingress,
    url: ingress.address,
    backend,
    backendPort,
    log,
    codecs,
    seen,
    mood: (next) => (mood = next),
    events,
    exchanges: async () => (await events()).filter((event) => event.exchange !== null),
    control: async (key, value) => {
      const word: Control = {
        key,
        kind: 'mode',
        service: 'shop',
        at: Date.now() * 1000,
        by: 'test',
        value: JSON.stringify(value),
      }
      await log.append(topicName('control'), [{ key, value: codecs.encode('control', word), timestamp: Date.now() }])
    },
    stopBackend,
    close: async () => {
      await ingress.close()
      await stopBackend()
    },
  }
}
