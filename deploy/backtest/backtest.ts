/**
 * What if the backend had died then? Recorded traffic up to that moment passes through the processors, into a book of
 * ghosts as an ingress would have held it; then each request of the outage is put to the book, and its answer is compared
 * with what the backend did say. Everything is in memory and in this process: what runs is not touched.
 */
import { forbidden, isHealthCheck, isSafe, missOf, type Consent } from '../../ingress/phases/consent.ts'
import { judgeAnswer, sentBy, type Truth } from '../../processors/ghosts/fidelity.ts'
import type { Topology } from '../../processors/kit/processor.ts'
import { observationOf } from '../../processors/runtime/observe.ts'
import { createTask, type ProcessorTask } from '../../processors/runtime/task.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Event, Exchange, Header } from '../../schemas/events.ts'
import type { EventLog, Output } from '../../schemas/log.ts'
import type { GhostAnswer, GhostBook, GhostRequest, GhostVerdict } from '../../schemas/semantics/ghost-port.ts'
import { openGhostBook, type Judge } from '../../schemas/semantics/ghosts/book.ts'
import { topicName } from '../../schemas/topics.ts'
import { spyOn, type Heard } from '../learn/spy.ts'
import { partitionsOf, readSpan, type ReadRecord } from './read.ts'
import type { Span } from './span.ts'
import { count, openTally, type Judged, type Tally } from './tally.ts'

/** What a service lets ghosts answer. */
export interface Terms extends Consent {
  /** Path of its health checks, '' without. */
  readonly health: string
}

export interface BacktestOptions {
  readonly log: Pick<EventLog, 'read' | 'ranges'>
  readonly codecs: Codecs
  readonly topology: Topology
  readonly terms: (service: string) => Terms
  /** How sure ghosts are where a response model says it; the tables do otherwise. */
  readonly judge?: Judge
  /** What is learned, and what is then asked; ms. */
  readonly learn: Span
  readonly outage: Span
  /** Of this service only. */
  readonly service?: string | undefined
  readonly onRead?: (records: number) => void
}

export interface Backtested {
  readonly tally: Tally
  /** Exchanges that were there to learn from. */
  readonly learned: number
  /** Requests of the outage that count. */
  readonly asked: number
}

const GHOSTS = topicName('ghosts')

interface Learner {
  readonly task: ProcessorTask
  readonly heard: Heard
}

interface Session {
  readonly options: BacktestOptions
  readonly book: GhostBook
  readonly learners: Map<number, Learner>
  readonly tally: Tally
  readonly seen: Set<string>
  learned: number
  asked: number
}

/** As the ingress follows the topic. */
const follow = ({ book, options }: Session, outputs: readonly Output[]): void => {
  for (const { topic, key, value } of outputs)
    if (topic === GHOSTS) book.apply(key, value === null ? undefined : options.codecs.decode('ghosts', value))
}

const openLearner = ({ topology, codecs }: BacktestOptions): Learner => {
  const spied = spyOn(topology)
  return { task: createTask({ topology: spied.topology, codecs }), heard: spied.heard }
}

const learn = async (session: Session, partition: number): Promise<void> => {
  const { options, learners } = session
  const { log, codecs, learn: span, onRead } = options
  const learner = openLearner(options)
  learners.set(partition, learner)
  for await (const batch of readSpan({ log, codecs, partition, span })) {
    follow(session, learner.task.step(batch.map(({ record }) => record)).outputs)
    learner.heard.located.clear()
    session.learned += batch.filter(({ event }) => event?.kind === 'exchange').length
    onRead?.(batch.length)
  }
}

const bodyOf = ({ requestBody }: Exchange): Uint8Array | undefined =>
  requestBody.cut || requestBody.length === 0 ? undefined : requestBody.bytes

const requestOf = ({ service, at }: Event, exchange: Exchange, writes: boolean): GhostRequest => ({
  service,
  method: exchange.method,
  target: exchange.target,
  headers: exchange.requestHeaders,
  body: bodyOf(exchange),
  principal: exchange.principal,
  at,
  writes,
})

const linesOf = (headers: readonly Header[]): string[] => headers.flatMap(({ name, value }) => [name, value])

const PARTIAL = new Set([206, 304])

/** Only what the backend itself said, healthy and whole, can be compared. */
const isTruth = ({ answeredBy, complete, replayed, faults, status, responseBody }: Exchange): boolean =>
  answeredBy === 'upstream' &&
  complete &&
  !replayed &&
  faults.length === 0 &&
  !responseBody.cut &&
  status >= 200 &&
  status < 500 &&
  !PARTIAL.has(status)

const truthOf = (read: Asked, answer: GhostAnswer | undefined): Judged['truth'] => {
  const { exchange, event, record } = read
  if (!isTruth(exchange)) return undefined
  const { status, responseBody } = exchange
  if (answer === undefined) return { status, fidelity: 0, parts: undefined }
  const o = observationOf(event, exchange, record)
  const truth = { status, bytes: responseBody.bytes, json: o.responseJson as Truth['json'] }
  // HEAD has the head of GET's answer and no body.
  const told = exchange.method === 'HEAD' ? { ...answer, body: responseBody.bytes } : answer
  return { status, ...judgeAnswer(told, truth, sentBy(o)) }
}

interface Asked {
  readonly event: Event
  readonly exchange: Exchange
  readonly record: ReadRecord['record']
}

const REJECTED = 'rejected'

/** Why no ghost may answer this, whatever it knows. */
const exclusion = (terms: Terms, exchange: Exchange, reads: boolean): Judged['fate'] | undefined => {
  const { method, target, requestHeaders } = exchange
  const path = target.split('?')[0] ?? target
  if (isHealthCheck(path, linesOf(requestHeaders), terms.health))
    return { kind: 'excluded', reason: 'health-check', detail: 'It asks how the backend is.' }
  const no = forbidden(terms, reads ? 'GET' : method)
  if (no === undefined) return undefined
  const reason = reads ? 'method' : `write ${terms.writes === 'reject' ? REJECTED : terms.writes}`
  return { kind: 'excluded', reason, detail: no.detail }
}

const fateOf = (terms: Terms, verdict: GhostVerdict, at: number): Judged['fate'] => {
  const miss = missOf(terms, verdict, at)
  if (miss !== undefined) return { kind: 'refused', reason: miss.reason, detail: miss.detail }
  const { status, confidence } = verdict as GhostAnswer
  return { kind: 'answered', status, confidence }
}

const judge = (session: Session, read: Asked, heard: Heard): Judged => {
  const { options, book } = session
  const { event, exchange } = read
  const terms = options.terms(event.service)
  const { method, target } = exchange
  const known = heard.find(event.service, method, target.split('?')[0] ?? target)
  const about = { method, target, exchange: event.id, endpoint: known?.id ?? `${event.service} ${method} (unknown)` }
  const request = requestOf(event, exchange, terms.writes === 'simulate')
  // A query of GraphQL only asks, though by POST.
  const reads = isSafe(method) || book.isQuery?.(request) === true
  const excluded = exclusion(terms, exchange, reads)
  if (excluded !== undefined) return { ...about, fate: excluded, truth: undefined }
  const verdict = book.answer(request)
  const fate = fateOf(terms, verdict, event.at)
  const answer = fate.kind === 'answered' ? (verdict as GhostAnswer) : undefined
  if (answer !== undefined && !reads && answer.status < 300)
    book.accept(request, { id: event.id, status: answer.status, body: answer.body })
  return { ...about, endpoint: verdict.endpoint || about.endpoint, fate, truth: truthOf(read, answer) }
}

const ask = async (session: Session, partition: number): Promise<void> => {
  const { options, learners, tally, seen } = session
  const { log, codecs, outage: span, service, onRead } = options
  const { heard } = learners.get(partition) as Learner
  for await (const batch of readSpan({ log, codecs, partition, span })) {
    for (const { event, record } of batch) {
      const exchange = event?.exchange ?? null
      if (event === undefined || exchange === null || exchange.replayed || seen.has(event.id)) continue
      if (service !== undefined && event.service !== service) continue
      seen.add(event.id)
      session.asked++
      count(tally, judge(session, { event, exchange, record }, heard))
    }
    onRead?.(batch.length)
  }
}

/** Only who makes ghosts learns: the others' work would change nothing in them. */
export const ghostTopology = ({ locator, processors }: Topology): Topology => ({
  locator,
  processors: processors.filter(({ emits }) => emits?.some((topic) => topic === 'ghosts') === true),
})

/** Learns, freezes, asks. Memory is that of the learned state, not of the log. */
export const backtest = async (options: BacktestOptions): Promise<Backtested> => {
  const session: Session = {
    options,
    book: openGhostBook(options.judge),
    learners: new Map(),
    tally: openTally(),
    seen: new Set(),
    learned: 0,
    asked: 0,
  }
  const partitions = await partitionsOf(options.log)
  for (const partition of partitions) await learn(session, partition)
  for (const partition of partitions) await ask(session, partition)
  const { tally, learned, asked } = session
  return { tally, learned, asked }
}
