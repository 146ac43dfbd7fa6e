/** Writes that wait for their backend: kept in a sealed file beside the spool, replayed, asked about, given up. */
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { Control } from '../../../schemas/events.ts'
import { bornFate, type Move } from '../../../schemas/semantics/ghosts/fate.ts'
import type { Redactor } from '../../../schemas/semantics/redaction.ts'
import type { Logger, Orphan, QueueOptions } from '../../options.ts'
import type { Phase } from '../../phases/compose.ts'
import type { Context, Service } from '../../phases/context.ts'
import { fieldOf } from '../../phases/fields.ts'
import { keptOf, moveAfterCrash, type KeepFacts, type Kept } from '../../phases/kept.ts'
import type { Keeper, Unkept } from '../../phases/queue.ts'
import { monotonic, wall } from '../clock.ts'
import { openJournal, type OpenedJournal } from './journal.ts'
import type { Send } from './messenger.ts'
import { startReplayer, type Replayer } from './replayer.ts'
import { createMonitor, askerOf } from './monitor.ts'
import { openLines, type Lines } from './lines.ts'
import { openStore, QueueFull, type Store } from './store.ts'
import type { Tell } from './telling.ts'
import { openVault, type Vault } from './vault.ts'

export interface QueueSettings {
  /** Nothing is kept without. */
  readonly options: QueueOptions | undefined
  readonly secret: Uint8Array
  readonly services: readonly Service[]
  readonly redactor: Redactor
  readonly tell: Tell
  readonly logger: Logger
}

type TagOf = (context: Context) => string

interface InFolder extends QueueSettings {
  readonly options: QueueOptions
}

export interface Queue extends Keeper {
  /** Tells senders what became of their writes; other requests pass. */
  readonly monitor: Phase
  /** A person's word under `write/<service>/<id>`; `*` means all. */
  readonly obey: (word: Control) => void
  /** Asks so for the entity tag of what a write is about. */
  readonly learnFrom: (tagOf: TagOf) => void
  /** Begins to replay. */
  readonly start: (send: Send) => void
  /** How many are to be replayed. */
  readonly waiting: () => number
  readonly close: () => Promise<void>
}

/** What is over is remembered for its sender so long, µs. */
const REMEMBERED = 24 * 3600 * 1e6
const TIDY = 60_000

const digestOf = ({ arrival, target }: Context, body: Buffer): string =>
  createHash('sha256').update(`${arrival.method} ${target}\n`).update(body).digest('base64url')

const OTHER: Unkept = {
  status: 422,
  detail: 'This Idempotency-Key was used for another request: nothing was done, nothing was kept.',
}

const unkept = (error: unknown): Unkept =>
  error instanceof QueueFull
    ? { detail: `The queue is full: ${error.message}. Nothing was done, nothing was kept.` }
    : { detail: `It could not be kept (${(error as Error).message}): nothing was done.` }

/** A client that repeats itself means the same write. */
const repeated = (store: Store, context: Context, asker: string): Kept | undefined => {
  const key = fieldOf(context.arrival.rawHeaders, 'idempotency-key')
  if (key === undefined) return undefined
  const service = (context.service as Service).name
  for (const kept of store.all()) {
    const { write } = kept
    if (write.isOwnKey && write.key === key && write.asker === asker && write.service === service) return kept
  }
  return undefined
}

/** A client that knows itself what it changes. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since']

/** On what a change is made: on the thing as it was known, or on an earlier change that waits. */
const groundOf = (lines: Lines, context: Context, asker: string, tagOf: TagOf): Pick<KeepFacts, 'base' | 'behind'> => {
  const { arrival, target } = context
  if (arrival.method === 'POST') return { base: '', behind: '' }
  const behind = lines.latest({ service: (context.service as Service).name, asker, target })
  if (behind !== '') return { base: '', behind }
  const isConditional = CONDITIONS.some((name) => fieldOf(arrival.rawHeaders, name) !== undefined)
  return { base: isConditional ? '' : tagOf(context), behind: '' }
}

interface Keeping {
  readonly store: Store
  readonly lines: Lines
  readonly redactor: Redactor
  readonly logger: Logger
  readonly tagOf: TagOf
}

const createKeeper = ({ store, lines, redactor, logger, tagOf }: Keeping): Keeper => {
  const keep = async (context: Context, wanted: boolean): Promise<Kept | Unkept> => {
    const asker = askerOf(context, redactor)
    const body = Buffer.concat(context.requestBody.chunks)
    const digest = digestOf(context, body)
    const known = repeated(store, context, asker)
    if (known !== undefined) return known.write.digest === digest ? known : OTHER
    const ground = groundOf(lines, context, asker, tagOf)
    const facts = { asker, digest, ...ground, body: body.toString('base64'), length: body.length }
    const write = keptOf(context, facts)
    return await store.add(write, bornFate(wanted, write.at))
  }
  return {
    waits: (context) =>
      !lines.isEmpty() &&
      lines.waits({ service: (context.service as Service).name, asker: askerOf(context, redactor) }),
    keep: (context, wanted, done) => {
      keep(context, wanted).then(done, (error: unknown) => {
        if (!(error instanceof QueueFull)) logger.error({ err: error }, 'a write could not be kept')
        done(unkept(error))
      })
    },
  }
}

const openTold = async (dir: string, vault: Vault, logger: Logger): Promise<OpenedJournal> => {
  const opened = await openJournal(dir, vault)
  const cure = 'the file is damaged, or another key sealed it (secret.key, CHAOS_PROXY_SECRET)'
  if (opened.aside !== undefined) logger.error(opened.aside, `kept writes cannot be read and were put aside: ${cure}`)
  return opened
}

const readAll = async (dir: string, vault: Vault, logger: Logger): Promise<readonly unknown[]> => {
  const { journal, records } = await openTold(dir, vault, logger)
  await journal.close()
  return records
}

const movedBy = (value: string): 'replay' | 'drop' | undefined => {
  try {
    const word = (JSON.parse(value) as { readonly do?: unknown } | null)?.do
    return word === 'replay' || word === 'drop' ? word : undefined
  } catch {
    return undefined
  }
}

/** One write, or all of its service that had been accepted when it was said. */
const meantBy = (store: Store, { key, service, at }: Control): readonly Kept[] => {
  const id = key.slice(key.lastIndexOf('/') + 1)
  if (id === '*') return [...store.open()].filter(({ write }) => write.service === service && write.at <= at)
  const kept = store.get(id)
  return kept === undefined ? [] : [kept]
}

interface Held {
  readonly store: Store
  readonly lines: Lines
}

type MoveKept = (kept: Kept, move: Move) => Promise<void>

/** Settles what a process that died had under way, here and in the folders of those that are gone. */
const createAdopting = ({ store, lines }: Held, settings: InFolder, vault: Vault, move: MoveKept) => {
  const { options, logger, services } = settings
  const trusts = (name: string): boolean => services.find((one) => one.name === name)?.ghost.trustKeys ?? false
  const settle = async (some: Iterable<Kept>): Promise<void> => {
    for (const kept of some)
      if (kept.fate.state === 'replaying') await move(kept, moveAfterCrash(kept.write, trusts(kept.write.service)))
  }
  const takeOver = async ({ dir, over }: Orphan): Promise<void> => {
    try {
      const taken = await store.adopt(await readAll(dir, vault, logger))
      over(true)
      lines.clear(basename(dir))
      logger.info({ from: dir, writes: taken.length }, 'kept writes of another process were taken over')
      await settle(taken)
    } catch (error) {
      over(false)
      throw error
    }
  }
  const adopt = async (): Promise<void> => {
    for (const orphan of options.orphans?.() ?? []) await takeOver(orphan)
  }
  return { settle, adopt }
}

/** Where nothing is kept. */
const noQueue = (): Queue => ({
  waits: () => false,
  keep: (_context, _wanted, done) => done({ detail: 'This ingress keeps no writes: nothing was done.' }),
  monitor: (_context, next) => next(),
  obey: () => undefined,
  learnFrom: () => undefined,
  start: () => undefined,
  waiting: () => 0,
  close: async () => undefined,
})

/** Rejects when the folder cannot be used. */
export const openQueue = async ({ options, ...rest }: QueueSettings): Promise<Queue> =>
  options === undefined ? noQueue() : await openIn({ options, ...rest })

const openIn = async (settings: InFolder): Promise<Queue> => {
  const { services, redactor, logger, secret, tell } = settings
  const vault = openVault(secret)
  const { dir, maxBytes, lines: root = join(dir, 'lines'), peers } = settings.options
  const { journal, records } = await openTold(dir, vault, logger)
  const lines = openLines({ root, owner: basename(dir), now: wall })
  const store = openStore(journal, records, maxBytes, lines.note)
  lines.clear(basename(dir))
  let replayer: Replayer | undefined
  let tagOf: TagOf = () => ''
  const failed = (why: string) => (error: unknown) => logger.error({ err: error }, why)
  const move: MoveKept = async (kept, to) => {
    const fate = await store.move(kept.write.id, to, wall())
    if (fate !== undefined && fate !== kept.fate) tell({ write: kept.write, fate })
  }
  /** Words on writes that were under way: they hold for what comes of that. */
  const late = new Map<string, Move>()
  const heed = (kept: Kept, word: Move): void => {
    const { id } = kept.write
    if (kept.fate.state === 'replaying') return void late.set(id, word)
    late.delete(id)
    move(kept, word)
      .then(() => replayer?.look())
      .catch(failed('a word on a kept write could not be obeyed'))
  }
  const tellAndHeed: Tell = (kept, answer, now) => {
    tell(kept, answer, now)
    const word = late.get(kept.write.id)
    if (word !== undefined) heed(kept, word)
  }
  const { settle, adopt } = createAdopting({ store, lines }, settings, vault, move)
  await settle([...store.open()])
  await adopt()
  const timer = setInterval(() => {
    store.forget(wall() - REMEMBERED)
    adopt().catch(failed('kept writes of another process cannot be taken over'))
  }, TIDY).unref()
  return {
    ...createKeeper({ store, lines, redactor, logger, tagOf: (context) => tagOf(context) }),
    learnFrom: (from) => (tagOf = from),
    monitor: createMonitor({ store, redactor, peers, vault, logger }),
    obey: (word) => {
      const kind = movedBy(word.value)
      if (kind !== undefined) for (const kept of meantBy(store, word)) heed(kept, { kind, said: word.at })
    },
    start: (send) => {
      const clock = (): number => monotonic() / 1000
      replayer = startReplayer({ store, lines, services, send, logger, now: wall, clock, tell: tellAndHeed })
    },
    waiting: () => store.waiting,
    close: async () => {
      clearInterval(timer)
      await replayer?.close()
      await store.close()
    },
  }
}
