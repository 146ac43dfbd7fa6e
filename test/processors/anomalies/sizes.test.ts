import { describe, expect, it } from 'vitest'
import { anomalies } from '../../../processors/anomalies/anomalies.ts'
import type { Event, Exchange } from '../../../schemas/events.ts'
import { random } from '../../topology/recording.ts'
import { anExchange } from '../kit/builders.ts'
import { given } from '../kit/given.ts'
import { incidentsIn, stateOf, town } from './traffic.ts'

const HOURS = 60
const A_DAY = 24 * HOURS

/** Answers of a few hundred bytes, lists ten times as long. */
const sizedBy = (seed: number, factor = 1) => {
  const next = random(seed)
  return (path: string): Partial<Exchange> => {
    const length = Math.round(300 * (path === '/books' ? 10 : 1) * Math.exp(next() + next() - 1) * factor)
    return { responseBody: { ...anExchange().responseBody, length } }
  }
}

const told = (before: readonly Event[], then: readonly Event[]) =>
  incidentsIn(given(anomalies, ...before).when(...then).said)

describe("the sizes of a service's answers", () => {
  it('when they come back all but empty, then it is told once, and that it is over', () => {
    const shop = town(21)
    const before = shop.spell({ minutes: A_DAY, rate: 10, over: sizedBy(1) })
    const ill = shop.spell({ minutes: 40, rate: 10, over: sizedBy(2, 0.01) })
    const incidents = told(before, [...ill, ...shop.spell({ minutes: 60, rate: 10, over: sizedBy(3) })])
    expect(incidents.map(stateOf)).toEqual(['open', 'closed'])
    expect(incidents[0]).toMatchObject({ kind: 'sizes', service: 'shop', endpoint: '' })
    expect(incidents[0]?.sentence).toMatch(
      /^shop sends smaller answers than usual for Friday 1[12]:00: the mean one is smaller than (100|[89]\d) % of/,
    )
  })

  it('when they grow threefold, then it is told, and accepted when it stays', () => {
    const shop = town(22)
    const before = shop.spell({ minutes: A_DAY, rate: 10, over: sizedBy(1) })
    const incidents = told(before, shop.spell({ minutes: 9 * HOURS, rate: 10, over: sizedBy(2, 3) }))
    expect(incidents.map(stateOf)).toEqual(['open', 'accepted'])
    expect(incidents[0]?.sentence).toContain('sends larger answers than usual')
  })

  it('when other endpoints are asked for than usual, then nothing is told of sizes', () => {
    const shop = town(23)
    const before = shop.spell({ minutes: A_DAY, rate: 10, over: sizedBy(1) })
    const lists = shop.spell({ minutes: 60, rate: 10, over: sizedBy(2) }).map((event) =>
      event.exchange === null
        ? event
        : {
            ...event,
            exchange: {
              ...event.exchange,
              target: '/books',
              responseBody: { ...event.exchange.responseBody, ...sizedBy(4)('/books').responseBody },
            },
          },
    )
    expect(told(before, lists).map(({ kind }) => kind)).not.toContain('sizes')
  })
})
