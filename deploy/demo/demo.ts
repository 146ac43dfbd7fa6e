/** The show: a shop, its readers, an outage, and what the readers notice of it. About a minute. */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../cli/failure.ts'
import { jsonLogger, terminalLogger, type Logger } from '../cli/logger.ts'
import { openTerminal, type Terminal } from '../cli/terminal.ts'
import { loadConfig, type Loaded } from '../config/load.ts'
import type { Entry, Path } from '../config/tree.ts'
import { flagEntries, type DemoFlags } from '../cli/options.ts'
import { startDev, type Dev } from '../dev/dev.ts'
import { placeOf, readRunFile } from '../roles/place.ts'
import { startBookstore, type Bookstore } from './bookstore/server.ts'
import { openShow, type Show } from './show.ts'
import { playOn } from './play-on.ts'
import { sendTraffic } from './traffic/traffic.ts'
import { visitors } from './visitors.ts'

const RATE = 40
const LEARN_MS = 12_000
const OUTAGE_MS = 15_000
const BACK_MS = 10_000
const CATCH_UP_MS = 10_000
export const SHOP_PORT = 4001

/** A shop that is checked every second, so that the show does not wait for the news. */
const demoEntries = (url: string): Entry[] => {
  const value = (path: Path, v: unknown): Entry => ({ path, value: v, origin: { kind: 'flag', where: 'demo' } })
  return [
    value(['services', 0, 'name'], 'bookstore'),
    value(['services', 0, 'upstreams'], [{ url }]),
    value(['services', 0, 'health', 'active'], {
      path: '/health',
      every: '1s',
      timeout: '1s',
      unhealthyAfter: 2,
      healthyAfter: 1,
    }),
    value(['services', 0, 'breaker'], { window: '10s', minRequests: 5, openFor: '1s' }),
    value(['log', 'profile'], 'demo'),
  ]
}

const configFor = (flags: DemoFlags, url: string): Loaded => {
  const { TARGET_URL: _target, ...environment } = process.env
  const loaded = loadConfig({ environment, flags: [...demoEntries(url), ...flagEntries(flags)] })
  const place = placeOf(loaded.config)
  const run = readRunFile(place)
  if (run)
    throw new CliError(`a demo runs already, process ${run.pid}, at ${run.proxy}`, {
      cure: 'end it, or give this one --profile another',
    })
  // The demo's own profile begins from nothing each time; one that a person named is theirs.
  if (flags.profile === undefined) rmSync(place.root, { recursive: true, force: true })
  return loaded
}

interface Stage {
  readonly stage: string
  readonly partition: number
  readonly position: number
  readonly end: number
}

/**
 * Waits until what was seen so far has been learned, and has come back as ghosts. Not until all is done: readers go on, and
 * something is always under way. A console that cannot say is not waited for.
 */
const caughtUp = async ({ admin }: Dev): Promise<void> => {
  const latest = Date.now() + CATCH_UP_MS
  const stagesOf = async (name: string): Promise<readonly Stage[]> => {
    const { stages } = await admin.get<{ stages: readonly Stage[] }>('/api/pipeline').catch(() => ({ stages: [] }))
    return stages.filter(({ stage }) => stage === name)
  }
  for (const name of ['processors', 'ghosts']) {
    const marks = new Map((await stagesOf(name)).map(({ partition, end }) => [partition, end]))
    const isThere = ({ partition, position }: Stage): boolean => position >= (marks.get(partition) ?? 0)
    while (Date.now() < latest && !(await stagesOf(name)).every(isThere)) await delay(250)
  }
}

interface Cast {
  readonly shop: Bookstore
  readonly dev: Dev
  readonly show: Show
  readonly signal: AbortSignal
}

const learn = async ({ dev, show, signal }: Cast): Promise<void> => {
  show.act('learning', `${visitors().length} readers browse, search, log in and fill carts, ${RATE} requests a second`)
  await Promise.all([dev.complete, show.during(LEARN_MS, signal)])
  await caughtUp(dev)
  show.learned()
}

const outage = async ({ shop, show, signal }: Cast): Promise<void> => {
  await shop.stop()
  show.act('outage', 'The bookstore dies. Its readers go on.')
  await show.during(OUTAGE_MS, signal)
  show.judged()
}

const back = async ({ shop, show, signal }: Cast): Promise<void> => {
  await shop.start()
  show.act('back', 'The bookstore is back.')
  await show.untilLive(BACK_MS, signal)
}

const openShopFor = (): Promise<Bookstore> =>
  startBookstore({ port: SHOP_PORT }).catch(() => startBookstore({ port: 0 }))

const traffic = (cast: Cast): Promise<number> =>
  sendTraffic({
    base: cast.dev.facts.proxy.replace('localhost', '127.0.0.1'),
    visitors: visitors(),
    rate: RATE,
    seed: 1,
    signal: cast.signal,
    onAnswer: cast.show.onAnswer,
  })

const loggerFor = (flags: DemoFlags, terminal: Terminal): Logger =>
  flags.json === true ? jsonLogger('info') : terminalLogger(terminal, flags.verbose === true ? 'info' : 'error')

/** Plays the show, then leaves everything running unless it was asked to end. */
export const runDemo = async (flags: DemoFlags): Promise<void> => {
  const terminal = openTerminal()
  const logger = loggerFor(flags, terminal)
  const shop = await openShopFor()
  const abort = new AbortController()
  let dev: Dev | undefined
  try {
    const show = openShow({ terminal, logger, json: flags.json === true, shop })
    show.welcome()
    dev = await startDev({ loaded: configFor(flags, shop.url), logger, onNotice: show.onNotice })
    show.opened(dev)
    const cast: Cast = { shop, dev, show, signal: abort.signal }
    const going = traffic(cast)
    await playOn({
      cast,
      abort,
      terminal,
      once: flags.once === true,
      acts: [learn, outage, back].map((act) => () => act(cast)),
    })
    await going
  } finally {
    abort.abort()
    const summary = await dev?.close()
    await shop.stop()
    if (summary) logger.info(summary, 'stopped')
  }
}
