/** The upstreams as ingresses report them in their heartbeats, together with what was configured and said. */
import type { Control } from '../../schemas/events.ts'
import type { ApiContext } from './api/context.ts'
import { isRecord, readJson, reportedOf, type Reported } from './reported.ts'

export interface Instance extends Reported {
  readonly instance: string
}

/** What was said on `control` about one upstream. */
export interface Said {
  readonly present?: boolean
  readonly drained?: boolean
  readonly weight?: number
}

export interface Known {
  readonly id: string
  readonly service: string
  readonly url: string
  readonly said: Said
  readonly instances: readonly Instance[]
}

/** Longer ago than this an ingress is not taken to run, ms. */
const SILENT = 10_000

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** `shop@10.0.0.7:8080`: readable, and fit for a path. */
export const upstreamId = (service: string, url: string): string => {
  const { hostname, port, protocol } = new URL(url)
  return `${service}@${hostname}:${port === '' ? DEFAULT_PORTS[protocol] : port}`
}

export const wordKey = (service: string, url: string): string => `upstream/${service}/${url}`

export const saidOf = (control: Control | undefined): Said => {
  const said = readJson(control?.value)
  return isRecord(said) ? said : {}
}

interface Place {
  readonly service: string
  readonly url: string
}

/** Of the configuration that this console was started with; an ingress may have read a newer one. */
const configuredOf = (config: Readonly<Record<string, unknown>> | undefined): Place[] => {
  const services = config?.['services']
  return (Array.isArray(services) ? services : []).filter(isRecord).flatMap((service) => {
    const { name, upstreams } = service
    const list = (Array.isArray(upstreams) ? upstreams : []).filter(isRecord)
    return list.flatMap(({ url }) =>
      typeof name === 'string' && typeof url === 'string' && URL.canParse(url)
        ? [{ service: name, url: new URL(url).origin }]
        : [],
    )
  })
}

const PREFIX = /^upstream\/([^/]+)\/(https?:\/\/.+)$/

const saidPlaces = (controls: readonly Control[]): Place[] =>
  controls.flatMap((control) => {
    const [, service, url] = PREFIX.exec(control.key) ?? []
    const added = service !== undefined && url !== undefined && saidOf(control).present === true
    return added ? [{ service, url }] : []
  })

/** Every service that is configured or reports itself. */
export const servicesOf = ({ live, options }: ApiContext): string[] => [
  ...new Set([
    ...live.heartbeats().map(({ service }) => service),
    ...configuredOf(options.config).map(({ service }) => service),
  ]),
]

/** Every upstream that an ingress has, or will have as soon as it reads what was said. */
export const upstreamsOf = ({ live, knowledge, options }: ApiContext): Known[] => {
  const now = Date.now()
  const beats = live.heartbeats().filter(({ at }) => now - at < SILENT)
  const seen = beats.flatMap(({ instance, service, attributes }) =>
    reportedOf(attributes.get('upstreams')).map((reported) => ({ service, url: reported.url, reported, instance })),
  )
  const silent = configuredOf(options.config).filter((place) => !beats.some(({ service }) => service === place.service))
  const places = new Map<string, Place>()
  for (const { service, url } of [...seen, ...silent, ...saidPlaces(knowledge.control.values())])
    places.set(wordKey(service, url), { service, url })
  return [...places]
    .map(([key, { service, url }]) => ({
      id: upstreamId(service, url),
      service,
      url,
      said: saidOf(knowledge.control.get(key)),
      instances: seen
        .filter((one) => one.service === service && one.url === url)
        .map(({ reported, instance }) => ({ ...reported, instance })),
    }))
    .filter(({ said }) => said.present !== false)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
