/**
 * The contract watchdog: tells when an endpoint's answers depart from the shape that was stable before, as signals on
 * `drift`, and what came together as one alert on `alerts`. See README.md for what it promises and how it was measured.
 */
import type { Command, Drift } from '../../schemas/events.ts'
import type { Emit, Merge, Observation, Processor, Store } from '../kit/processor.ts'
import { publishedAlert, type OpenAlert } from './alert.ts'
import { emptyService, endpointCodec, serviceCodec, type Service } from './codec.ts'
import { dismiss, weigh, type Verdict } from './court.ts'
import { emptyEndpoint, learn, type Endpoint } from './endpoint.ts'
import { mergeEndpoint } from './merge.ts'
import { knownOf, lessonOf, sightingOf } from './facts.ts'
import { isFieldKind, placeAt } from './place.ts'
import { relearn } from './relearn.ts'
import { sentenceOf } from './sentence.ts'
import { settle } from './settle.ts'
import { MAX_SIGNALS, openSignal, type OpenSignal } from './signal.ts'
import { isTakenAlong, wasPartOf } from './split.ts'
import { follow, type Answer } from './witness.ts'

interface Kept {
  readonly endpoints: Store<Endpoint>
  readonly services: Store<Service>
  /** By service, the oldest first. */
  readonly alerts: Store<OpenAlert[]>
  /** Alerts that have something to tell, and their services. */
  readonly news: Store<string>
  readonly visits: { count: number }
}

/** Where a verdict is told: the service, and the time. */
interface Scene {
  readonly kept: Kept
  readonly service: string
  readonly at: number
  readonly emit: Emit
}

/** The answer in hand, and whose it is. */
interface Heard extends Answer {
  readonly endpoint: string
}

const MAX_ALERTS = 20

const upstreamsOf = ({ witnesses }: OpenSignal): string[] =>
  witnesses
    .filter(([, , fresh]) => fresh > 0)
    .map(([name]) => name)
    .sort()

const emitSignal = ({ service, at, emit }: Scene, endpoint: string, signal: OpenSignal): void => {
  const { id, kind, pointer, severity, confidence, before, after, first, state } = signal
  const told: Drift = {
    id,
    endpoint,
    service,
    at,
    kind,
    pointer,
    severity,
    confidence,
    before,
    after,
    exchange: first.exchange,
    offset: first.offset,
    status: state,
    upstreams: upstreamsOf(signal),
    summary: state === 'open' ? sentenceOf(signal) : `${state}: ${sentenceOf(signal)}`,
  }
  emit('drift', endpoint, told)
}

const isOver = ({ state }: OpenSignal): boolean => state === 'resolved' || state === 'accepted'

/** Keeps a signal; of too many, one that is over goes first, else the oldest. */
const keepSignal = ({ signals }: Endpoint, signal: OpenSignal): void => {
  if (signals.length >= MAX_SIGNALS) signals.splice(Math.max(0, signals.findIndex(isOver)), 1)
  signals.push(signal)
}

const joinAlert = ({ kept, service, at }: Scene, id: string, endpoint: string): void => {
  const alerts = kept.alerts.get(service) ?? []
  let alert = alerts.find((one) => one.id === id)
  if (alert === undefined) {
    alert = { id, at, endpoints: [] }
    alerts.push(alert)
    if (alerts.length > MAX_ALERTS) alerts.shift()
  }
  if (!alert.endpoints.includes(endpoint)) alert.endpoints.push(endpoint)
  kept.alerts.set(service, alerts)
  kept.news.set(id, service)
}

const statusesOf = ({ statuses }: Endpoint, but: number): string =>
  [...statuses.keys()]
    .filter((status) => status !== but)
    .sort((a, b) => a - b)
    .join(', ')

/** Told before, it goes on as that signal, which may be reopened; and one answer may bring a verdict twice, by two items. */
const isSame = (a: OpenSignal, b: OpenSignal): boolean =>
  a.kind === b.kind && a.pointer === b.pointer && a.httpStatus === b.httpStatus && a.value === b.value

/** Nothing changed but how paths are read. */
const isSplitOff = (endpoints: Store<Endpoint>, one: Verdict['one']): boolean => {
  if (one.kind === 'endpoint_new') return wasPartOf(endpoints, one.endpoint)
  return one.kind === 'field_removed' && isTakenAlong(endpoints, one)
}

/** Tells a verdict about the endpoint given. */
const tell = (scene: Scene, endpoint: Endpoint, [verdict, heard]: readonly [Verdict, Heard]): void => {
  const { one, deploy } = verdict
  const hasPlace = isFieldKind(one.kind)
  const root = hasPlace ? endpoint.roots.get(one.status) : undefined
  const place = root && placeAt(root, one.pointer)
  if (hasPlace && place === undefined) return
  const signal = openSignal({ verdict, place, statuses: statusesOf(endpoint, one.status), at: scene.at })
  const isKnown = endpoint.signals.some((known) => isSame(known, signal))
  settle(endpoint, place, one)
  if (isKnown || isSplitOff(scene.kept.endpoints, one)) return
  if (heard.endpoint === one.endpoint) follow(signal, heard)
  keepSignal(endpoint, signal)
  emitSignal(scene, one.endpoint, signal)
  joinAlert(scene, deploy.id, one.endpoint)
}

const followSignals = (scene: Scene, endpoint: Endpoint, heard: Heard): void => {
  for (const signal of endpoint.signals) {
    const what = follow(signal, heard)
    if (what === 'state') emitSignal(scene, heard.endpoint, signal)
    if (what !== undefined) scene.kept.news.set(signal.alert, scene.service)
  }
}

const observe = (kept: Kept, o: Observation, emit: Emit): void => {
  if (o.endpoint === undefined || !o.teaches) return
  const { id, service: name } = o.endpoint
  const { status } = o.exchange
  const service = kept.services.get(name) ?? emptyService()
  const endpoint = kept.endpoints.get(id) ?? emptyEndpoint(service.n)
  const now = sightingOf(o, ++service.n)
  const scene: Scene = { kept, service: name, at: o.at, emit }
  const verdicts: Verdict[] = []
  const lesson = lessonOf(o, id, now, {
    known: knownOf(service),
    suspect: (one) => void verdicts.push(...weigh(service.court, one, now)),
    forget: (pointer) => dismiss(service.court, id, status, pointer),
  })
  const { json, request, query } = lesson
  const heard: Heard = { endpoint: id, upstream: o.exchange.upstream, status, json, request, query, index: now.index }
  followSignals(scene, endpoint, heard)
  learn(endpoint, lesson, kept.visits)
  kept.endpoints.set(id, endpoint)
  kept.services.set(name, service)
  for (const verdict of verdicts) tellOf(scene, verdict, heard)
}

const tellOf = (scene: Scene, verdict: Verdict, heard: Heard): void => {
  const { endpoints } = scene.kept
  const endpoint = endpoints.get(verdict.one.endpoint)
  if (endpoint === undefined) return
  tell(scene, endpoint, [verdict, heard])
  endpoints.set(verdict.one.endpoint, endpoint)
}

const publish = ({ endpoints, alerts, news }: Kept, emit: Emit): void => {
  if (news.size === 0) return
  for (const id of news.keys()) {
    const service = news.get(id) ?? ''
    news.delete(id)
    const alert = alerts.get(service)?.find((one) => one.id === id)
    const told = alert && publishedAlert(alert, service, (endpoint) => endpoints.get(endpoint))
    if (told !== undefined) emit('alerts', id, told)
  }
}

const STATES = { 'drift.resolve': 'resolved', 'drift.accept': 'accepted' } as const

/** A person's word on an alert, a signal or all of an endpoint: it is mended, or it is the new baseline. */
const obey = (scene: Scene, { kind, subject }: Command): void => {
  const state = STATES[kind as keyof typeof STATES]
  if (state === undefined) return
  const { endpoints, alerts, news } = scene.kept
  const means = ({ id, alert }: OpenSignal, endpoint: string): boolean => [id, alert, endpoint].includes(subject)
  for (const name of new Set(alerts.get(scene.service)?.flatMap((alert) => alert.endpoints))) {
    const endpoint = endpoints.get(name)
    for (const signal of endpoint?.signals.filter((one) => means(one, name) && one.state !== state) ?? []) {
      signal.state = state
      emitSignal(scene, name, signal)
      news.set(signal.alert, scene.service)
    }
    if (endpoint !== undefined) endpoints.set(name, endpoint)
  }
}

/** The service is the id's first word. */
const serviceOf = (endpoint: string): string => endpoint.slice(0, endpoint.indexOf(' '))

const merged = (kept: Kept, { from, into }: Merge): void => {
  const gone = kept.endpoints.get(from)
  if (gone === undefined) return
  kept.endpoints.delete(from)
  const heir = kept.endpoints.get(into) ?? emptyEndpoint(gone.born)
  mergeEndpoint(heir, gone)
  kept.endpoints.set(into, heir)
  const service = kept.services.get(serviceOf(into))
  for (const name of [from, into]) if (service !== undefined) dismiss(service.court, name)
  if (service !== undefined) kept.services.set(serviceOf(into), service)
  moveAlerts(kept, from, into)
}

const moveAlerts = (kept: Kept, from: string, into: string): void => {
  const service = serviceOf(into)
  const alerts = kept.alerts.get(service)
  if (alerts === undefined) return
  for (const { id, endpoints } of alerts) {
    const at = endpoints.indexOf(from)
    if (at < 0) continue
    endpoints.splice(at, 1)
    if (!endpoints.includes(into)) endpoints.push(into)
    kept.news.set(id, service)
  }
  kept.alerts.set(service, alerts)
}

export const drift: Processor = {
  name: 'drift',
  emits: ['drift', 'alerts'],
  open: (stores) => {
    const kept: Kept = {
      endpoints: stores.open('endpoints', endpointCodec),
      services: stores.open('services', serviceCodec),
      alerts: stores.open('alerts'),
      news: stores.open('news'),
      visits: { count: 0 },
    }
    return {
      observe: (observation, emit) => observe(kept, observation, emit),
      command: (command, { service, at }, emit) => obey({ kept, service, at, emit }, command),
      advance: (_, emit) => publish(kept, emit),
      merged: (merge) => merged(kept, merge),
      relearn: (again) => relearn(kept, again),
    }
  },
}
