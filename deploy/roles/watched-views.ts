/** Views that do not stand still in silence: what stops one is said in the log, once, and kept for /readyz. */
import type { EventLog, View } from '../../schemas/log.ts'
import type { Logger } from '../cli/logger.ts'
import type { Check } from './readiness.ts'

export interface WatchedViews {
  readonly view: EventLog['view']
  readonly moving: Check
  close(): void
}

const LOOK_MS = 2_000

export const watchViews = (open: EventLog['view'], logger: Logger, everyMs = LOOK_MS): WatchedViews => {
  const views = new Map<View, { readonly topic: string; said: boolean }>()
  const timer = setInterval(() => {
    for (const [view, known] of views) {
      const reason = view.trouble?.message
      if (reason !== undefined && !known.said)
        logger.error({ topic: known.topic, reason }, 'a view of the log stands still; trying again')
      if (reason === undefined && known.said) logger.info({ topic: known.topic }, 'the view of the log moves again')
      known.said = reason !== undefined
    }
  }, everyMs)
  timer.unref()
  return {
    view: async (topic) => {
      const view = await open(topic)
      const close = view.close.bind(view)
      const watched: View = Object.assign(Object.create(view) as View, {
        close: async () => {
          views.delete(view)
          await close()
        },
      })
      views.set(view, { topic, said: false })
      return watched
    },
    moving: async () => {
      const stuck = [...views].find(([view]) => view.trouble !== undefined)
      return stuck && `the view of ${stuck[1].topic} stands still: ${stuck[0].trouble?.message ?? ''}`
    },
    close: () => clearInterval(timer),
  }
}
