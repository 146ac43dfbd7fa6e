/** What the audience sees: a few lines per act, at most 80 columns, and the same as data with --json. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../cli/logger.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { Dev } from '../dev/dev.ts'
import type { Notice } from '../roles/role.ts'
import type { Bookstore } from './bookstore/server.ts'
import { count, fidelity, judge, newTally, served, type Tally } from './judge.ts'
import type { Answered, Asked } from './traffic/traffic.ts'

export type Act = 'start' | 'learning' | 'outage' | 'back' | 'play'

export interface Show {
  welcome(): void
  opened(dev: Dev): void
  act(act: Act, title: string): void
  /** Lets the act run, with a line now and then. */
  during(ms: number, signal: AbortSignal): Promise<void>
  learned(): void
  judged(): void
  /** Waits for the first unmarked answer. */
  untilLive(ms: number, signal: AbortSignal): Promise<void>
  onAnswer(asked: Asked, answered: Answered | undefined): void
  onNotice(notice: Notice): void
  curtain(): void
}

export interface ShowOptions {
  readonly terminal: Terminal
  readonly logger: Logger
  readonly json: boolean
  readonly shop: Bookstore
}

interface Stage extends ShowOptions {
  readonly began: number
  act: Act
  number: number
  actBegan: number
  tally: Tally
  endpoints: number
  shown: Set<string>
  firstLive: number | undefined
  firstGhost: number | undefined
  dev: Dev | undefined
}

const percent = (share: number): string => `${(share * 100).toFixed(share === 1 ? 0 : 1)} %`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const say = (stage: Stage, line = ''): void => {
  if (!stage.json) stage.terminal.print(line === '' ? '' : `     ${line}`)
}

const EXAMPLES = 4
/** One example per kind of page, so that the audience sees what an answer looks like. */
const example = (stage: Stage, asked: Asked, answered: Answered, right: boolean): void => {
  const page = asked.target.split('?')[0]?.replace(/\d+/g, '#') ?? ''
  if (stage.shown.size >= EXAMPLES || stage.shown.has(page)) return
  stage.shown.add(page)
  const { paint } = stage.terminal
  const what = `${asked.method} ${asked.target}`.slice(0, 34).padEnd(34)
  const kind = `x-ghost: ${answered.headers.get('x-ghost') ?? ''}`.padEnd(18)
  say(
    stage,
    `${paint('purple', 'ghost')}  ${what} ${answered.status}  ${kind} ${right ? 'as the shop' : 'not the same'}`,
  )
}

const onAnswer = (stage: Stage, asked: Asked, answered: Answered | undefined): void => {
  const verdict = judge(stage.shop.shop, asked, answered)
  count(stage.tally, asked, verdict)
  if (verdict === 'live') stage.firstLive ??= performance.now()
  if (!answered || (verdict !== 'right' && verdict !== 'different')) return
  stage.firstGhost ??= performance.now()
  if (stage.act === 'outage') example(stage, asked, answered, verdict === 'right')
}

const begin = (stage: Stage, act: Act, title: string): void => {
  stage.act = act
  stage.actBegan = performance.now()
  stage.tally = newTally()
  stage.firstLive = undefined
  stage.number += 1
  if (stage.json) return stage.logger.info({ act }, title)
  stage.terminal.print()
  stage.terminal.print(
    `  ${stage.terminal.paint('bold', String(stage.number))}  ${stage.terminal.paint('bold', title)}`,
  )
}

const judged = (stage: Stage): void => {
  const { tally, json, logger } = stage
  const right = fidelity(tally)
  if (json) return logger.info({ ...tally, fidelity: right, served: served(tally) }, 'judged')
  const { paint } = stage.terminal
  const others = tally.refused - tally.refusedWrites
  say(
    stage,
    `${tally.right + tally.different} answers came from ghosts; ${tally.failed} clients were left without an answer`,
  )
  say(
    stage,
    paint(
      'bold',
      `fidelity ${percent(right)}: ${tally.right} were what the shop would have said, ${tally.different} were not`,
    ),
  )
  say(stage, `${tally.refusedWrites} writes and ${others} reads got an honest 503 with Retry-After`)
}

const untilLive = async (stage: Stage, ms: number, signal: AbortSignal): Promise<void> => {
  const end = performance.now() + ms
  while (stage.firstLive === undefined && performance.now() < end && !signal.aborted) await delay(50)
  const after = stage.firstLive === undefined ? undefined : stage.firstLive - stage.actBegan
  if (stage.json) stage.logger.info({ after }, 'live again')
  else if (after === undefined) say(stage, 'no answer of its own yet')
  else say(stage, `${seconds(after)} later it answers for itself again, and nothing is marked any more`)
}

const opened = (stage: Stage, dev: Dev): void => {
  stage.dev = dev
  if (stage.json)
    return stage.logger.info({ proxy: dev.facts.proxy, admin: dev.facts.admin, shop: stage.shop.url }, 'ready')
  say(stage, `Bookstore     ${stage.shop.url}`)
  say(stage, `Chaos-Proxy   ${dev.facts.proxy}   in front of it, ready in ${dev.facts.ms} ms`)
  say(stage, `Control       ${dev.facts.admin}`)
}

const curtain = (stage: Stage): void => {
  if (stage.json || !stage.dev) return
  const { print, interactive } = stage.terminal
  const { proxy, admin } = stage.dev.facts
  print()
  print(
    `  The first ghost answered ${seconds((stage.firstGhost ?? stage.began) - stage.began)} after the start. It all runs on; try:`,
  )
  print(`     curl -i ${proxy}/books/7`)
  print(`     open ${admin}`)
  print(interactive ? '  Keys: k kill or revive the bookstore, o open the control deck, q quit' : '  Ctrl-C ends it.')
}

/** Opens the stage. */
export const openShow = (options: ShowOptions): Show => {
  const stage: Stage = {
    ...options,
    began: performance.now(),
    act: 'start',
    number: 0,
    actBegan: 0,
    tally: newTally(),
    endpoints: 0,
    shown: new Set(),
    firstLive: undefined,
    firstGhost: undefined,
    dev: undefined,
  }
  const { terminal } = options
  return {
    welcome: () => {
      if (stage.json) return
      terminal.print()
      terminal.print(`  ${terminal.paint('bold', 'Chaos-Proxy')}  a bookstore dies, and its readers do not notice`)
      begin(stage, 'start', 'A bookstore opens, and something stands in front of it')
    },
    opened: (dev) => opened(stage, dev),
    act: (act, title) => begin(stage, act, title),
    during: async (ms, signal) => await delay(ms, undefined, { signal }).catch(() => undefined),
    learned: () => {
      const { live } = stage.tally
      if (stage.json) return stage.logger.info({ ...stage.tally, endpoints: stage.endpoints }, 'learned')
      say(stage, `${live} answers came from the bookstore; what they have in common is learned`)
    },
    judged: () => judged(stage),
    untilLive: (ms, signal) => untilLive(stage, ms, signal),
    onAnswer: (asked, answered) => onAnswer(stage, asked, answered),
    onNotice: (notice) => {
      if (notice.kind === 'learned') stage.endpoints += 1
      if (notice.kind !== 'up' && notice.kind !== 'down' && notice.kind !== 'learned') return
      if (stage.json) return stage.logger.info(notice, notice.kind)
      if (notice.kind === 'learned')
        say(stage, `${terminal.paint('blue', 'learned')} ${notice.endpoint.replaceAll('bookstore ', '')}`.slice(0, 90))
    },
    curtain: () => curtain(stage),
  }
}
