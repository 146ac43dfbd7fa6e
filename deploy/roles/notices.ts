/** What the learners found out, as notices: from now on, and many at once as one. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Codecs } from '../../schemas/codecs.ts'
import type { TopicValues } from '../../schemas/events.ts'
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

interface News<T extends 'drift' | 'anomalies'> {
  readonly topic: T
  readonly toNotice: (value: TopicValues[T]) => Notice
}

const DRIFT: News<'drift'> = {
  topic: 'drift',
  toNotice: ({ endpoint, summary, severity }) => ({ kind: 'drift', endpoint, summary, severity }),
}
const ANOMALIES: News<'anomalies'> = {
  topic: 'anomalies',
  toNotice: ({ endpoint, sentence }) => ({ kind: 'anomaly', endpoint, summary: sentence }),
}

const readNews = async <T extends 'drift' | 'anomalies'>(
  { log, codecs, onNotice }: WatchOptions,
  { topic, toNotice }: News<T>,
  signal: AbortSignal,
): Promise<void> => {
  for await (const records of log.read(topicName(topic), { partition: 0, from: { kind: 'end' }, signal })) {
    await codecs.prepare(records.map((r) => r.value))
    for (const { value } of records) if (value !== null) onNotice(toNotice(codecs.decode(topic, value)))
  }
}

const AGAIN_MS = 5_000

const followNews = async <T extends 'drift' | 'anomalies'>(
  options: WatchOptions,
  news: News<T>,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      await readNews(options, news, signal)
    } catch (error) {
      if (signal.aborted) return
      const reason = (error as Error).message
      options.logger.warn({ topic: topicName(news.topic), reason }, 'news of the learners cannot be read; trying again')
    }
    await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Starts to watch. A failure to watch is a line in the log, never the end of anything. */
export const watchKnowledge = async (options: WatchOptions): Promise<Watching> => {
  const view = await options.log.view(topicName('endpoints'))
  const stop = followEndpoints(view, options)
  const abort = new AbortController()
  const following = [followNews(options, DRIFT, abort.signal), followNews(options, ANOMALIES, abort.signal)]
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
