/**
 * Tells what is unusual: incidents of services and endpoints, minute by minute of event time, and how strange single
 * requests are. See README.md for what it promises and how it was measured.
 */
import type { Exchange, Signal } from '../../schemas/events.ts'
import { isHushed } from '../../schemas/semantics/fault-marks.ts'
import type { Emit, Merge, Observation, Processor, Relearning, Store, Strangeness } from '../kit/processor.ts'
import { clientOf, noteClient, type Client } from './client.ts'
import { closeCrowd, noteInCrowd } from './crowd.ts'
import type { Incident } from './incident.ts'
import { learnManners, learnProfile } from './learn.ts'
import { mergeEndpoint } from './merge.ts'
import { isJudged, type Minute } from './minute.ts'
import { newCrowd } from './probing.ts'
import { newProfile, type Profile } from './profile.ts'
import { newSizes, watchSizes, type Sizes } from './sizes.ts'
import {
  beginMinute,
  count,
  isShaken,
  learnPast,
  newEndpoint,
  newService,
  type Endpoint,
  type Service,
} from './state.ts'
import { agentOf, judge } from './strangeness.ts'
import { excuse, slowerBy } from './stream.ts'
import { tellRequest } from './tell.ts'
import { alarmed, closeIncidents, dismissIntruders, dropAlarms, hear } from './voice.ts'
import { noteIntruder, tellNews, type Voice } from './voice.ts'
import {
  barFor,
  closeEndpoint,
  closeService,
  decayCame,
  isMissed,
  isYoung,
  MAX_WATCHED,
  MINUTE,
  totalOf,
} from './watch.ts'
import type { Scene, Turned } from './watch.ts'

interface Clock {
  minute: number
}

interface Kept {
  readonly clock: Store<Clock>
  readonly services: Store<Service>
  readonly profiles: Store<Profile>
  readonly endpoints: Store<Endpoint>
  readonly clients: Store<Client>
  readonly incidents: Store<Incident[]>
  readonly sizes: Store<Sizes>
}

const CLOCK = 'clock'
const minuteOf = (at: number): number => Math.floor(at / MINUTE) * MINUTE
/** No event at all for so long, not even a heartbeat: nobody was there to see, so it was no silence. */
const UNSEEN = 10 * MINUTE

/** Strange requests that are told one by one: of a service in an hour, of a client in a row. */
const TOLD_AN_HOUR = 30
const TOLD_OF_CLIENT = 3

const noteStrange = (voice: Voice, o: Observation, said: Strangeness, client: Client): void => {
  client.strange++
  if (voice.service.told < TOLD_AN_HOUR && client.strange <= TOLD_OF_CLIENT) {
    voice.service.told++
    tellRequest(o, said, voice.emit)
  }
  noteIntruder(voice, o, client)
}

const slowerAt = (endpoint: Endpoint | undefined, service: Service): number => {
  const since = endpoint?.stream.since.latency ?? service.stream.since.latency
  return since === undefined || since.seen.timed < 3 ? 0 : Math.log(slowerBy(since))
}

const countIn = (service: Service, endpoint: Endpoint | undefined, exchange: Exchange): void => {
  if (endpoint === undefined) {
    service.loose.count++
    return
  }
  endpoint.minute.count++
  if (isJudged(exchange)) count(endpoint, exchange)
}

/** Of strange requests one in so many teaches: what stays becomes usual, slowly. */
const STRANGE_TEACH = 16

interface Case {
  readonly o: Observation
  readonly voice: Voice
  readonly profile: Profile
  readonly client: Client
}

/** Judges the request; returns whether it teaches. */
const judged = ({ o, voice, profile, client }: Case, known: Endpoint | undefined): boolean => {
  const agent = agentOf(o)
  const slower = slowerAt(known, voice.service)
  const { crowd = newCrowd() } = voice.service
  voice.service.crowd = crowd
  const isProbing = noteInCrowd(crowd, o, client)
  const scene = { o, profile, manners: known?.manners, client, slower, latency: known?.latency, isProbing }
  const said = judge(scene, agent)
  o.strangeness = said
  if (said.alarm) noteStrange(voice, o, said, client)
  const teaches = !said.alarm || Math.floor(profile.requests + client.count) % STRANGE_TEACH === 0
  if (teaches) learnProfile(profile, o, { agent, client })
  return teaches
}

const observeAt = (kept: Kept, { o, voice, profile, client }: Case): void => {
  const { service } = voice
  const id = o.endpoint?.id
  const known = id === undefined ? undefined : kept.endpoints.get(id)
  const teaches = judged({ o, voice, profile, client }, known)
  const isStrange = o.strangeness?.alarm === true
  if (id === undefined) {
    if (!isStrange) countIn(service, undefined, o.exchange)
    return
  }
  const endpoint = known ?? newEndpoint()
  if (!service.touched.includes(id)) service.touched.push(id)
  if (teaches && isJudged(o.exchange) && learnManners(endpoint.manners, o)) profile.signs++
  if (!isStrange) countIn(service, endpoint, o.exchange)
  kept.endpoints.set(id, endpoint)
}

/** What a fault answered says nothing of who asked: such a request is judged by what it asked alone. */
const unanswered = (o: Observation): Observation => ({ ...o, exchange: { ...o.exchange, status: 0 } })

const observe = (kept: Kept, o: Observation, emit: Emit): void => {
  if (!isHushed(o.exchange.faults)) return observeAsIs(kept, o, emit)
  const blank = unanswered(o)
  observeAsIs(kept, blank, emit)
  if (blank.strangeness !== undefined) o.strangeness = blank.strangeness
}

const observeAsIs = (kept: Kept, o: Observation, emit: Emit): void => {
  if (o.exchange.replayed) return
  const name = o.event.service
  const service = kept.services.get(name) ?? newService(kept.clock.get(CLOCK)?.minute ?? minuteOf(o.at))
  const profile = kept.profiles.get(name) ?? newProfile()
  service.partition = o.partition
  if (isHushed(o.exchange.faults)) service.struck = (service.struck ?? 0) + 1
  const key = `${name} ${o.exchange.client}`
  const client = clientOf(kept.clients, key, o.at)
  noteClient(client, o)
  observeAt(kept, { o, voice: { incidents: kept.incidents, name, service, emit }, profile, client })
  kept.clients.set(key, client)
  kept.profiles.set(name, profile)
  kept.services.set(name, service)
}

interface Known {
  readonly id: string
  readonly endpoint: Endpoint
}

/** Endpoints that have something to say of a minute, if only that nothing came, or that what is wrong with them goes on. */
const concerned = ({ endpoints }: Kept, voice: Voice): readonly Known[] =>
  [...new Set([...voice.service.touched, ...voice.service.watched, ...alarmed(voice)])].flatMap((id) => {
    const endpoint = endpoints.get(id)
    return endpoint === undefined ? [] : [{ id, endpoint }]
  })

const closeEndpoints = (kept: Kept, service: Service, known: readonly Known[], scene: Scene): readonly Turned[] => {
  const ofService = closeService(service, scene)
  const explained = ofService.filter(({ change }) => change.turn === 'over').map(({ change }) => change.kind)
  const watched: string[] = []
  const turned = known.flatMap(({ id, endpoint }) => {
    const isWatched = service.watched.includes(id)
    const closed = closeEndpoint(endpoint, { name: id, isWatched }, scene)
    for (const kind of explained) excuse(endpoint.stream, kind)
    if (isMissed(closed.share, service, isWatched) && watched.length < MAX_WATCHED) watched.push(id)
    kept.endpoints.set(id, endpoint)
    return closed.turned
  })
  beginMinute(service, scene.at, watched)
  return [...ofService, ...turned]
}

const closeSizes = ({ sizes }: Kept, voice: Voice, total: Minute, at: number): void => {
  // Minutes that were kept before sizes were counted have none.
  if (!(total.sized > 0)) return
  const known = sizes.get(voice.name) ?? newSizes(at - MINUTE)
  const turned = watchSizes(known, total, at)
  sizes.set(voice.name, known)
  if (turned !== undefined) hear(voice, turned)
}

const closeMinute = (kept: Kept, voice: Voice, at: number): void => {
  const { service } = voice
  const known = concerned(kept, voice)
  const total = totalOf(
    service,
    known.map(({ endpoint }) => endpoint),
  )
  const came = decayCame(service, total)
  const isBlind = isShaken(service, total.count) || service.blind
  const seen = { number: service.minutes, isBlind, isYoung: isYoung(service) }
  const scene = { at, bar: barFor(service), total, came, ...seen }
  for (const one of closeEndpoints(kept, service, known, scene)) hear(voice, one)
  closeSizes(kept, voice, total, at)
  for (const one of service.crowd === undefined ? [] : closeCrowd(service.crowd, at)) hear(voice, one)
  dropAlarms(voice, at, (id, kind) => (kept.endpoints.get(id)?.stream.watches[kind].raised ?? 0) > 0)
  tellNews(voice, at)
  dismissIntruders(voice, at)
  closeIncidents(voice, at)
  if (at % (60 * MINUTE) === 0) service.told = 0
}

const advanceService = (kept: Kept, voice: Voice, time: number): void => {
  const { service } = voice
  if (time - service.start > UNSEEN + MINUTE) {
    service.start = minuteOf(time) - MINUTE
    service.blind = true
  }
  for (let end = service.start + MINUTE; end <= time; end += MINUTE) closeMinute(kept, voice, end)
  kept.services.set(voice.name, service)
}

const advance = (kept: Kept, time: number, emit: Emit): void => {
  const minute = minuteOf(time)
  if (kept.clock.get(CLOCK)?.minute === minute) return
  kept.clock.set(CLOCK, { minute })
  for (const name of kept.services.keys()) {
    const service = kept.services.get(name)
    if (service !== undefined) advanceService(kept, { incidents: kept.incidents, name, service, emit }, time)
  }
}

/** Events were lost: what is counted in this minute is not what came. */
const heed = ({ services }: Kept, { kind }: Signal, name: string): void => {
  const service = services.get(name)
  if (kind !== 'gap' || service === undefined) return
  service.blind = true
  services.set(name, service)
}

const merged = ({ endpoints, services }: Kept, { from, into }: Merge): void => {
  const gone = endpoints.get(from)
  if (gone === undefined) return
  endpoints.delete(from)
  const heir = endpoints.get(into) ?? newEndpoint()
  mergeEndpoint(heir, gone)
  endpoints.set(into, heir)
  const name = into.slice(0, into.indexOf(' '))
  const service = services.get(name)
  if (service === undefined) return
  if (!service.touched.includes(into)) service.touched.push(into)
  services.set(name, service)
}

/** Endpoints that were one until now learn what is usual at each from the exchanges they had; nothing is told. */
const relearn = ({ endpoints }: Kept, { endpoints: ids, past }: Relearning): void => {
  const fresh = new Map(ids.map((id) => [id, newEndpoint()]))
  for (const o of past) {
    const endpoint = fresh.get(o.endpoint?.id ?? '')
    if (endpoint === undefined || o.exchange.replayed || !isJudged(o.exchange)) continue
    learnManners(endpoint.manners, o)
    learnPast(endpoint, o.exchange)
  }
  for (const [id, endpoint] of fresh) endpoints.set(id, endpoint)
}

export const anomalies: Processor = {
  name: 'anomalies',
  emits: ['anomalies'],
  open: (stores) => {
    const kept: Kept = {
      clock: stores.open<Clock>('clock'),
      services: stores.open<Service>('services'),
      profiles: stores.open<Profile>('profiles'),
      endpoints: stores.open<Endpoint>('endpoints'),
      clients: stores.open<Client>('clients'),
      incidents: stores.open<Incident[]>('incidents'),
      sizes: stores.open<Sizes>('sizes'),
    }
    return {
      observe: (o, emit) => observe(kept, o, emit),
      signal: (signal, { service }) => heed(kept, signal, service),
      advance: (time, emit) => advance(kept, time, emit),
      merged: (merge) => merged(kept, merge),
      relearn: (again) => relearn(kept, again),
    }
  },
}
