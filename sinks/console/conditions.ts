/**
 * How upstreams are, as the ingresses that run say it: each in its signals at once, and whole in its heartbeats. What an ingress
 * said that is heard no more counts no more: the next one starts with open eyes.
 */
import type { Event } from '../../schemas/events.ts'
import { reportedOf } from './reported.ts'

export interface UpstreamState {
  readonly service: string
  /** `*` is the service as a whole. */
  readonly upstream: string
  readonly health: string
  readonly breaker: string
}

export interface Conditions {
  observe(event: Event): void
  list(): readonly UpstreamState[]
}

/** Silent for this long, an ingress is taken to be gone, ms. */
export const GONE = 15_000

interface Said {
  heardAt: number
  readonly upstreams: Map<string, UpstreamState>
}

export const isBad = ({ health, breaker }: UpstreamState): boolean => health === 'down' || breaker === 'open'

/** A heartbeat lists all that there is, but for the service itself. */
const hearBeat = (said: Said, service: string, text: string | undefined): void => {
  if (text === undefined) return
  for (const upstream of said.upstreams.keys()) if (upstream !== '*') said.upstreams.delete(upstream)
  for (const { url: upstream, health, breaker, ejected } of reportedOf(text))
    said.upstreams.set(upstream, { service, upstream, health: ejected ? 'ejected' : health, breaker })
}

const hear = (said: Said, { service, signal }: Event): void => {
  if (signal === null) return
  const { kind, subject, to } = signal
  if (kind === 'heartbeat')
    return hearBeat(said, service, signal.attributes.find(({ name }) => name === 'upstreams')?.value)
  // `<upstream> <endpoint>`: one endpoint is left alone there, which says nothing of the upstream as a whole.
  if ((kind !== 'health' && kind !== 'breaker') || subject.includes(' ')) return
  const before = said.upstreams.get(subject) ?? { service, upstream: subject, health: 'unknown', breaker: 'closed' }
  said.upstreams.set(subject, { ...before, [kind]: to })
}

/** `now` in ms. */
export const createConditions = (now: () => number): Conditions => {
  const instances = new Map<string, Said>()
  return {
    observe: (event) => {
      const key = `${event.instance} ${event.service}`
      const said = instances.get(key) ?? { heardAt: 0, upstreams: new Map() }
      said.heardAt = now()
      hear(said, event)
      instances.set(key, said)
    },
    list: () => {
      for (const [key, { heardAt }] of instances) if (now() - heardAt >= GONE) instances.delete(key)
      const worst = new Map<string, UpstreamState>()
      for (const { upstreams } of instances.values())
        for (const [upstream, one] of upstreams) {
          const key = `${one.service} ${upstream}`
          const other = worst.get(key)
          if (other === undefined || (isBad(one) && !isBad(other))) worst.set(key, one)
        }
      return [...worst.values()]
    },
  }
}
