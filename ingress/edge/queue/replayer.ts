/**
 * Replays what waits, service by service: one write of a sender after the other, few senders at once, and only one while
 * it is not known whether the backend is back. A backend that cannot is asked again later and later.
 */
import { wouldPermit } from '../../balance/breaker.ts'
import type { Fate, Move } from '../../../schemas/semantics/ghosts/fate.ts'
import type { Context, Service } from '../../phases/context.ts'
import { HELD, moveAfter, type Kept, type KeptWrite } from '../../phases/kept.ts'
import type { Logger } from '../../options.ts'
import type { Gate } from '../upstream/call.ts'
import type { Lines } from './lines.ts'
import { letterOf, type Answered, type Letter, type Send } from './messenger.ts'
import type { Store } from './store.ts'

export interface ReplayerSettings {
  readonly store: Store
  readonly lines: Pick<Lines, 'isNext' | 'isHeld'>
  readonly services: readonly Service[]
  readonly send: Send
  readonly logger: Logger
  /** µs */
  readonly now: () => number
  /** ms, monotonic. */
  readonly clock: () => number
  /** What became of a write, with the answers that say so, for the log. */
  readonly tell: (kept: Kept, answer: Context | undefined, now: Context | undefined) => void
}

export interface Replayer {
  /** Looks at what waits, now. */
  readonly look: () => void
  /** No more is sent; resolves when nothing is under way. */
  readonly close: () => Promise<void>
}

const TICK = 250
/** ms until it is looked again where another process has something to send first. */
const SOON = 25
/** Senders whose writes are sent at the same time, per service. */
const LANES = 4
const PAUSE = { first: 500, most: 10_000 }

/** What is known of a service's backend. */
interface Line {
  failures: number
  /** Not before, ms. */
  next: number
  readonly busy: Set<string>
}

const usable = (service: Service, now: number): boolean =>
  service.upstreams.some(
    ({ drained, health, breaker }) => !drained && health.state !== 'down' && wouldPermit(breaker, now),
  )

/** The next write of each sender that nobody sends just now. */
const nextOf = (store: Store, service: string, busy: ReadonlySet<string>): readonly Kept[] => {
  const first = new Map<string, Kept>()
  for (const kept of store.open()) {
    const { write, fate } = kept
    if (write.service !== service || first.has(write.asker) || busy.has(write.asker)) continue
    if (fate.state === 'accepted' && fate.wanted) first.set(write.asker, kept)
  }
  return [...first.values()]
}

const readAgain = ({ method, target, lines, peer, secure }: KeptWrite): Letter | undefined =>
  method === 'POST'
    ? undefined
    : { method: 'GET', target, lines: lines.filter(plain), peer, secure, body: Buffer.alloc(0) }

const BODY_FIELDS = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'if-match',
  'if-none-match',
  'idempotency-key',
])
/** Of the lines, those of a request without a body and without a condition. */
const plain = (_: string, i: number, lines: readonly string[]): boolean =>
  !BODY_FIELDS.has((lines[i - (i % 2)] as string).toLowerCase())

const learnFrom = (line: Line, move: Move, clock: () => number): void => {
  line.failures = move.kind === 'later' ? line.failures + 1 : 0
  line.next = line.failures === 0 ? 0 : clock() + Math.min(PAUSE.most, PAUSE.first * 2 ** (line.failures - 1))
}

/** What the backend shows at a conflict, so that a person sees both sides. */
const showNow = async (write: KeptWrite, fate: Fate, send: Send): Promise<Context | undefined> => {
  const letter = fate.state === 'conflict' && fate.status !== 0 ? readAgain(write) : undefined
  return letter === undefined ? undefined : (await send(letter, { onLog: false })).context
}

/** That it goes out is on the disk before its first byte does, and not before there is a connection to carry it. */
const startAtGate =
  ({ store, logger, now }: ReplayerSettings, { id }: KeptWrite): Gate =>
  (go) =>
    void store.move(id, { kind: 'start' }, now()).then(
      (fate) => go(fate?.state === 'replaying'),
      (error: unknown) => {
        logger.error({ err: error, write: id }, 'it cannot be noted that a kept write is sent, so it is not')
        go(false)
      },
    )

/** One write goes to its backend, and what comes of it is noted. */
const replay = async (settings: ReplayerSettings, service: Service, { write }: Kept, line: Line): Promise<void> => {
  const { store, send, logger, now, clock, tell } = settings
  const held = settings.lines.isHeld(write) ? HELD : undefined
  const gate = startAtGate(settings, write)
  const sent = held === undefined ? await send(letterOf(write), { onLog: true, gate }) : undefined
  const move = held ?? moveAfter(write, (sent as Answered).outcome, service.ghost.trustKeys)
  if (held === undefined) learnFrom(line, move, clock)
  const before = store.get(write.id)?.fate
  const fate = await store.move(write.id, move, now())
  // A person gave it up while there was no connection.
  if (fate === undefined || fate === before) return
  tell({ write, fate }, sent?.outcome.kind === 'answer' ? sent.context : undefined, await showNow(write, fate, send))
  const about = { write: write.id, service: write.service, status: fate.status, attempts: fate.attempts }
  logger[fate.state === 'conflict' ? 'warn' : 'info'](
    { ...about, reason: fate.reason },
    `a kept write is ${fate.state}`,
  )
}

const expire = async ({ store, now, tell }: ReplayerSettings, { write }: Kept): Promise<void> => {
  const fate = await store.move(write.id, { kind: 'expire' }, now())
  if (fate?.state === 'expired') tell({ write, fate }, undefined, undefined)
}

export const startReplayer = (settings: ReplayerSettings): Replayer => {
  const { store, lines: others, services, logger, now, clock } = settings
  const lines = new Map<string, Line>()
  const underway = new Set<Promise<void>>()
  let closed = false
  let soon: NodeJS.Timeout | undefined

  const lineOf = (service: string): Line => {
    const line = lines.get(service) ?? { failures: 0, next: 0, busy: new Set() }
    lines.set(service, line)
    return line
  }
  const run = (service: Service, kept: Kept, line: Line): void => {
    const { asker, id } = kept.write
    line.busy.add(asker)
    const work = replay(settings, service, kept, line)
      .catch((error: unknown) => {
        line.next = clock() + PAUSE.most
        logger.error({ err: error, write: id }, 'a kept write could not be replayed; trying again')
      })
      .finally(() => {
        line.busy.delete(asker)
        underway.delete(work)
        look()
      })
    underway.add(work)
  }
  const lookAt = (service: Service): void => {
    const line = lineOf(service.name)
    if (service.mode === 'mock' || clock() < line.next || !usable(service, clock())) return
    const lanes = line.failures > 0 || service.activation !== '' ? 1 : LANES
    if (line.busy.size >= lanes) return
    for (const kept of nextOf(store, service.name, line.busy)) {
      if (line.busy.size >= lanes) return
      if (others.isNext(kept.write)) run(service, kept, line)
      else soon ??= setTimeout(look, SOON).unref()
    }
  }
  const look = (): void => {
    soon = undefined
    if (closed) return
    const time = now()
    for (const kept of store.open())
      if (kept.write.until < time && kept.fate.state !== 'replaying') expire(settings, kept).catch(() => undefined)
    if (store.waiting > 0) for (const service of services) lookAt(service)
  }
  const timer = setInterval(look, TICK).unref()
  return {
    look,
    close: async () => {
      closed = true
      clearInterval(timer)
      clearTimeout(soon)
      await Promise.all(underway)
    },
  }
}
