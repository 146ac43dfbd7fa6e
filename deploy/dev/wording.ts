/** What a person reads while chaos-proxy runs: a few lines at the start, then what happens, not what passes. */
import type { Config } from '../../schemas/config.ts'
import { harmless, type Colour, type Paint } from '../cli/terminal.ts'
import type { Notice } from '../roles/role.ts'

export interface StartFacts {
  readonly version: string
  readonly ms: number
  readonly proxy: string
  readonly admin: string
  readonly upstreams: readonly { readonly url: string; readonly health: string; readonly latency: number }[]
  readonly config: Config
  /** `port 8080 was busy`, or ''. */
  readonly moved: string
  readonly profileDir: string
}

const health = (facts: StartFacts, paint: Paint): string => {
  const [first] = facts.upstreams
  if (!first || first.health === 'unknown') return ''
  if (first.health === 'down') return paint('yellow', '  (does not answer yet)')
  return paint('dim', `  (healthy${first.latency >= 0 ? `, ${Math.max(1, Math.round(first.latency))} ms` : ''})`)
}

const days = (ms: number): string => (ms % 86_400_000 === 0 ? `${ms / 86_400_000}d` : `${Math.round(ms / 3_600_000)}h`)

const dataLine = ({ config, profileDir }: StartFacts): string =>
  config.log.kind === 'kafka'
    ? `${config.log.brokers.join(', ')}   Kafka, exchanges kept ${days(config.log.retention)}`
    : `${profileDir}   embedded log, kept ${days(config.log.retention)}   (--bus kafka://host:9092)`

const MODES = {
  off: 'off        learning; ghosts do not answer',
  failover: 'failover   learning; ghosts answer when the backend is down',
  mock: 'mock       ghosts answer everything',
} as const

/** At most nine lines. */
export const startLines = (facts: StartFacts, paint: Paint): string[] => {
  const label = (text: string): string => `  ${paint('green', '➜')}  ${paint('bold', text.padEnd(10))}`
  const targets = facts.upstreams.map((u) => u.url).join(', ')
  const mode = facts.config.services[0]?.ghost.mode ?? 'failover'
  return [
    `  ${paint('bold', `Chaos-Proxy ${facts.version}`)}   ready in ${facts.ms} ms${facts.moved === '' ? '' : `   ${paint('yellow', facts.moved)}`}`,
    '',
    `${label('Proxy')} ${facts.proxy}   ->  ${targets}${health(facts, paint)}`,
    `${label('Control')} ${facts.admin}`,
    `${label('Mode')} ${MODES[mode]}`,
    `${label('Data')} ${dataLine(facts)}`,
    '',
    `  Waiting for the first request. Try:  curl -i ${facts.proxy}/`,
  ]
}

const COLOURS: Readonly<Record<Notice['kind'], Colour>> = {
  up: 'green',
  down: 'red',
  ghost: 'purple',
  learned: 'blue',
  drift: 'yellow',
  anomaly: 'yellow',
  mode: 'bold',
  request: 'dim',
  log: 'yellow',
}

const LOG_STATES: Readonly<Record<string, string>> = {
  direct: 'the log takes events again',
  spooling: 'the log is away; events wait on disk',
  losing: 'the log is away and the spool is full; events are being lost and counted',
}

const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`)

const sentence = (notice: Notice): string => {
  switch (notice.kind) {
    case 'up':
      return `${notice.upstream} answers again`
    case 'down':
      return `${notice.upstream} does not answer (${notice.reason})`
    case 'mode':
      return `${notice.service}: ${notice.from} -> ${notice.to}${inBrackets(notice.by)}`
    case 'ghost':
      return `${notice.method} ${notice.target} -> ${notice.status}   ${notice.ghost}, ${Math.round(notice.confidence * 100)} % sure`
    case 'request':
      return `${notice.method} ${notice.target} -> ${notice.status}   ${notice.answeredBy}, ${notice.ms.toFixed(1)} ms`
    case 'log':
      return `${LOG_STATES[notice.state] ?? notice.state}${inBrackets(notice.reason)}`
    case 'learned':
      return notice.endpoint
    case 'drift':
    case 'anomaly':
      return `${notice.endpoint}   ${notice.summary}`
  }
}

/** One line for one thing that happened. */
export const noticeLine = (notice: Notice, paint: Paint): string =>
  `  ${paint(COLOURS[notice.kind], notice.kind.padEnd(8))} ${harmless(sentence(notice))}`

export interface Summary {
  readonly seconds: number
  readonly requests: number
  readonly ghosts: number
  readonly refused: number
  readonly endpoints: number
  readonly events: number
  readonly lost: number
  readonly spooled: number
  readonly profileDir: string
}

const span = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`

/** The four lines at the end. */
export const summaryLines = (s: Summary): string[] => [
  `  Ran ${span(s.seconds)}; ${s.requests} requests passed.`,
  `  Ghosts answered ${s.ghosts}, and refused ${s.refused} that they were not sure of.`,
  `  ${s.events} events are on the log${s.spooled > 0 ? `, ${s.spooled} wait in the spool` : ''}${s.lost > 0 ? `, ${s.lost} were lost` : ''}; ${s.endpoints} endpoints are known.`,
  `  All of it stays in ${s.profileDir}.`,
]
