/** What was learned and what was set, followed from compacted topics: always at hand, database or not. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Alert, Control, Endpoint, Ghost, Model, Shape, TopicValues } from '../../schemas/events.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import type { GhostBook } from '../../schemas/semantics/ghost-port.ts'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { topicName } from '../../schemas/topics.ts'
import { pause } from '../kit/backoff.ts'
import { modes, type Mode } from './options.ts'

type Known = 'endpoints' | 'shapes' | 'ghosts' | 'models' | 'alerts' | 'control'

/** A view with its values decoded when they are first asked for. */
export interface Table<V> {
  get(key: string): V | undefined
  values(): readonly V[]
  readonly size: number
}

export interface SetMode {
  readonly mode: Mode
  /** µs */
  readonly at: number
  readonly by: string
}

export interface Knowledge {
  readonly endpoints: Table<Endpoint>
  readonly shapes: Table<Shape>
  readonly ghosts: Table<Ghost>
  readonly models: Table<Model>
  readonly alerts: Table<Alert>
  readonly control: Table<Control>
  /** The ghosts, as the ingress asks them; opened when they are first wanted. */
  book(): GhostBook
  /** What was set, by service; `*` is all of them. The newest word about a service is obeyed. */
  modes(): ReadonlyMap<string, SetMode>
  /** Resolves once a setting of that key, from `at` or later, is visible here; after a second in any case. */
  seen(key: string, at: number): Promise<void>
  close(): Promise<void>
}

const decodedView = async <T extends Known>(log: EventLog, codecs: Codecs, topic: T) => {
  const view: View = await log.view(topicName(topic))
  const cache = new Map<string, TopicValues[T]>()
  const unsubscribe = view.subscribe((key, value) => {
    cache.delete(key)
    // A newer writer's schema: fetched before anyone asks for the value.
    if (value !== undefined) void codecs.prepare([value]).catch(() => {})
  })
  const get = (key: string): TopicValues[T] | undefined => {
    const known = cache.get(key)
    if (known !== undefined) return known
    const bytes = view.get(key)
    if (bytes === undefined) return undefined
    try {
      const value = codecs.decode(topic, bytes)
      cache.set(key, value)
      return value
    } catch {
      return undefined
    }
  }
  const table: Table<TopicValues[T]> = {
    get,
    values: () => [...view.entries()].flatMap(([key]) => get(key) ?? []),
    get size() {
      return view.size
    },
  }
  return {
    table,
    follow: (listener: (key: string, value: TopicValues[T] | undefined) => void) =>
      view.subscribe((key) => listener(key, get(key))),
    close: async () => {
      unsubscribe()
      await view.close()
    },
  }
}

type Follow = (listener: (key: string, part: Ghost | undefined) => void) => void

const lazyBook = (follow: Follow): (() => GhostBook) => {
  let book: GhostBook | undefined
  return () => {
    if (book !== undefined) return book
    const opened = (book = openGhostBook())
    follow(opened.apply)
    return opened
  }
}

const modeOf = (control: Control): Mode | undefined => {
  try {
    const { mode } = JSON.parse(control.value) as { mode?: string }
    return modes.find((known) => known === mode)
  } catch {
    return undefined
  }
}

/** Resolves once all views have caught up with the log. */
export const followKnowledge = async (log: EventLog, codecs: Codecs): Promise<Knowledge> => {
  const [endpoints, shapes, ghosts, models, alerts, control] = await Promise.all([
    decodedView(log, codecs, 'endpoints'),
    decodedView(log, codecs, 'shapes'),
    decodedView(log, codecs, 'ghosts'),
    decodedView(log, codecs, 'models'),
    decodedView(log, codecs, 'alerts'),
    decodedView(log, codecs, 'control'),
  ])
  return {
    endpoints: endpoints.table,
    shapes: shapes.table,
    ghosts: ghosts.table,
    models: models.table,
    alerts: alerts.table,
    control: control.table,
    book: lazyBook(ghosts.follow),
    modes: () =>
      new Map(
        control.table.values().flatMap((entry) => {
          const mode = entry.kind === 'mode' ? modeOf(entry) : undefined
          return mode === undefined
            ? []
            : [[entry.key.replace(/^mode\//, ''), { mode, at: entry.at, by: entry.by }] as const]
        }),
      ),
    seen: async (key, at) => {
      for (let attempt = 0; attempt < 50 && (control.table.get(key)?.at ?? 0) < at; attempt++) await pause(20)
    },
    close: async () =>
      void (await Promise.all([endpoints, shapes, ghosts, models, alerts, control].map((part) => part.close()))),
  }
}
