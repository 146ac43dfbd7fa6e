/** The ingress with its log, spool and key. */
import { startIngress, type IngressEvent } from '../../ingress/ingress.ts'
import type { Config } from '../../schemas/config.ts'
import { openIngressLog, type IngressLog } from './open-log.ts'
import { allOf, type Readiness } from './readiness.ts'
import { watchLeft } from './left-spools.ts'
import { sayOnControl } from './news.ts'
import { makePlace, placeOf, secretOf, type Place } from './place.ts'
import { openQueueFolder } from './queue-folder.ts'
import { never, type Notice, type Role, type RoleContext } from './role.ts'
import { captureOf, servicesOf } from './services.ts'
import { openSpool } from '../../processors/runtime/logs/embedded/spool.ts'
import type { Ingress, IngressOptions } from '../../ingress/options.ts'

export interface IngressRole extends Role {
  reload(config: Config): void
  readonly ingress: Ingress
}

export interface Tally {
  requests: number
  ghosts: number
  refused: number
}

const count = (tally: Tally, event: IngressEvent): void => {
  if (event.kind === 'request') {
    tally.requests += 1
    if (event.answeredBy === 'self') tally.refused += 1
  }
  if (event.kind === 'ghost') tally.ghosts += 1
}

/** Closes what was opened, last first, even when one of them fails. */
export const closeAll = async (closers: readonly (() => Promise<unknown>)[]): Promise<void> => {
  for (const close of closers.toReversed()) await close().catch(() => undefined)
}

const telemetryOf = ({
  telemetry: { otlp: url, traceShare: share, accessLog, serverTiming },
}: Config): Pick<IngressOptions, 'traces' | 'accessLog' | 'serverTiming'> => ({
  accessLog,
  serverTiming,
  ...(url === '' ? {} : { traces: { url, share } }),
})

/** Each process has its own; the first one has that of a single process. */
const spoolOf = ({ spool }: Place, number: number): string => (number === 1 ? spool : `${spool}-${number}`)

const listenOf = async ({ config: { listen }, worker }: RoleContext): Promise<IngressOptions['listen']> => {
  if (worker === undefined) return listen
  if (!listen.tls.enabled) return listen
  return { ...listen, tls: { ...listen.tls, ticketSeed: await worker.ticketSeed() } }
}

/** To the other processes on this machine, and on Kafka to those elsewhere; who hears a word twice takes it once. */
const newsOf = ({ config, worker }: RoleContext, { log, codecs }: IngressLog): IngressOptions['onNews'] => {
  const say = config.log.kind === 'kafka' ? sayOnControl(log, codecs) : undefined
  return (news) => {
    worker?.tellNews(news)
    say?.(news)
  }
}

const watchSpools = ({ worker, logger }: RoleContext, place: Place, { log }: IngressLog): (() => void) => {
  const numbers = async (): Promise<readonly number[]> => (await worker?.numbers()) ?? [1]
  const used = async (): Promise<string[]> => (await numbers()).map((number) => spoolOf(place, number))
  return watchLeft({ root: place.root, used, log, logger })
}

/** It serves without the log: what is wrong is told, and keeps no request away. */
const readyOf = async (ingress: Ingress, { checks }: IngressLog): Promise<Readiness> => {
  const { state, spool: waiting } = ingress.status().events
  const spooling = state === 'direct' ? [] : [`events are ${state}, ${waiting.records} wait in the spool`]
  return { ready: true, reasons: [...(await allOf(checks)).reasons, ...spooling] }
}

export const startIngressRole = async (context: RoleContext): Promise<IngressRole> => {
  const { config, logger, registry, worker } = context
  const isDev = !context.alone && worker === undefined
  const place = placeOf(config)
  makePlace(place)
  const closers: (() => Promise<unknown>)[] = []
  const tally: Tally = { requests: 0, ghosts: 0, refused: 0 }
  try {
    const opened = await openIngressLog(context)
    closers.push(() => opened.close())
    const dir = spoolOf(place, worker?.number ?? 1)
    const spool = await openSpool({ dir, maxBytes: config.log.spool })
    closers.push(() => spool.close())
    const queue = openQueueFolder(place.queue, config.log.queue)
    closers.push(async () => queue.release())
    const ingress = await startIngress(
      {
        listen: await listenOf(context),
        services: servicesOf(config, isDev),
        capture: captureOf(config),
        overload: config.overload,
        ...telemetryOf(config),
        onCounted: worker?.tellCounts,
        onNews: newsOf(context, opened),
        log: opened.log,
        codecs: opened.codecs,
        spool,
        queue: queue.options,
        secret: secretOf(place),
        registry,
        logger,
        onEvent: (event) => {
          count(tally, event)
          context.onNotice(event satisfies Notice)
        },
      },
      worker?.accepting,
    )
    closers.push(() => ingress.close())
    const stopWatching = watchSpools(context, place, opened)
    closers.push(async () => stopWatching())
    return {
      ingress,
      facts: { proxy: ingress.address, port: ingress.port },
      ready: () => readyOf(ingress, opened),
      failed: never,
      figures: () => {
        const { events } = ingress.status()
        return { ...tally, events: events.emitted, dropped: events.dropped, spooled: events.spool.records }
      },
      reload: (next) => ingress.reload(servicesOf(next, isDev)),
      absorb: (counts) => ingress.absorb(counts),
      hear: (news) => ingress.hear(news),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
