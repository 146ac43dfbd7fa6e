/**
 * Writes that wait for their backend, in memory and, sealed, in a journal: a write that was acknowledged is there again
 * after a crash, and so is every change of its fate that was. Bounded; when it is full, a new one is refused.
 */
import { isOver, stepFate, type Fate, type Move } from '../../../schemas/semantics/ghosts/fate.ts'
import type { Kept, KeptWrite } from '../../phases/kept.ts'
import type { Journal } from './journal.ts'

/** What stands in the journal. A record of a known id replaces the older one. */
interface KeptRecord {
  readonly write?: KeptWrite
  readonly id: string
  readonly fate: Fate
}

export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

export interface Store {
  /** Resolves when it is durable. Rejects with `QueueFull`, or when the disk does not take it. */
  add(write: KeptWrite, fate: Fate): Promise<Kept>
  /** Resolves with the new fate when that is durable; with the old one when the move is not possible. */
  move(id: string, move: Move, at: number): Promise<Fate | undefined>
  get(id: string): Kept | undefined
  /** In the order of their acceptance. */
  all(): Iterable<Kept>
  /** The same without those that are over. */
  open(): Iterable<Kept>
  readonly size: number
  /** How many are to be replayed without another word. */
  readonly waiting: number
  readonly bytes: number
  /** Takes over what stood in another one's journal; resolves with what is new here when it is durable. */
  adopt(records: readonly unknown[]): Promise<readonly Kept[]>
  /** Forgets what is over since before `at` (µs). */
  forget(at: number): void
  close(): Promise<void>
}

/** A fate's record, sealed. */
const FATE_BYTES = 512
const sizeOf = ({ body, lines, target }: KeptWrite): number =>
  FATE_BYTES + body.length + target.length + lines.reduce((sum, text) => sum + text.length + 3, 0)

const isRecord = (value: unknown): value is KeptRecord =>
  typeof value === 'object' && value !== null && 'id' in value && 'fate' in value

const isWaiting = ({ fate }: Kept): boolean => fate.wanted && !isOver(fate)

/** What is over keeps who may ask about it, and nothing that could be sent. */
export const bare = ({ write, fate }: Kept): Kept => ({ write: { ...write, lines: [], body: '' }, fate })

const take = (kept: Map<string, Kept>, { id, write, fate }: KeptRecord): void => {
  const known = kept.get(id)
  const whole = write ?? known?.write
  if (whole !== undefined) kept.set(id, { write: whole, fate })
}

const recordsOf = (kept: Iterable<Kept>): KeptRecord[] => [...kept].map((one) => ({ id: one.write.id, ...one }))

/** Writes that only a person may want replayed leave room for those that must be. */
const UNWANTED = 0.5
/** The journal is written anew when less than half of it is still of use. */
const WORTH = 64 * 1024

/** Told of each write, as it is by now: of a new one when it is on the disk. */
export type Note = (kept: Kept) => void

interface State {
  readonly journal: Journal
  readonly note: Note
  readonly kept: Map<string, Kept>
  /** Those that are not over. */
  readonly open: Map<string, Kept>
  waiting: number
  /** Bytes of what is kept. */
  live: number
  /** Room that is promised to writes on their way to the disk. */
  promised: number
  /** Records on their way to the disk: a journal written anew would not have them. */
  underway: number
}

const append = async (state: State, record: KeptRecord, then?: () => void): Promise<void> => {
  state.underway++
  try {
    await state.journal.append(record)
    then?.()
  } finally {
    state.underway--
  }
}

const put = (state: State, one: Kept): void => {
  const { kept, open } = state
  const { id } = one.write
  const known = kept.get(id)
  state.live += sizeOf(one.write) - (known === undefined ? 0 : sizeOf(known.write))
  state.waiting += Number(isWaiting(one)) - Number(known !== undefined && isWaiting(known))
  kept.set(id, one)
  if (isOver(one.fate)) open.delete(id)
  else open.set(id, one)
}

const tidy = (state: State): void => {
  const { journal, kept, live } = state
  if (state.underway > 0 || journal.bytes < WORTH + 2 * live) return
  state.underway++
  // What is appended meanwhile waits behind the rewriting, and stands after it.
  journal
    .rewrite(recordsOf(kept.values()))
    .catch(() => undefined)
    .finally(() => state.underway--)
}

const add = async (state: State, one: Kept, maxBytes: number): Promise<Kept> => {
  const bytes = sizeOf(one.write)
  const most = one.fate.wanted ? maxBytes : maxBytes * UNWANTED
  if (state.live + state.promised + bytes > most)
    throw new QueueFull(`${state.kept.size} writes are kept already, and take what is allowed (${most} bytes)`)
  state.promised += bytes
  await append(state, { id: one.write.id, ...one }, () => put(state, one)).finally(() => (state.promised -= bytes))
  try {
    state.note(one)
  } catch (error) {
    // Its sender is told that nothing was kept.
    await step(state, one, { kind: 'drop', said: one.fate.at }, one.fate.at)
    throw error
  }
  return one
}

const step = async (state: State, known: Kept, to: Move, at: number): Promise<Fate> => {
  const { write } = known
  const fate = stepFate(known.fate, to, at)
  if (fate === known.fate) return fate
  const show = (one: Kept): void => {
    put(state, one)
    state.note(one)
  }
  show({ write, fate })
  await append(state, { id: write.id, fate }).catch((error: unknown) => {
    show(known)
    throw error
  })
  if (isOver(fate)) put(state, bare({ write, fate }))
  tidy(state)
  return fate
}

const adopt = async (state: State, others: readonly unknown[]): Promise<readonly Kept[]> => {
  const fresh = [...keptIn(others)].filter(({ write }) => !state.kept.has(write.id))
  await Promise.all(fresh.map((one) => append(state, { id: one.write.id, ...one }, () => put(state, one))))
  fresh.forEach(state.note)
  return fresh
}

const forget = (state: State, at: number): void => {
  for (const one of state.kept.values()) {
    if (!isOver(one.fate) || one.fate.at >= at) continue
    state.kept.delete(one.write.id)
    state.live -= sizeOf(one.write)
  }
  tidy(state)
}

/** What stood in a journal. */
export const keptIn = (records: readonly unknown[]): Iterable<Kept> => {
  const found = new Map<string, Kept>()
  for (const record of records) if (isRecord(record)) take(found, record)
  return found.values()
}

const unnoted: Note = () => undefined

export const openStore = (
  journal: Journal,
  records: readonly unknown[],
  maxBytes: number,
  note: Note = unnoted,
): Store => {
  const counts = { waiting: 0, live: 0, promised: 0, underway: 0 }
  const state: State = { journal, note, kept: new Map(), open: new Map(), ...counts }
  for (const one of keptIn(records)) {
    put(state, isOver(one.fate) ? bare(one) : one)
    note(one)
  }
  return {
    add: (write, fate) => add(state, { write, fate }, maxBytes),
    move: async (id, to, at) => {
      const known = state.kept.get(id)
      return known === undefined ? undefined : await step(state, known, to, at)
    },
    get: (id) => state.kept.get(id),
    all: () => state.kept.values(),
    open: () => state.open.values(),
    get size() {
      return state.kept.size
    },
    get waiting() {
      return state.waiting
    },
    get bytes() {
      return state.live
    },
    adopt: (others) => adopt(state, others),
    forget: (at) => forget(state, at),
    close: () => journal.close(),
  }
}
