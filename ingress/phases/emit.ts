/** emit, the pure half: under which key an event stands, and its envelope. The other half (batches, log, spool) is edge/emitter.ts. */
import type { Command, Event, Exchange, Header, Signal } from '../../schemas/events.ts'
import type { Context, Service } from './context.ts'

/** `/api/v1/books/7` → `books`: the first segment after prefixes that name no resource. */
const PREFIX = /^(?:api|rest|v\d{1,3})$/i
export const resourceOf = (path: string): string => {
  for (const segment of path.split('/')) if (segment !== '' && !PREFIX.test(segment)) return segment.slice(0, 64)
  return ''
}

/** Resources under which a service's events are told apart; paths are the client's to choose, so there is a bound. */
const MAX_RESOURCES = 1000

/** The key of a request's exchange: the service, or service/resource. */
export const keyer = (): ((context: Context) => string) => {
  const known = new Map<string, Set<string>>()
  return (context) => {
    const service = context.service as Service
    if (service.partitionBy === 'service') return service.name
    const resource = resourceOf(context.path)
    const seen = known.get(service.name) ?? new Set()
    known.set(service.name, seen)
    if (!seen.has(resource) && seen.size >= MAX_RESOURCES) return `${service.name}/*`
    seen.add(resource)
    return `${service.name}/${resource}`
  }
}

/** What an event is before the emitter gives it its number. */
export interface Draft {
  readonly key: string
  readonly id: string
  readonly at: number
  readonly service: string
  readonly exchange?: Exchange
  readonly signal?: Signal
  readonly command?: Command
}

const kindOf = ({ exchange, command }: Pick<Draft, 'exchange' | 'command'>): Event['kind'] =>
  exchange !== undefined ? 'exchange' : command !== undefined ? 'command' : 'signal'

export const seal = (draft: Omit<Draft, 'key'>, instance: string, sequence: number): Event => ({
  id: draft.id,
  at: draft.at,
  service: draft.service,
  instance,
  sequence,
  kind: kindOf(draft),
  exchange: draft.exchange ?? null,
  signal: draft.signal ?? null,
  command: draft.command ?? null,
})

export const signal = (kind: Signal['kind'], subject: string, rest: Partial<Signal> = {}): Signal => ({
  kind,
  subject,
  from: '',
  to: '',
  reason: '',
  count: 0,
  attributes: [] as readonly Header[],
  ...rest,
})
