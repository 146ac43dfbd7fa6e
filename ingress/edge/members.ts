/**
 * The services and their upstreams while traffic flows: what the configuration says, and over it what operators said. Who
 * leaves gets no new requests and keeps its connections until the last of its requests is over; who stays is the same
 * record as before, with all that is known of it.
 */
import { membersOf, type Configured, type Member, type Word } from '../balance/membership.ts'
import type { Logger, ServiceOptions } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { configuredOf, openService, openUpstream, originOf, resettle, settingsOf, type Given } from '../services.ts'
import type { Checker } from './checker.ts'
import type { Pools } from './pools.ts'

export interface Words {
  /** By URL, as operators wrote it. */
  readonly each: ReadonlyMap<string, Word>
  /** About all upstreams of the service. */
  readonly all: Word
}

export interface Members {
  /** Everything that operators said about the service's upstreams. */
  readonly obey: (service: Service, words: Words) => void
  /** `order`: the time on it, µs. */
  readonly check: (service: Service, url: string, order: number) => void
  /** Called after a reload: what was said before holds over the new configuration too. */
  readonly follow: (obey: () => void) => void
  /** Takes over a new configuration. Throws when it is wrong, and has changed nothing then. */
  readonly reload: (options: readonly ServiceOptions[]) => void
}

export interface MembersSettings {
  /** Changed in place: everybody looks at the same list. */
  readonly services: Service[]
  readonly configured: readonly ServiceOptions[]
  readonly given: Given
  readonly pools: Pick<Pools, 'add' | 'retire'>
  readonly checker: Pick<Checker, 'watch' | 'forget'>
  readonly logger: Logger
  /** ms, monotonic. */
  readonly now: () => number
}

interface State {
  configured: readonly Configured[]
  words: Words
}

const NOTHING: Words = { each: new Map(), all: {} }

const originWords = (service: Service, each: Words['each'], logger: Logger): Map<string, Word> => {
  const words = new Map<string, Word>()
  for (const [url, word] of each)
    try {
      words.set(originOf(service.name, url), word)
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'a word on an upstream is not obeyed')
    }
  return words
}

const adjust = (upstream: Upstream, member: Member, now: number): void => {
  upstream.weight = member.weight
  if (upstream.drained && !member.drained) upstream.since = now
  upstream.drained = member.drained
}

const urls = (some: readonly Upstream[]): string[] => some.map(({ url }) => url)

const apply = (settings: MembersSettings, service: Service, { configured, words }: State): void => {
  const { given, pools, checker, logger, now } = settings
  const members = membersOf(configured, originWords(service, words.each, logger), words.all)
  const before = new Map(service.upstreams.map((upstream) => [upstream.url, upstream]))
  const after = members.map((member) => before.get(member.url) ?? openUpstream(member, service.breaker, given))
  const added = after.filter(({ url }) => !before.has(url))
  const removed = service.upstreams.filter((upstream) => !after.includes(upstream))
  for (const [i, upstream] of after.entries()) adjust(upstream, members[i] as Member, now())
  for (const upstream of added) upstream.since = now()
  pools.add(service, added)
  service.upstreams = after
  if (added.length + removed.length === 0) return
  checker.watch(service, added)
  leave(settings, removed)
  logger.info({ service: service.name, added: urls(added), removed: urls(removed) }, 'upstreams changed')
}

const leave = ({ pools, checker }: MembersSettings, upstreams: readonly Upstream[]): void => {
  for (const upstream of upstreams) {
    checker.forget(upstream)
    pools.retire(upstream)
  }
}

/** A service that nobody had yet: it answers from the next request on. */
const enter = ({ services, given, pools, checker, logger }: MembersSettings, options: ServiceOptions): Service => {
  const service = openService(options, given)
  pools.add(service, service.upstreams)
  checker.watch(service, service.upstreams)
  services.push(service)
  logger.info({ service: service.name, match: service.match }, 'a service was added')
  return service
}

export const openMembers = (settings: MembersSettings): Members => {
  const { services, checker } = settings
  const states = new Map<Service, State>(
    settings.configured.map((options, i) => [
      services[i] as Service,
      { configured: configuredOf(options), words: NOTHING },
    ]),
  )
  let obeyAgain = (): void => undefined
  const change = (service: Service, to: Partial<State>): void => {
    const state = { ...(states.get(service) as State), ...to }
    states.set(service, state)
    apply(settings, service, state)
  }
  const remove = (service: Service): void => {
    services.splice(services.indexOf(service), 1)
    states.delete(service)
    leave(settings, service.upstreams)
    settings.logger.info({ service: service.name }, 'a service was removed')
  }
  const renew = (options: ServiceOptions): void => {
    const known = services.find(({ name }) => name === options.name)
    const service = known ?? enter(settings, options)
    if (known !== undefined) resettle(service, settingsOf(options))
    const configured = configuredOf(options)
    if (known === undefined) states.set(service, { configured, words: NOTHING })
    else change(service, { configured })
    checker.watch(service, service.upstreams)
  }
  const reload = (options: readonly ServiceOptions[]): void => {
    if (options.length === 0) throw new Error('no service is left: name at least one under services')
    // All of it is read before any of it is obeyed.
    options.forEach(settingsOf)
    const wanted = new Set(options.map(({ name }) => name))
    options.forEach(renew)
    for (const service of services.filter(({ name }) => !wanted.has(name))) remove(service)
    obeyAgain()
  }
  return {
    obey: (service, words) => change(service, { words }),
    follow: (obey) => (obeyAgain = obey),
    check: (service, url, order) => {
      const meant = service.upstreams.filter((upstream) => upstream.url === url)
      checker.watch(service, meant, order)
    },
    reload,
  }
}
