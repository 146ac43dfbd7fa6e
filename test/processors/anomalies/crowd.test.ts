/** Probing from many places, little from each: told as one incident of the service; what only looks like it is not. */
import { describe, expect, it } from 'vitest'
import { anomalies } from '../../../processors/anomalies/anomalies.ts'
import type { Client } from '../../../processors/anomalies/client.ts'
import { closeCrowd, noteInCrowd } from '../../../processors/anomalies/crowd.ts'
import { newCrowd } from '../../../processors/anomalies/probing.ts'
import type { Observation } from '../../../processors/kit/processor.ts'
import type { Anomaly, Event, Exchange } from '../../../schemas/events.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, MINUTE } from '../kit/builders.ts'
import { given } from '../kit/given.ts'
import { AGENT, incidentsIn, stateOf, town, type Spell } from './traffic.ts'

/** One of so many strangers asks once or twice, among the usual traffic. */
const strangers = (at: number, minutes: number, ask: (n: number) => Partial<Exchange>): Event[] =>
  Array.from({ length: minutes * 6 }, (_, n) => {
    const exchange = anExchange({ client: `stranger-${n % 90}`, requestHeaders: [AGENT], ...ask(n) })
    return anEvent({ id: `s${n}`, at: Math.floor(at + (n * MINUTE) / 6), exchange })
  })

const merged = (...lists: readonly (readonly Event[])[]): Event[] => lists.flat().toSorted((a, b) => a.at - b.at)

/** Eight hours in which clients come again and again, then so many minutes with strangers among them. */
const told = (ask: (n: number) => Partial<Exchange>, more: Partial<Spell> = {}, minutes = 20) => {
  const shop = town(41)
  const usual = { rate: 40, over: (target: string) => ({ target, status: 200 }) }
  const before = shop.spell({ minutes: 240, ...usual })
  const at = shop.now()
  const during = shop.spell({ minutes, ...usual, ...more })
  const after = shop.spell({ minutes: 60, ...usual })
  const then = given(anomalies, ...before).when(...merged(during, strangers(at, minutes, ask)), ...after)
  return incidentsIn(then.said)
}

describe('probing from many places', () => {
  it('for credentials is told, with how many did so, and is over when it is', () => {
    const all = told(() => ({ method: 'POST', target: '/users', status: 401 }))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect([stateOf(all[0] as Anomaly), stateOf(all.at(-1) as Anomaly)]).toEqual(['open', 'closed'])
    const probing = all.find(({ kind }) => kind === 'credential_stuffing')
    expect(probing).toMatchObject({ endpoint: '', severity: 0.8 })
    expect(probing?.sentence).toMatch(
      /^shop sees credentials tried from many places: \d\d clients, little each, together \d+ % of requests, usually 0(\.1)? %; started 16:0\d/,
    )
  })

  it('is none where those that come often are refused, too: that is the service', () => {
    const refused = () => ({ method: 'POST', target: '/users', status: 401 })
    const everybody: Partial<Spell> = { over: (target) => ({ target, status: target === '/users' ? 401 : 200 }) }
    expect(told(refused, everybody).map(({ kind }) => kind)).not.toContain('credential_stuffing')
  })

  it('is none where one client does it all: it is told by name', () => {
    const alone = told(() => ({ method: 'POST', target: '/users', status: 401, client: 'mallory' }))
    expect(alone.length).toBeGreaterThan(0)
    for (const { sentence } of alone) expect(sentence).not.toContain('many places')
  })
})

interface Asked {
  readonly path: string
  readonly status: number
  /** Requests of its client in ten minutes. */
  readonly count: number
}

/** Lets minutes of requests to paths that are no endpoint pass; returns what is told, as "minute turn clients". */
const pass = (minutes: number, ask: (minute: number) => readonly Asked[]) => {
  const crowd = newCrowd()
  const said: string[] = []
  for (let minute = 0; minute < minutes; minute++) {
    for (const { path, status, count } of ask(minute)) {
      const o = { path, exchange: { status }, endpoint: undefined } as unknown as Observation
      noteInCrowd(crowd, o, { count, refused: status === 404 ? 1 : 0 } as Client)
    }
    for (const { change, alarm } of closeCrowd(crowd, minute * MINUTE))
      if (change.turn !== 'goes on') said.push(`${minute} ${change.turn} ${alarm.size > 11}`)
  }
  return { said, bytes: JSON.stringify(crowd).length }
}

const fine = (count: number): Asked => ({ path: '/', status: 200, count })
const regulars = Array.from({ length: 20 }, () => fine(30))
const calm = [...regulars, ...Array.from({ length: 10 }, () => fine(1))]

describe('a scan for paths from many places', () => {
  const scan = (minute: number, pathOf: (n: number) => string): Asked[] =>
    Array.from({ length: 5 }, (_, n) => ({ path: pathOf(minute * 5 + n), status: 404, count: 1 }))

  it('is told within minutes, goes on without growing, and ends', () => {
    const { said, bytes } = pass(500, (minute) =>
      minute > 100 && minute < 300 ? [...calm, ...scan(minute, (n) => `/${n}.php`)] : calm,
    )
    expect(said).toEqual([expect.stringMatching(/^10\d raised true/), expect.stringMatching(/^3[01]\d over true/)])
    expect(bytes).toBeLessThan(4_000)
  })

  it('is no broken link that everybody follows', () => {
    expect(pass(300, (minute) => (minute > 100 ? [...calm, ...scan(minute, () => '/gone')] : calm)).said).toEqual([])
  })

  it('is usual once it has stayed for six hours', () => {
    const { said } = pass(1200, (minute) => (minute > 100 ? [...calm, ...scan(minute, (n) => `/${n}`)] : calm))
    expect(said).toEqual([expect.stringMatching(/raised/), expect.stringMatching(/^4\d\d accepted/)])
  })

  it('is imagined less than once in thirty days, where strangers miss now and then', () => {
    const next = random(7)
    const missing = (minute: number): Asked[] => {
      const rate = 0.02 * (1 + Math.sin((minute / 1440) * 2 * Math.PI))
      return calm.map((one) =>
        one.count === 1 && next() < 3 * rate ? { path: `/${next()}`, status: 404, count: 1 } : one,
      )
    }
    const days = 60
    const raised = pass(days * 1440, missing).said.filter((text) => text.includes('raised'))
    expect(raised.length).toBeLessThanOrEqual(days / 30)
  })
})
