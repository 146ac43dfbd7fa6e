/** Faults on purpose raise nothing, neither by themselves nor by what clients make of them, unless it was asked for. */
import { describe, expect, it } from 'vitest'
import { anomalies } from '../../../processors/anomalies/anomalies.ts'
import type { Event } from '../../../schemas/events.ts'
import { anEvent, anExchange } from '../kit/builders.ts'
import { given } from '../kit/given.ts'
import { AGENT, incidentsIn, stateOf, town, type Spell } from './traffic.ts'

const HUSHED = ['failure/drill']
const TOLD = ['failure/drill/alarm']
const usual = (seed: number, spell: (shop: ReturnType<typeof town>) => readonly Event[]) => {
  const shop = town(seed)
  const before = shop.spell({ minutes: 240 })
  return incidentsIn(given(anomalies, ...before).when(...spell(shop)).said)
}
const struck = (faults: readonly string[], more: Partial<Spell> = {}): Spell => ({
  minutes: 20,
  over: () => ({ answeredBy: 'fault', status: 503, why: 'fault', faults }),
  ...more,
})

describe('faults on purpose', () => {
  it('are the reason when clients come again at once, or stay away', () => {
    expect(usual(21, (shop) => shop.spell(struck(HUSHED, { rate: 40 })))).toEqual([])
    const away = (shop: ReturnType<typeof town>) => [
      ...shop.spell(struck(HUSHED)),
      ...shop.spell({ minutes: 9, rate: 0 }),
    ]
    expect(usual(22, away)).toEqual([])
  })

  it('excuse no silence that goes on', () => {
    const told = usual(23, (shop) => [...shop.spell(struck(HUSHED)), ...shop.spell({ minutes: 40, rate: 0 })])
    expect(told.map(({ kind }) => kind)).toEqual(['traffic_drop'])
  })

  it('that strike one request in a hundred excuse nothing', () => {
    let asked = 0
    const over = () => (asked++ % 100 === 0 ? { faults: HUSHED } : {})
    const told = usual(24, (shop) => shop.spell({ minutes: 20, rate: 60, over }))
    expect(told.map(({ kind }) => kind)).toEqual(['traffic_spike'])
  })

  it.each([401, 404, 405])('make no intruder of a client that they answer %i', (status) => {
    const shop = town(25)
    const before = shop.spell({ minutes: 240 })
    const refused = Array.from({ length: 200 }, (_, i) => {
      const answer = { answeredBy: 'fault', why: 'fault', status, faults: HUSHED } as const
      const exchange = anExchange({ target: '/users', client: 'client-1', requestHeaders: [AGENT], ...answer })
      return anEvent({ id: `f${i}`, at: shop.now() + i * 1_000_000, exchange })
    })
    expect(
      given(anomalies, ...before)
        .when(...refused)
        .on('anomalies'),
    ).toEqual([])
  })

  it('that somebody wants to hear of are told like the real thing, and over when they are', () => {
    const drill = (shop: ReturnType<typeof town>) => [...shop.spell(struck(TOLD)), ...shop.spell({ minutes: 60 })]
    const told = usual(26, drill)
    expect(told.map(({ kind }) => kind)).toEqual(['errors', 'errors'])
    expect(told.map(stateOf)).toEqual(['open', 'closed'])
  })
})
