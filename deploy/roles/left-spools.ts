/** Spools of processes that no longer run (there are fewer workers than before): their events reach the log by those that do. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { EventLog, LogError, Spool, SpooledRecord } from '../../schemas/log.ts'
import { openSpool } from '../../processors/runtime/logs/embedded/spool.ts'
import type { Logger } from '../cli/logger.ts'

export interface LeftSettings {
  /** The profile's folder. */
  readonly root: string
  /** The spools that somebody uses. */
  readonly used: () => Promise<readonly string[]>
  readonly log: Pick<EventLog, 'append'>
  readonly logger: Logger
}

const BATCH = 1000
/** A spool that is only emptied needs no room. */
const MAX_BYTES = 1 << 30

const isSpool = (name: string): boolean => /^spool(?:-\d+)?$/.test(name)

/** The first of the records that go to one topic. */
const together = (records: readonly SpooledRecord[]): readonly SpooledRecord[] => {
  const other = records.findIndex(({ topic }) => topic !== records[0]?.topic)
  return other < 0 ? records : records.slice(0, other)
}

const empty = async (spool: Spool, log: LeftSettings['log']): Promise<number> => {
  let moved = 0
  for (;;) {
    const records = together(await spool.peek(BATCH))
    const [first] = records
    if (first === undefined) return moved
    await log.append(first.topic, records)
    await spool.drop(records.length)
    moved += records.length
  }
}

/** Empties one and removes it; leaves it alone when another process has it. */
const take = async (dir: string, { log, logger }: LeftSettings): Promise<void> => {
  const spool = await openSpool({ dir, maxBytes: MAX_BYTES }).catch((error: LogError) => {
    if (error.code !== 'locked') throw error
  })
  if (spool === undefined) return
  try {
    const events = await empty(spool, log)
    if (events > 0) logger.info({ spool: dir, events }, 'events that a process left behind are on the log')
  } finally {
    await spool.close()
  }
  rmSync(dir, { recursive: true, force: true })
}

/** Takes every spool that nobody uses. Rejects when the log or the disk refuses: what is left then is left for the next time. */
export const takeLeft = async (settings: LeftSettings): Promise<void> => {
  const used = new Set(await settings.used())
  const spools = readdirSync(settings.root).filter(isSpool)
  for (const dir of spools.map((name) => join(settings.root, name))) if (!used.has(dir)) await take(dir, settings)
}

/** ms between two looks. */
const EVERY = 30_000

/** Looks now, and again and again. Returns how to stop. */
export const watchLeft = (settings: LeftSettings, every = EVERY): (() => void) => {
  let running = Promise.resolve()
  const look = (): void => {
    running = running
      .then(() => takeLeft(settings))
      .catch((error: unknown) => settings.logger.warn({ err: error }, 'a spool that was left behind waits on'))
  }
  look()
  const timer = setInterval(look, every).unref()
  return () => clearInterval(timer)
}
