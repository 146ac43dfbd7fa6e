/**
 * emit, the log's half. An event is encoded at once and waits for its batch; batches are appended one after the other, so
 * that order per key holds. When an append fails or does not settle in time, events go to the spool; while that holds
 * anything, new events go behind it. What not even the spool takes is counted, and the count follows on the log as a gap.
 * The request path never waits for any of this, and memory is bounded.
 *
 * An append that was given up may still have worked: consumers then see events twice, and know them by id and sequence.
 */
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, NewRecord, Spool } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { EmitterStatus } from '../options.ts'
import { seal, signal, type Draft } from '../phases/emit.ts'
import { openArena, type Arena, type Chunk } from './arena.ts'
import { wall } from './clock.ts'
import { uuid7 } from './ids.ts'
import { settled, sleep } from './settled.ts'

export interface EmitterSettings {
  readonly log: Pick<EventLog, 'append'>
  readonly codecs: Codecs
  readonly spool: Spool
  readonly instance: string
  /** Called on a change only. */
  readonly onState: (state: EmitterStatus['state'], reason: string) => void
  /** An event that cannot be encoded: it counts as lost. */
  readonly onDefect: (error: unknown) => void
  /** ms between the first event of a batch and its append (10). */
  readonly linger?: number
  /** ms after which an append counts as failed (1,500). */
  readonly appendTimeout?: number
  /** Bytes of encoded events held in memory (32 MiB). */
  readonly maxPending?: number
}

/** A place in the order, taken before its event is complete. */
export interface Slot {
  readonly key: string
  readonly sequence: number
  record: NewRecord | undefined
  /** Where the record's bytes are. */
  chunk: Chunk | undefined
  service: string
  /** Events that were lost before, for a gap. */
  gap: number
  state: 'open' | 'filled' | 'dropped'
}

export interface Emitter {
  /** Takes the next place under a key. Fill it soon: later events wait behind it. */
  open(key: string): Slot
  fill(slot: Slot, draft: Omit<Draft, 'key'>): void
  emit(draft: Draft): void
  status(): EmitterStatus
  /** Resolves when no event is only in memory: it is on the log, in the spool, or counted as lost. At most `limit` ms. */
  close(limit: number): Promise<void>
}

const TOPIC = topicName('exchanges')
const BATCH = 1000
const BATCH_BYTES = 4 * 1024 * 1024
const DRAIN = 500
const BACKOFF = { first: 100, most: 2000 }

interface Inner {
  readonly settings: EmitterSettings
  readonly arena: Arena
  readonly linger: number
  readonly appendTimeout: number
  readonly maxPending: number
  readonly queue: Slot[]
  readonly sequences: Map<string, number>
  readonly lost: Map<string, number>
  told: EmitterStatus['state']
  /** Why events do not go to the log directly; undefined while they do. */
  away: string | undefined
  bytes: number
  emitted: number
  spooled: number
  dropped: number
  /** A batch is between the queue and its end. */
  busy: boolean
  draining: boolean
  closed: boolean
  timer: NodeJS.Timeout | undefined
}

const change = (inner: Inner, state: EmitterStatus['state'], reason: string): void => {
  if (inner.told === state) return
  inner.told = state
  inner.settings.onState(state, reason)
}

const lose = (inner: Inner, slot: Slot): void => {
  inner.dropped++
  inner.lost.set(slot.service, (inner.lost.get(slot.service) ?? 0) + 1 + slot.gap)
}

const size = (record: NewRecord): number => (record.value?.length ?? 0) + 100

const open = (inner: Inner, key: string): Slot => {
  const sequence = (inner.sequences.get(key) ?? 0) + 1
  inner.sequences.set(key, sequence)
  const slot: Slot = { key, sequence, record: undefined, chunk: undefined, service: '', gap: 0, state: 'open' }
  inner.queue.push(slot)
  return slot
}

const encode = (inner: Inner, slot: Slot, draft: Omit<Draft, 'key'>): NewRecord | undefined => {
  const { codecs, instance, onDefect } = inner.settings
  try {
    const event = seal(draft, instance, slot.sequence)
    const { bytes, chunk } = inner.arena.keep(codecs.encodeBriefly('exchanges', event))
    slot.chunk = chunk
    return { key: slot.key, value: bytes, timestamp: Math.floor(draft.at / 1000) }
  } catch (error) {
    onDefect(error)
    return undefined
  }
}

const fill = (inner: Inner, slot: Slot, draft: Omit<Draft, 'key'>): void => {
  slot.service = draft.service
  const record = encode(inner, slot, draft)
  if (record === undefined || inner.bytes + size(record) > inner.maxPending) {
    slot.state = 'dropped'
    lose(inner, slot)
  } else {
    slot.record = record
    slot.state = 'filled'
    inner.bytes += size(record)
  }
  schedule(inner)
}

const schedule = (inner: Inner): void => {
  if (inner.busy || inner.timer !== undefined) return
  inner.timer = setTimeout(() => {
    inner.timer = undefined
    void pump(inner)
  }, inner.linger)
}

/** The finished head of the queue, as far as one batch goes. */
const take = (inner: Inner): Slot[] => {
  const batch: Slot[] = []
  let bytes = 0
  let count = 0
  for (const slot of inner.queue) {
    if (slot.state === 'open' || batch.length >= BATCH || bytes >= BATCH_BYTES) break
    count++
    if (slot.record === undefined) continue
    batch.push(slot)
    bytes += size(slot.record)
  }
  inner.queue.splice(0, count)
  return batch
}

/** Says on the log how much was lost before; it takes its place behind everything that waits. */
const tellGaps = (inner: Inner): void => {
  const lost = [...inner.lost]
  inner.lost.clear()
  for (const [service, count] of lost) {
    const at = wall()
    const slot = open(inner, service)
    slot.gap = count
    const gap = signal('gap', service, { count, reason: 'the log was away and the spool was full' })
    fill(inner, slot, { id: uuid7(at / 1000), at, service, signal: gap })
  }
}

const toSpool = async (inner: Inner, batch: readonly Slot[]): Promise<void> => {
  try {
    await inner.settings.spool.push(batch.map((slot) => ({ ...(slot.record as NewRecord), topic: TOPIC })))
    inner.spooled += batch.length
    change(inner, 'spooling', `the log is away (${inner.away}); events go to the spool`)
    tellGaps(inner)
  } catch (error) {
    for (const slot of batch) lose(inner, slot)
    change(inner, 'losing', `${(error as Error).message}; events are lost until there is room`)
  }
}

/** Only after an append that worked: one that was given up may still read the bytes. */
const giveBack = ({ arena }: Inner, batch: readonly Slot[]): void => {
  for (const { chunk } of batch) if (chunk !== undefined) arena.giveBack(chunk)
}

const deliver = async (inner: Inner, batch: readonly Slot[]): Promise<void> => {
  if (inner.away === undefined) {
    const records = batch.map((slot) => slot.record as NewRecord)
    const failure = await settled(inner.settings.log.append(TOPIC, records), inner.appendTimeout)
    if (failure === undefined) {
      change(inner, 'direct', 'the log takes events again')
      inner.emitted += batch.length
      giveBack(inner, batch)
      if (inner.lost.size > 0) tellGaps(inner)
      return
    }
    inner.away = failure
  }
  await toSpool(inner, batch)
  void drain(inner)
}

const pump = async (inner: Inner): Promise<void> => {
  if (inner.busy) return
  const batch = take(inner)
  if (batch.length === 0) return
  inner.busy = true
  await deliver(inner, batch)
  for (const slot of batch) inner.bytes -= size(slot.record as NewRecord)
  inner.busy = false
  if (inner.queue.length > 0) schedule(inner)
}

/** Takes the oldest to the log, as often as that works; then events go there directly again, which is told once it worked. */
const drain = async (inner: Inner): Promise<void> => {
  if (inner.draining || inner.closed) return
  inner.draining = true
  let pause = BACKOFF.first
  let failure: string | undefined = inner.away
  while (!inner.closed && failure !== 'empty') {
    if (failure !== undefined) await sleep(pause)
    pause = failure === undefined ? BACKOFF.first : Math.min(pause * 2, BACKOFF.most)
    failure = await drainOnce(inner).catch((error: unknown) => (error as Error).message)
  }
  if (failure === 'empty') inner.away = undefined
  inner.draining = false
  if (inner.lost.size > 0 && !inner.closed) tellGaps(inner)
}

const drainOnce = async (inner: Inner): Promise<string | undefined> => {
  const { spool, log } = inner.settings
  const records = await spool.peek(DRAIN)
  // `busy`: a batch may be on its way into the spool; direct appends must not overtake it.
  if (records.length === 0) return inner.busy && inner.away !== undefined ? 'wait' : 'empty'
  const failure = await settled(log.append(TOPIC, records), inner.appendTimeout)
  if (failure !== undefined) return failure
  inner.emitted += records.length
  await spool.drop(records.length)
  return undefined
}

const close = async (inner: Inner, limit: number): Promise<void> => {
  const until = performance.now() + limit
  while ((inner.queue.length > 0 || inner.busy) && performance.now() < until) {
    await pump(inner)
    if (inner.queue.length > 0 || inner.busy) await sleep(5)
  }
  inner.closed = true
  clearTimeout(inner.timer)
}

export const openEmitter = (settings: EmitterSettings): Emitter => {
  const inner: Inner = {
    settings,
    arena: openArena(),
    linger: settings.linger ?? 10,
    appendTimeout: settings.appendTimeout ?? 1500,
    maxPending: settings.maxPending ?? 32 * 1024 * 1024,
    queue: [],
    sequences: new Map(),
    lost: new Map(),
    told: 'direct',
    away: settings.spool.size.records > 0 ? 'as it was before' : undefined,
    bytes: 0,
    emitted: 0,
    spooled: 0,
    dropped: 0,
    busy: false,
    draining: false,
    closed: false,
    timer: undefined,
  }
  if (settings.spool.size.records > 0) {
    change(inner, 'spooling', `${settings.spool.size.records} events are left in the spool from before`)
    void drain(inner)
  }
  return {
    open: (key) => open(inner, key),
    fill: (slot, draft) => fill(inner, slot, draft),
    emit: (draft) => fill(inner, open(inner, draft.key), draft),
    status: () => ({
      state: inner.told,
      emitted: inner.emitted,
      spooled: inner.spooled,
      dropped: inner.dropped,
      pending: inner.queue.length,
      spool: settings.spool.size,
    }),
    close: (limit) => close(inner, limit),
  }
}
