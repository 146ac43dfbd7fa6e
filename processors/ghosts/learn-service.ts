/** Learns what belongs to a service as a whole: paths that nothing is known of, errors, statuses by features. */
import { learnCors } from '../../schemas/semantics/ghosts/cors.ts'
import { learnDoor } from '../../schemas/semantics/ghosts/doors.ts'
import type { EndpointModel, ServiceFacts } from '../../schemas/semantics/ghosts/model.ts'
import { objectAsked } from '../../schemas/semantics/ghosts/objects.ts'
import { ANY_BAD, serviceKey } from '../../schemas/semantics/ghosts/status.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { consentOf, countFeatures, countStatus, emptyBody, learnBody } from './learn-endpoint.ts'
import { isGood } from './lesson.ts'
import type { Lesson } from './lesson.ts'
import type { FactsState, Memory } from './memory.ts'

export const factsOf = (memory: Memory, service: string): FactsState =>
  memory.factsStore.get(service) ?? {
    facts: { service, statuses: {}, scores: {}, errors: {}, unknown: null, unknownStatuses: {}, at: 0 },
    dirty: false,
    publishedAt: 0,
  }

/** How the service treats origins, whatever endpoint showed it. */
export const learnOrigins = ({ o, asked, memory }: Lesson): void => {
  const { status, responseHeaders: headers } = o.exchange
  if (!asked.headers.has('origin')) return
  const state = factsOf(memory, asked.service)
  if (!learnCors(state.facts.statuses, asked, { status, headers })) return
  memory.factsStore.set(asked.service, { ...state, dirty: true })
}

/** New endpoints come early and in a row, strays come later: only the last few tell. */
const UNKNOWN_FADE = 0.7

/** A path that templates know nothing of, or did not until this exchange. */
export const learnUnknown = (lesson: Lesson): void => {
  const { o, asked, memory, emit } = lesson
  const state = factsOf(memory, asked.service)
  const { facts } = state
  const counts = facts.unknownStatuses
  for (const [status, count] of Object.entries(counts)) {
    if (count < 0.05) delete counts[status]
    else counts[status] = count * UNKNOWN_FADE
  }
  counts[o.exchange.status] = (counts[o.exchange.status] ?? 0) + 1
  facts.at = o.at
  const consent = consentOf(o, asked)
  if (o.endpoint === undefined && o.exchange.status >= 400 && o.exchange.status < 500 && !consent.refused) {
    facts.unknown ??= emptyBody()
    learnBody(facts.unknown, o, asked, { isPublic: consent.isPublic, isError: true })
  }
  memory.factsStore.set(asked.service, state)
  memory.publishFacts(state, o.at, emit)
}

const MAX_ERRORS = 12
const ENOUGH_ERRORS = 100

/** What the service's errors look like, for endpoints that never gave one. */
const learnError = ({ o, asked }: Lesson, facts: ServiceFacts): void => {
  const { status } = o.exchange
  const consent = consentOf(o, asked)
  if (status < 400 || consent.refused) return
  const known = facts.errors[status]
  if (known === undefined && Object.keys(facts.errors).length >= MAX_ERRORS) return
  const body = known ?? emptyBody()
  facts.errors[status] = body
  if (body.seen < ENOUGH_ERRORS) learnBody(body, o, asked, { isPublic: consent.isPublic, isError: true })
}

/** Counts the status for its features, here and for the service. */
export const learnStatus = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, asked, memory } = lesson
  const { status } = o.exchange
  countFeatures(model, features, status)
  learnDoor((model.doors ??= []), asked.asker, features, status)
  const named = isGood(status) ? objectAsked(model, asked) : undefined
  if (named !== undefined && memory.objects(asked.service, named.type).isNumber(named.id))
    model.largest = Math.max(model.largest, Number(named.id))
  const state = factsOf(memory, asked.service)
  learnError(lesson, state.facts)
  countStatus(state.facts.statuses, serviceKey(model.method, features), status)
  if (features.body !== 'ok') countStatus(state.facts.statuses, ANY_BAD, status)
  state.facts.at = o.at
  state.dirty = true
  memory.factsStore.set(asked.service, state)
}
