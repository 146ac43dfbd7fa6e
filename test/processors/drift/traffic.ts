/** Traffic for the watchdog's tests: answers of one service, one second apart, from a seed. */
import type { Event, Exchange } from '../../../schemas/events.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, json, NOON, SECOND } from '../kit/builders.ts'

export interface Scene {
  readonly i: number
  readonly next: () => number
}

type Answer = (scene: Scene) => { readonly body?: unknown; readonly over?: Partial<Exchange> }

/** `count` events from index `from` on. */
export const traffic = (from: number, count: number, answer: Answer): Event[] => {
  const next = random(from + 1)
  return Array.from({ length: count }, (_, n) => {
    const i = from + n
    const { body, over } = answer({ i, next })
    const exchange = anExchange({ target: '/users', ...(body === undefined ? {} : json(body)), ...over })
    return anEvent({ id: `e${i}`, at: NOON + i * SECOND, exchange })
  })
}

/** A user as the first version gives it. */
export const aUser = ({ i, next }: Scene): Record<string, unknown> => ({
  id: i,
  user_id: `u-${i % 7}-${i % 11}`,
  name: `name ${Math.floor(next() * 1e6)}`,
  role: ['admin', 'reader', 'writer'][i % 3],
  address: { city: `city ${i % 13}`, zip: i * 17 },
  ...(next() < 0.5 ? { nick: 'x' } : {}),
})

export const without = (body: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))
