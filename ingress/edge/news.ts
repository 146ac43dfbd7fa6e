/** Several processes, one view of the upstreams: what others found out is heard. */
import { heardBreaker, heardHealth } from '../balance/hearsay.ts'
import type { News } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import type { Checker } from './checker.ts'
import { monotonic } from './clock.ts'
import type { Desk } from './desk.ts'
import type { Signals } from './signals.ts'

export interface HearingSettings {
  readonly desk: Desk
  readonly services: readonly Service[]
  readonly checker: Pick<Checker, 'watch'>
  readonly signals: Pick<Signals, 'breaker' | 'circuit' | 'health'>
}

const onHealth = ({ checker, signals }: HearingSettings, service: Service, upstream: Upstream, news: News): void => {
  if (service.health === 'off' || (news.to !== 'up' && news.to !== 'down')) return
  const change = heardHealth(upstream.health, news.to, service.health)
  if (change !== undefined) signals.health(service, upstream, change, `another process says: ${news.reason}`)
  checker.watch(service, [upstream], news.at)
}

const onBreaker = ({ checker, signals }: HearingSettings, service: Service, news: News): void => {
  const { subject, to, reason } = news
  const upstream = service.upstreams.find(({ url }) => url === subject)
  const breaker = subject === '*' ? service.circuit : upstream?.breaker
  if (breaker === undefined || (to !== 'open' && to !== 'closed')) return
  const change = heardBreaker(breaker, to, monotonic() / 1000)
  if (change === undefined) return
  const why = `another process says: ${reason}`
  if (upstream === undefined) return signals.circuit(service, change, why)
  signals.breaker(service, upstream, change, why)
  checker.watch(service, [upstream], news.at)
}

/** Takes in what other processes say; what is old, unknown or one's own changes nothing. */
export const createHearing =
  (settings: HearingSettings): ((news: News) => void) =>
  (news) => {
    const service = settings.services.find(({ name }) => name === news.service)
    if (service === undefined) return
    const upstream = service.upstreams.find(({ url }) => url === news.subject)
    settings.desk.take(news, () => {
      if (news.kind === 'breaker') onBreaker(settings, service, news)
      else if (upstream !== undefined) onHealth(settings, service, upstream, news)
    })
  }
