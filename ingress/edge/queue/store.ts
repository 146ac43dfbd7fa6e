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
const bare = ({ write, fate }: Kept): Kept => ({ write: { ...write, lines: [], body: '' }, fate })

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

export const openStore = (journal: Journal, records: readonly unknown[], maxBytes: number): Store => {
  const kept = new Map<string, Kept>()
  const open = new Map<string, Kept>()
  let waiting = 0
  let live = 0
  /** Room that is promised to writes on their way to the disk. */
  let promised = 0
  /** Records on their way to the disk: a journal written anew would not have them. */
  let underway = 0

  const append = async (record: KeptRecord, then?: () => void): Promise<void> => {
    underway++
    try {
      await journal.append(record)
      then?.()
    } finally {
      underway--
    }
  }
  const put = (one: Kept): void => {
    const { id } = one.write
    const known = kept.get(id)
    live += sizeOf(one.write) - (known === undefined ? 0 : sizeOf(known.write))
    waiting += Number(isWaiting(one)) - Number(known !== undefined && isWaiting(known))
    kept.set(id, one)
    if (isOver(one.fate)) open.delete(id)
    else open.set(id, one)
  }
  const tidy = (): void => {
    if (underway > 0 || journal.bytes < WORTH + 2 * live) return
    underway++
    // What is appended meanwhile waits behind the rewriting, and stands after it.
    journal
      .rewrite(recordsOf(kept.values()))
      .catch(() => undefined)
      .finally(() => underway--)
  }

  const before = new Map<string, Kept>()
  for (const record of records) if (isRecord(record)) take(before, record)
  for (const one of before.values()) put(isOver(one.fate) ? bare(one) : one)
  return {
    add: async (write, fate) => {
      const bytes = sizeOf(write)
      const most = fate.wanted ? maxBytes : maxBytes * UNWANTED
      if (live + promised + bytes > most)
        throw new QueueFull(`${kept.size} writes are kept already, and take what is allowed (${most} bytes)`)
      promised += bytes
      const one = { write, fate }
      await append({ id: write.id, ...one }, () => put(one)).finally(() => (promised -= bytes))
      return one
    },
    move: async (id, move, at) => {
      const known = kept.get(id)
      if (known === undefined) return undefined
      const fate = stepFate(known.fate, move, at)
      if (fate === known.fate) return fate
      put({ write: known.write, fate })
      await append({ id, fate }).catch((error: unknown) => {
        put(known)
        throw error
      })
      if (isOver(fate)) put(bare({ write: known.write, fate }))
      tidy()
      return fate
    },
    get: (id) => kept.get(id),
    all: () => kept.values(),
    open: () => open.values(),
    get size() {
      return kept.size
    },
    get waiting() {
      return waiting
    },
    get bytes() {
      return live
    },
    adopt: async (others) => {
      const found = new Map<string, Kept>()
      for (const record of others) if (isRecord(record)) take(found, record)
      const fresh = [...found.values()].filter(({ write }) => !kept.has(write.id))
      await Promise.all(fresh.map((one) => append({ id: one.write.id, ...one }, () => put(one))))
      return fresh
    },
    forget: (at) => {
      for (const one of kept.values()) {
        if (!isOver(one.fate) || one.fate.at >= at) continue
        kept.delete(one.write.id)
        live -= sizeOf(one.write)
      }
      tidy()
    },
    close: () => journal.close(),
  }
}
