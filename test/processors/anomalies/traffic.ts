/** A service's traffic, drawn from a seed, minute by minute: what a test says nothing about is ordinary. */
import type { Anomaly, Event, Exchange } from '../../../schemas/events.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, aSignal, MINUTE, NOON } from '../kit/builders.ts'
import type { Said } from '../kit/given.ts'

export const AGENT = { name: 'User-Agent', value: 'shop-app/4.2 (ios)' }
const PATHS = ['/books', '/books', '/carts', '/orders', '/users']

export interface Spell {
  readonly minutes: number
  /** Requests a minute; one heartbeat a minute comes besides. */
  readonly rate?: number
  /** Drawn from, each as likely. */
  readonly paths?: readonly string[]
  readonly slower?: number
  readonly failing?: number
  /** What else differs, by path. */
  readonly over?: (path: string) => Partial<Exchange>
}

export interface Town {
  /** Goes on from where the last spell ended. */
  spell(spell: Spell): Event[]
  now(): number
}

const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

export const town = (seed = 1, from = NOON): Town => {
  const next = random(seed)
  let at = from
  let count = 0
  const ask = (time: number, { paths = PATHS, slower = 1, failing = 0, over }: Spell): Event => {
    const target = paths[Math.floor(next() * paths.length)] ?? '/'
    const total = Math.round(20_000 * Math.exp(0.4 * normal(next)) * slower)
    const status = next() < failing ? 503 : 200
    const client = `client-${Math.floor(next() * 40)}`
    const timings = { queue: 0, connect: 0, firstByte: total, total }
    const exchange = anExchange({ target, status, client, timings, requestHeaders: [AGENT], ...over?.(target) })
    return anEvent({ id: `e${count++}`, at: Math.floor(time), exchange })
  }
  return {
    now: () => at,
    spell: (spell) => {
      const events: Event[] = []
      for (let minute = 0; minute < spell.minutes; minute++, at += MINUTE) {
        events.push(anEvent({ id: `h${count++}`, at, signal: aSignal() }))
        const rate = spell.rate ?? 4
        for (let i = 0; i < rate; i++) events.push(ask(at + ((i + 0.2 + 0.6 * next()) * MINUTE) / rate, spell))
      }
      return events
    },
  }
}

/** Incidents as they were published, in order; strange requests left out. */
export const incidentsIn = (said: readonly Said[]): Anomaly[] =>
  said.flatMap(({ topic, value }) =>
    topic === 'anomalies' && value !== null && (value as Anomaly).kind !== 'request' ? [value as Anomaly] : [],
  )

export const stateOf = ({ details }: Anomaly): string => String((JSON.parse(details) as { state: string }).state)
