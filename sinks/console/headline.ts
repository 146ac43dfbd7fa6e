/** The state in one plain sentence, for somebody in a hurry. */
import { isBad, type UpstreamState } from './conditions.ts'
import type { Haunting } from './hauntings.ts'
import type { Live } from './live.ts'

const clock = (iso: string): string => iso.slice(11, 19)
const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

export interface Told {
  readonly state: 'idle' | 'live' | 'ghost' | 'mock' | 'down'
  readonly sentence: string
}

export interface Situation {
  readonly live: Pick<Live, 'summary' | 'hauntings' | 'upstreams' | 'silence'>
  readonly modes: Modes
  /** How many endpoints are learned. */
  readonly known: number
  /** Why the log cannot be followed. */
  readonly trouble: string | undefined
}

type Modes = readonly { readonly service: string; readonly mode: string }[]

const inMode = (modes: Modes, wanted: string): string[] =>
  modes.filter(({ mode }) => mode === wanted).map(({ service }) => service)

const spanOf = ({ service, since, answers }: Haunting): string =>
  `for ${service} since ${clock(since)} UTC (${plural(answers, 'answer')})`

/** What ghosts do now. */
const tellHaunted = (hauntings: readonly Haunting[]): Told | undefined => {
  const of = (wanted: Haunting['stage']): string =>
    hauntings
      .filter(({ stage }) => stage === wanted)
      .map(spanOf)
      .join('; ')
  const [all, some] = [of('all'), of('some')]
  if (all === '' && some === '') return undefined
  const parts = [
    ...(all === '' ? [] : [`The backend does not answer, so ghosts do: ${all}.`]),
    ...(some === '' ? [] : [`The backend answers only a part, and ghosts the rest: ${some}.`]),
  ]
  return { state: 'ghost', sentence: parts.join(' ') }
}

interface Downed {
  readonly service: string
  readonly dead: boolean
  readonly text: string
}

const downedOf = (service: string, states: readonly UpstreamState[]): Downed => {
  const own = states.filter((one) => one.service === service && one.upstream !== '*')
  const bad = own.filter(isBad)
  if (bad.length === own.length || bad.length === 0)
    return { service, dead: true, text: `The backend of ${service} is down.` }
  const [is, names] = [bad.length === 1 ? 'is' : 'are', bad.map(({ upstream }) => upstream).join(', ')]
  const text = `${bad.length} of ${own.length} backends of ${service} ${is} down (${names}); the others answer.`
  return { service, dead: false, text }
}

/** Where one of several is down, nobody notices yet. */
const tellDown = (live: Situation['live'], modes: Modes): Told | undefined => {
  const states = live.upstreams()
  const services = new Set(states.filter(isBad).map(({ service }) => service))
  if (services.size === 0) return undefined
  const downed = [...services].map((service) => downedOf(service, states))
  const dead = downed.filter((one) => one.dead)
  const off = inMode(modes, 'off')
  const next = dead.every(({ service }) => off.includes(service))
    ? 'Ghosts are switched off, so clients see the errors.'
    : 'Ghosts take over as requests come.'
  const parts = downed.map(({ text }) => text)
  return { state: 'down', sentence: [...parts, ...(dead.length > 0 ? [next] : [])].join(' ') }
}

const tellOver = (over: readonly Haunting[]): Told => {
  const parts = over.map(
    ({ service, since, last, answers }) =>
      `for ${service} from ${clock(since)} to ${clock(last)} UTC (${plural(answers, 'answer')})`,
  )
  return { state: 'live', sentence: `The backend answers again; ghosts stood in ${parts.join('; ')}.` }
}

/** A log that cannot be read, and ingresses that are not heard of: nothing that is shown is new. */
const tellBlind = ({ live, trouble }: Situation): Told | undefined => {
  if (trouble !== undefined) return { state: 'down', sentence: `The figures below stand still: ${trouble}.` }
  const seconds = Math.round(live.silence() / 1000)
  if (seconds === 0) return undefined
  const sentence = `No ingress has been heard of for ${seconds} s: none runs, or none reaches the log. Look at its output, and at chaos-proxy doctor.`
  return { state: 'down', sentence }
}

/** One plain sentence: the most important thing first. */
export const tell = (situation: Situation): Told => {
  const { live, modes, known } = situation
  const mocked = inMode(modes, 'mock').join(', ')
  if (mocked !== '')
    return { state: 'mock', sentence: `Mock mode: ghosts answer everything for ${mocked}; the backend is not asked.` }
  const hauntings = live.hauntings()
  const grave = tellBlind(situation) ?? tellHaunted(hauntings) ?? tellDown(live, modes)
  if (grave !== undefined) return grave
  const over = hauntings.filter(({ stage }) => stage === 'over')
  if (over.length > 0) return tellOver(over)
  if (live.summary().total > 0)
    return { state: 'live', sentence: 'The backend answers; Chaos-Proxy watches and learns.' }
  const sentence =
    known === 0
      ? 'Waiting for the first request: send some traffic through the proxy.'
      : 'Quiet: no requests in the last minute.'
  return { state: 'idle', sentence }
}
