/** Tells senders what became of their writes, whichever process keeps them. */
import { readRequest } from '../../../schemas/semantics/ghosts/asked.ts'
import type { Redactor } from '../../../schemas/semantics/redaction.ts'
import { redactedOf } from '../../phases/capture.ts'
import type { Phase } from '../../phases/compose.ts'
import type { Context } from '../../phases/context.ts'
import { monitored, MONITOR, type Kept } from '../../phases/kept.ts'
import { problem } from '../../phases/problem.ts'
import { monotonic } from '../clock.ts'
import { peekJournal } from './journal.ts'
import { bare, keptIn, type Store } from './store.ts'
import type { Vault } from './vault.ts'

/** Whose request it is, as a pseudonym. */
export const askerOf = (context: Context, redactor: Redactor): string => {
  const { target, headers, principal } = redactedOf(context, redactor)
  const { method } = context.arrival
  return readRequest({ service: '', method, target, headers, principal, body: undefined, at: 0 }).credential
}

export interface MonitorSettings {
  readonly store: Pick<Store, 'get'>
  readonly redactor: Redactor
  /** Folders of other processes that keep writes. */
  readonly peers: (() => readonly string[]) | undefined
  readonly vault: Vault
}

/** Seconds after which it makes sense to ask again what became of a write. */
const ASK_AGAIN = 2
const NO_WRITE = 'No write of this id was kept for the credential of this request.'

/** µs for which what others keep is remembered: whoever asks for what is not there does not cost a reading each. */
const FRESH = 250_000

type Elsewhere = (id: string) => Promise<Kept | undefined>

const createElsewhere = ({ peers = () => [], vault }: MonitorSettings): Elsewhere => {
  let readAt = -Infinity
  let all: Promise<ReadonlyMap<string, Kept>> | undefined
  const read = async (): Promise<ReadonlyMap<string, Kept>> => {
    const records = await Promise.all(peers().map((dir) => peekJournal(dir, vault)))
    return new Map(records.flatMap((of) => [...keptIn(of)].map((kept): [string, Kept] => [kept.write.id, bare(kept)])))
  }
  return async (id) => {
    if (all === undefined || monotonic() - readAt > FRESH) {
      readAt = monotonic()
      all = read()
    }
    return (await all).get(id)
  }
}

export const createMonitor = (settings: MonitorSettings): Phase => {
  const { store, redactor } = settings
  const elsewhere = createElsewhere(settings)
  return (context, next) => {
    const { path, arrival } = context
    if (!path.startsWith(MONITOR)) return next()
    const tell = (kept: Kept | undefined): void => {
      const isTheirs = kept !== undefined && kept.write.asker === askerOf(context, redactor)
      next(isTheirs ? monitored(kept, ASK_AGAIN) : problem(context, { why: 'no-route', detail: NO_WRITE }))
    }
    if (arrival.method !== 'GET' && arrival.method !== 'HEAD') return tell(undefined)
    const id = path.slice(MONITOR.length)
    const kept = store.get(id)
    if (kept !== undefined) return tell(kept)
    elsewhere(id).then(tell, () => tell(undefined))
  }
}
