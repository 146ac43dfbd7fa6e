/**
 * What the ingress obeys: the `control` topic, followed as a view. `mode/<service>`, `upstream/<service>/<url>` (service or
 * URL `*` means all), `fault/<id>`, `check/<service>/<url>`, which asks for a health check now, `write/<service>/<id>`,
 * and `seen/<kind>/<service>/<url>`: what another process found out.
 */
import { wordOf, type Word } from '../balance/membership.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Control } from '../../schemas/events.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger, Mode, News } from '../options.ts'
import type { Service } from '../phases/context.ts'
import type { Members, Words } from './members.ts'

export interface ControlSettings {
  readonly log: Pick<EventLog, 'view'>
  readonly codecs: Codecs
  readonly services: readonly Service[]
  readonly logger: Logger
  readonly onMode: (service: Service, from: Mode, by: string) => void
  readonly members: Pick<Members, 'obey' | 'check' | 'follow'>
  /** A word under `fault/…`, undefined when it was taken back. */
  readonly onFault: (key: string, word: Control | undefined) => void
  /** A word under `write/…`. */
  readonly onWrite: (word: Control) => void
  /** A word under `seen/…`: what another process found out. */
  readonly onNews: (news: News) => void
}

const MODES: ReadonlySet<unknown> = new Set<Mode>(['off', 'failover', 'mock'])

const said = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** The newest word about a service, of those for it and those for all. */
const newest = (found: ReadonlyMap<string, Control>, keys: readonly string[]): Control | undefined =>
  keys
    .map((key) => found.get(key))
    .filter((c) => c !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]

const ALL: Word = {}

const wordsOn = (found: ReadonlyMap<string, Control>, { name }: Service): Words => {
  const prefix = `upstream/${name}/`
  const each = new Map<string, Word>()
  for (const [key, { value }] of found)
    if (key.startsWith(prefix) && key !== `${prefix}*`) each.set(key.slice(prefix.length), wordOf(said(value)))
  const all = newest(found, [`${prefix}*`, 'upstream/*'])
  return { each, all: all === undefined ? ALL : wordOf(said(all.value)) }
}

const obey = ({ services, members, onMode }: ControlSettings, found: ReadonlyMap<string, Control>): void => {
  for (const service of services) {
    const word = newest(found, [`mode/${service.name}`, 'mode/*'])
    const asked = word === undefined ? undefined : said(word.value)['mode']
    const mode = MODES.has(asked) ? (asked as Mode) : service.ghost.mode
    const from = service.mode
    if (from !== mode) {
      service.mode = mode
      onMode(service, from, word?.by ?? '')
    }
    members.obey(service, wordsOn(found, service))
  }
}

const checkNow = ({ services, members }: ControlSettings, { key, at }: Control): void => {
  for (const service of services) {
    const prefix = `check/${service.name}/`
    if (key.startsWith(prefix)) members.check(service, key.slice(prefix.length), at)
  }
}

const apply = (settings: ControlSettings, found: ReadonlyMap<string, Control>, key: string): void => {
  const word = found.get(key)
  const kind = key.slice(0, key.indexOf('/'))
  if (kind === 'fault') return settings.onFault(key, word)
  if (kind === 'check') return word && checkNow(settings, word)
  if (kind === 'write') return word && settings.onWrite(word)
  // Nothing is believed of it but what is news about an upstream that is known.
  if (kind === 'seen') return word && settings.onNews(said(word.value) as unknown as News)
  obey(settings, found)
}

/** Resolves once what is on the topic now is obeyed. */
export const followControl = async (settings: ControlSettings): Promise<View> => {
  const { log, codecs, logger } = settings
  const found = new Map<string, Control>()
  const view = await log.view(topicName('control'))
  const take = async (key: string, bytes: Uint8Array | undefined): Promise<void> => {
    try {
      if (bytes === undefined) found.delete(key)
      else {
        await codecs.prepare([bytes])
        found.set(key, codecs.decode('control', bytes))
      }
    } catch (error) {
      logger.warn({ err: error, key }, 'a control record cannot be read and is not obeyed: write it again')
    }
    apply(settings, found, key)
  }
  settings.members.follow(() => obey(settings, found))
  let turn = Promise.resolve()
  view.subscribe((key, bytes) => (turn = turn.then(() => take(key, bytes))))
  await turn
  return view
}
