/** What the learners found out, as notices: from now on, and many at once as one. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger } from '../cli/logger.ts'
import type { Notice } from './role.ts'

export interface Watching {
  /** Endpoints known now. */
  readonly endpoints: number
  close(): Promise<void>
}

export interface WatchOptions {
  readonly log: EventLog
  readonly codecs: Codecs
  readonly logger: Logger
  readonly onNotice: (notice: Notice) => void
}

const GATHER_MS = 1_000
const NAMED = 3

/** Names a few, counts the rest. */
const learned = (names: readonly string[]): string =>
  names.length <= NAMED ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`

const followEndpoints = (view: View, options: WatchOptions): (() => void) => {
  const seen = new Set<string>()
  let fresh: string[] = []
  let settled = false
  const stop = view.subscribe((key, value) => {
    if (value === undefined || seen.has(key)) return
    seen.add(key)
    if (settled) fresh.push(key)
  })
  settled = true
  const timer = setInterval(() => {
    if (fresh.length === 0) return
    options.onNotice({ kind: 'learned', endpoint: learned(fresh) })
    fresh = []
  }, GATHER_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    stop()
  }
}

const followDrift = async (options: WatchOptions, signal: AbortSignal): Promise<void> => {
  const { log, codecs } = options
  for await (const records of log.read(topicName('drift'), { partition: 0, from: { kind: 'end' }, signal })) {
    await codecs.prepare(records.map((r) => r.value))
    for (const { value } of records) {
      if (value === null) continue
      const { endpoint, summary, severity } = codecs.decode('drift', value)
      options.onNotice({ kind: 'drift', endpoint, summary, severity })
    }
  }
}

const followAnomalies = async (options: WatchOptions, signal: AbortSignal): Promise<void> => {
  const { log, codecs } = options
  for await (const records of log.read(topicName('anomalies'), { partition: 0, from: { kind: 'end' }, signal })) {
    await codecs.prepare(records.map((r) => r.value))
    for (const { value } of records) {
      if (value === null) continue
      const { endpoint, sentence } = codecs.decode('anomalies', value)
      options.onNotice({ kind: 'anomaly', endpoint, summary: sentence })
    }
  }
}

/** Starts to watch. A failure to watch is a line in the log, never the end of anything. */
export const watchKnowledge = async (options: WatchOptions): Promise<Watching> => {
  const view = await options.log.view(topicName('endpoints'))
  const stop = followEndpoints(view, options)
  const abort = new AbortController()
  const following = [followDrift(options, abort.signal), followAnomalies(options, abort.signal)].map((going) =>
    going.catch((error: unknown) => {
      if (!abort.signal.aborted)
        options.logger.warn({ reason: (error as Error).message }, 'news of the learners stop here')
    }),
  )
  return {
    get endpoints() {
      return view.size
    },
    close: async () => {
      stop()
      abort.abort()
      await Promise.all(following)
      await view.close()
    },
  }
}
