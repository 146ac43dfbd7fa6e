/**
 * A log for the ingress that may be away when the ingress starts. `append` is refused (the ingress spools) until the log
 * is there; a view starts from the snapshot that the last run left on disk, and turns to the log when it comes. So an
 * ingress that is restarted in the middle of an outage of backend and log still answers with ghosts.
 */
import { LogError, type EventLog, type View } from '../../../../schemas/log.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'
import { change, newTable, type Table as Shown, viewOf } from './table.ts'

export interface DeferredOptions {
  readonly open: () => Promise<EventLog>
  /** Where snapshots of views are kept. */
  readonly dir: string
  /** Called with the reason each time the log could not be opened. */
  readonly onAway: (error: unknown) => void
  /** How long `view` waits for the log before it is content with a snapshot, ms. */
  readonly patienceMs?: number
  readonly retryMs?: number
}

export interface DeferredLog extends Pick<EventLog, 'append' | 'view'> {
  close(): Promise<void>
}

interface Table extends Shown {
  real: View | undefined
}

const PATIENCE = 3000
const RETRY = 1000
const SNAPSHOT_EVERY = 10_000

/** From the snapshot to the log: what the log no longer holds goes, what it holds comes, and goes on coming. */
const attach = (table: Table, real: View, snapshot: Snapshot): void => {
  table.real = real
  for (const key of table.values.keys()) if (real.get(key) === undefined) change(table, key, undefined)
  real.subscribe((key, value) => {
    change(table, key, value)
    snapshot.changed()
  })
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** Opens the log in the background, again and again. */
export const deferLog = (options: DeferredOptions): DeferredLog => {
  const { patienceMs = PATIENCE, retryMs = RETRY } = options
  let stopped = false
  let there: EventLog | undefined

  const openUntilThere = async (): Promise<EventLog | undefined> => {
    while (!stopped) {
      try {
        there = await options.open()
        return there
      } catch (error) {
        options.onAway(error)
        await later(retryMs)
      }
    }
    return undefined
  }
  const opening = openUntilThere()

  const attachWhenThere = async (topic: string, table: Table, snapshot: Snapshot): Promise<void> => {
    const log = await opening
    while (!stopped && log !== undefined && table.real === undefined) {
      try {
        attach(table, await log.view(topic), snapshot)
      } catch (error) {
        options.onAway(error)
        await later(retryMs)
      }
    }
  }

  return {
    append: async (topic, records) => {
      if (there === undefined)
        throw new LogError('unavailable', 'The log has not answered since this start; trying again.')
      return await there.append(topic, records)
    },
    view: async (topic) => {
      const table: Table = { ...newTable(), real: undefined }
      const snapshot = openSnapshot({
        dir: options.dir,
        name: topic,
        everyMs: SNAPSHOT_EVERY,
        entries: () => table.values,
      })
      const attached = attachWhenThere(topic, table, snapshot)
      await Promise.race([attached, later(patienceMs)])
      if (table.real === undefined) for (const [key, value] of snapshot.load()) change(table, key, value)
      return viewOf(table, {
        positions: () => table.real?.positions() ?? [],
        trouble: () => table.real?.trouble,
        close: async () => {
          await snapshot.close()
          await table.real?.close()
        },
      })
    },
    close: async () => {
      stopped = true
      await (await Promise.race([opening, later(retryMs)]))?.close()
    },
  }
}
