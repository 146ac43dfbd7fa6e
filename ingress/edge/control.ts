/** What the ingress obeys: the `control` topic, followed as a view. `mode/<service>` and `upstream/<service>/<url>`; service `*` means all. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Control } from '../../schemas/events.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger, Mode } from '../options.ts'
import type { Service } from '../phases/context.ts'

export interface ControlSettings {
  readonly log: Pick<EventLog, 'view'>
  readonly codecs: Codecs
  readonly services: readonly Service[]
  readonly logger: Logger
  readonly onMode: (service: Service, from: Mode, by: string) => void
}

const MODES: ReadonlySet<unknown> = new Set<Mode>(['off', 'failover', 'mock'])

const field = (text: string, name: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? Object.entries(value).find(([key]) => key === name)?.[1]
      : undefined
  } catch {
    return undefined
  }
}

/** The newest word about a service, of those for it and those for all. */
const newest = (found: ReadonlyMap<string, Control>, keys: readonly string[]): Control | undefined =>
  keys
    .map((key) => found.get(key))
    .filter((c) => c !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]

const obey = (
  settings: ControlSettings,
  found: ReadonlyMap<string, Control>,
  configured: ReadonlyMap<Service, Mode>,
): void => {
  for (const service of settings.services) {
    const word = newest(found, [`mode/${service.name}`, 'mode/*'])
    const asked = word === undefined ? undefined : field(word.value, 'mode')
    const mode = MODES.has(asked) ? (asked as Mode) : (configured.get(service) as Mode)
    const from = service.mode
    if (from !== mode) {
      service.mode = mode
      settings.onMode(service, from, word?.by ?? '')
    }
    for (const upstream of service.upstreams) {
      const order = newest(found, [
        `upstream/${service.name}/${upstream.url}`,
        `upstream/${service.name}/*`,
        'upstream/*',
      ])
      upstream.drained = order !== undefined && field(order.value, 'down') === true
    }
  }
}

/** Resolves once what is on the topic now is obeyed. */
export const followControl = async (settings: ControlSettings): Promise<View> => {
  const { log, codecs, services, logger } = settings
  const configured = new Map(services.map((service) => [service, service.mode]))
  const found = new Map<string, Control>()
  const view = await log.view(topicName('control'))
  const apply = async (key: string, bytes: Uint8Array | undefined): Promise<void> => {
    try {
      if (bytes === undefined) found.delete(key)
      else {
        await codecs.prepare([bytes])
        found.set(key, codecs.decode('control', bytes))
      }
    } catch (error) {
      logger.warn({ err: error, key }, 'a control record cannot be read and is not obeyed: write it again')
    }
    obey(settings, found, configured)
  }
  let turn = Promise.resolve()
  view.subscribe((key, bytes) => (turn = turn.then(() => apply(key, bytes))))
  await turn
  return view
}
