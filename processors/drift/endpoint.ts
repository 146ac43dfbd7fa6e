/** What the watchdog knows of one endpoint: its statuses, and the places of its answers by status. At most 64 KiB of state. */
import type { JsonValue } from '../kit/processor.ts'
import type { Case } from './court.ts'
import { firstSight } from './evidence.ts'
import { see, WHOLE } from './learn.ts'
import { emptyPlace, pointerOf, type Kind, type Late, type Place, type Sighting } from './place.ts'
import { answered, denied, isDenial, newLife, type Life } from './life.ts'
import { emptyRequests, isRefusal, learnRequest, sentBy, type Requests } from './request.ts'
import type { OpenSignal } from './signal.ts'
import { KNOWN, MIN_BEFORE, type Known, type Look } from './weigh.ts'

/** What an exchange says of a status, beyond how often it came. */
export interface Status {
  n: number
  late: Late | undefined
}

export interface Endpoint {
  /** The service's count of exchanges when it appeared. */
  readonly born: number
  /** Exchanges. */
  n: number
  readonly statuses: Map<number, Status>
  readonly roots: Map<number, Place>
  readonly requests: Requests
  readonly life: Life
  /** Places and enumeration values that may still be made. */
  room: number
  valueRoom: number
  /** What was told and is not accepted. */
  readonly signals: OpenSignal[]
}

/** Some 80 bytes of state each, names apart. */
export const MAX_PLACES = 350
export const MAX_VALUES = 300
export const MAX_STATUSES = 16
export const MAX_ROOTS = 6

export const emptyEndpoint = (born: number): Endpoint => ({
  born,
  n: 0,
  statuses: new Map(),
  roots: new Map(),
  requests: emptyRequests(),
  life: newLife(born),
  room: MAX_PLACES,
  valueRoom: MAX_VALUES,
  signals: [],
})

export interface Lesson {
  readonly endpoint: string
  readonly status: number
  readonly json: JsonValue | undefined
  readonly request: JsonValue | undefined
  /** Names of query parameters. */
  readonly query: readonly string[]
  /** Hash of what was asked for, 0 where the template says it all. */
  readonly asked: number
  readonly now: Sighting
  readonly known: Known
  readonly asker: number
  suspect(one: Case): void
  forget(pointer: string): void
}

/** No news of a version: what is not there, what fails, and what the client has already (it asked on a condition). */
const isNoNews = (status: number): boolean =>
  status === 304 || status === 404 || status === 405 || status === 408 || status >= 500

const learnStatus = (endpoint: Endpoint, lesson: Lesson): void => {
  const { status, now, known } = lesson
  if (isNoNews(status)) return
  const { n } = endpoint
  let one = endpoint.statuses.get(status)
  if (one === undefined) {
    if (endpoint.statuses.size >= MAX_STATUSES) return
    one = { n: 0, late: undefined }
    endpoint.statuses.set(status, one)
    if (n >= MIN_BEFORE) one.late = { first: now, before: n, base: n }
    else known.add(`status ${status}`)
  }
  endpoint.n++
  one.n++
  if (one.late === undefined) return
  const elsewhere = known.has(`status ${status}`) ? KNOWN : 0
  const evidence = firstSight(one.late.before, one.n, endpoint.n - one.late.base) - elsewhere
  lesson.suspect(caseOf(lesson, 'status_new', { pointer: '', evidence, first: one.late.first, value: String(status) }))
}

type Found = Pick<Case, 'pointer' | 'evidence' | 'first' | 'value'>

const caseOf = ({ endpoint, status }: Lesson, kind: Kind, found: Found): Case => ({ endpoint, status, kind, ...found })

const rootOf = ({ roots }: Endpoint, status: number): Place | undefined => {
  const known = roots.get(status)
  if (known !== undefined || roots.size >= MAX_ROOTS) return known
  const root = emptyPlace(undefined, '', 0)
  roots.set(status, root)
  return root
}

const learnLife = (endpoint: Endpoint, lesson: Lesson): void => {
  const { life, born } = endpoint
  const { status, now, asked } = lesson
  if (isDenial(status)) {
    const evidence = denied(life, asked, now)
    const first = life.refused ?? now
    if (evidence !== undefined)
      lesson.suspect(caseOf(lesson, 'endpoint_gone', { pointer: '', evidence, first, value: String(status) }))
    return
  }
  if (status >= 400) return
  const evidence = answered(life, born, now)
  if (evidence !== undefined)
    lesson.suspect(caseOf(lesson, 'endpoint_new', { pointer: '', evidence, first: now, value: 'answered' }))
}

const learnDemands = (endpoint: Endpoint, lesson: Lesson): void => {
  const { request, query, status, now } = lesson
  if ((request === undefined && query.length === 0 && endpoint.requests.fields.size === 0) || isOther(status)) return
  const sent = sentBy(request, query)
  for (const { pointer, evidence, first } of learnRequest(endpoint.requests, sent, isRefusal(status), now))
    lesson.suspect(caseOf(lesson, 'request_field_required', { pointer, evidence, first, value: 'required' }))
}

/** Neither taken nor refused for what it says. */
const isOther = (status: number): boolean => status >= 300 && !isRefusal(status)

/** Learns one answer. `visits` counts over all endpoints: no state. */
export const learn = (endpoint: Endpoint, lesson: Lesson, visits: { count: number }): void => {
  learnLife(endpoint, lesson)
  learnStatus(endpoint, lesson)
  learnDemands(endpoint, lesson)
  if (lesson.json === undefined) return
  const root = rootOf(endpoint, lesson.status)
  if (root === undefined) return
  const look: Look = {
    now: lesson.now,
    known: lesson.known,
    asker: lesson.asker,
    visit: visits.count,
    room: endpoint.room,
    valueRoom: endpoint.valueRoom,
    suspect: ({ kind, place, evidence, first, value }) =>
      lesson.suspect(caseOf(lesson, kind, { pointer: pointerOf(place), evidence, first, value })),
    forget: (place) => lesson.forget(pointerOf(place)),
  }
  see(look, root, lesson.json, WHOLE)
  visits.count = look.visit
  endpoint.room = look.room
  endpoint.valueRoom = look.valueRoom
}
