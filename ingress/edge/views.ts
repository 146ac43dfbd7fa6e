/** Views of the log that the ingress lives with: opened again and again while the log is away. */
import type { View } from '../../schemas/log.ts'
import type { Logger } from '../options.ts'

export interface Views {
  readonly follow: (name: string, open: () => Promise<View>) => void
  /** Resolves when every view is there, or soon: a log that is away does not keep the ingress from serving. */
  readonly ready: () => Promise<void>
  readonly positions: () => readonly (readonly [name: string, positions: readonly number[]])[]
  readonly close: () => Promise<void>
}

const PATIENCE = 3000
const RETRY = 1000
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

export const openViews = (logger: Logger): Views => {
  const views = new Map<string, View>()
  const opening: Promise<void>[] = []
  let stopped = false
  const attempt = async (name: string, open: () => Promise<View>): Promise<boolean> => {
    try {
      const view = await open()
      if (stopped) await view.close()
      else views.set(name, view)
      return true
    } catch (error) {
      logger.warn({ err: error, view: name }, 'a view of the log cannot be opened yet; trying again')
      return false
    }
  }
  const openSoon = async (name: string, open: () => Promise<View>): Promise<void> => {
    while (!stopped && !(await attempt(name, open))) await sleep(RETRY)
  }
  return {
    follow: (name, open) => void opening.push(openSoon(name, open)),
    ready: async () => {
      await Promise.race([Promise.all(opening), sleep(PATIENCE)])
    },
    positions: () => [...views].map(([name, view]) => [name, view.positions()] as const),
    close: async () => {
      stopped = true
      await Promise.all([...views.values()].map((view) => view.close().catch(() => undefined)))
    },
  }
}
