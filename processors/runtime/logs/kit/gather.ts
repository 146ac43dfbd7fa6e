/** Paces a reader's batches into commits: at once after a pause, else at most one per interval or per `limit` records. */
import type { LogRecord } from '../../../../schemas/log.ts'

export interface Pace {
  readonly intervalMs: number
  readonly limit: number
}

type Arrival = IteratorResult<readonly LogRecord[]>

interface Inbox {
  readonly iterator: AsyncIterator<readonly LogRecord[]>
  coming: Promise<Arrival> | undefined
  pending: LogRecord[]
  ended: boolean
}

const orAfter = async (coming: Promise<Arrival>, ms: number): Promise<Arrival | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const fired = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)))
  try {
    return await Promise.race([coming, fired])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for one more batch, at most `ms`. */
const receive = async (inbox: Inbox, ms: number): Promise<void> => {
  inbox.coming ??= inbox.iterator.next()
  const arrival = ms === Infinity ? await inbox.coming : await orAfter(inbox.coming, ms)
  if (arrival === undefined) return
  inbox.coming = undefined
  inbox.ended = arrival.done === true
  if (arrival.done !== true) for (const record of arrival.value) inbox.pending.push(record)
}

const takeOut = (inbox: Inbox, limit: number): readonly LogRecord[] => {
  const all = inbox.pending
  inbox.pending = all.length <= limit ? [] : all.slice(limit)
  return all.length <= limit ? all : all.slice(0, limit)
}

/** The records of `source` in order, in the portions to commit. What is in hand when `source` ends comes out too. */
export async function* gather(
  source: AsyncIterable<readonly LogRecord[]>,
  { intervalMs, limit }: Pace,
): AsyncGenerator<readonly LogRecord[]> {
  const inbox: Inbox = { iterator: source[Symbol.asyncIterator](), coming: undefined, pending: [], ended: false }
  let last = -Infinity
  try {
    while (!inbox.ended || inbox.pending.length > 0) {
      const wait = inbox.pending.length === 0 ? Infinity : last + intervalMs - performance.now()
      if (!inbox.ended && inbox.pending.length < limit && wait > 0) {
        await receive(inbox, wait)
      } else {
        yield takeOut(inbox, limit)
        last = performance.now()
      }
    }
  } finally {
    // A reader holds files open. Not awaited: it ends when what was asked of it has come, or its signal fires.
    void inbox.iterator.return?.().catch(() => undefined)
  }
}
