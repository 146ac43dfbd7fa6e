/** Tells senders what became of their writes, whichever process keeps them. */
import { readRequest } from '../../../schemas/semantics/ghosts/asked.ts'
import type { Redactor } from '../../../schemas/semantics/redaction.ts'
import type { Logger } from '../../options.ts'
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
  readonly logger: Logger
}

/** Seconds after which it makes sense to ask again what became of a write. */
const ASK_AGAIN = 2
const NO_WRITE = 'No write of this id was kept for the credential of this request.'

const UNREADABLE =
  'Whether a write of this id was kept cannot be told now: what another process of this proxy keeps cannot be read; its log says why. Ask again later.'

/** µs for which what others keep is remembered: whoever asks for what is not there does not cost a reading each. */
const FRESH = 250_000

interface Others {
  readonly kept: ReadonlyMap<string, Kept>
  /** Why that may not be all. */
  readonly troubles: readonly string[]
}

const readOthers = async ({ peers = () => [], vault }: MonitorSettings): Promise<Others> => {
  const peeked = await Promise.all(peers().map((dir) => peekJournal(dir, vault)))
  const all = peeked.flatMap(({ records }) => [...keptIn(records)])
  return {
    kept: new Map(all.map((kept) => [kept.write.id, bare(kept)])),
    troubles: peeked.flatMap(({ trouble }) => trouble ?? []),
  }
}

const unlistable = (error: unknown): Others => ({
  kept: new Map(),
  troubles: [`the folders of the other processes cannot be listed: ${(error as Error).message}`],
})

/** Each trouble is logged when it comes, and again when it comes again. */
const createElsewhere = (settings: MonitorSettings): (() => Promise<Others>) => {
  let readAt = -Infinity
  let others: Promise<Others> | undefined
  let logged = new Set<string>()
  const read = async (): Promise<Others> => {
    const found = await readOthers(settings).catch(unlistable)
    for (const trouble of found.troubles)
      if (!logged.has(trouble)) settings.logger.error({}, `kept writes of another process: ${trouble}`)
    logged = new Set(found.troubles)
    return found
  }
  return async () => {
    if (others === undefined || monotonic() - readAt > FRESH) {
      readAt = monotonic()
      others = read()
    }
    return await others
  }
}

export const createMonitor = (settings: MonitorSettings): Phase => {
  const { store, redactor } = settings
  const elsewhere = createElsewhere(settings)
  return (context, next) => {
    const { path, arrival } = context
    if (!path.startsWith(MONITOR)) return next()
    const tell = (kept: Kept | undefined, isAll = true): void => {
      if (kept !== undefined && kept.write.asker === askerOf(context, redactor)) return next(monitored(kept, ASK_AGAIN))
      if (kept !== undefined || isAll) return next(problem(context, { why: 'no-route', detail: NO_WRITE }))
      next(problem(context, { why: 'internal', status: 503, detail: UNREADABLE, retryAfter: ASK_AGAIN }))
    }
    if (arrival.method !== 'GET' && arrival.method !== 'HEAD') return tell(undefined)
    const id = path.slice(MONITOR.length)
    const own = store.get(id)
    if (own !== undefined) return tell(own)
    elsewhere().then(
      ({ kept, troubles }) => tell(kept.get(id), troubles.length === 0),
      () => tell(undefined, false),
    )
  }
}
