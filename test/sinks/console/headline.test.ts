import { expect, test } from 'vitest'
import type { Event, Exchange, Signal } from '../../../schemas/events.ts'
import { tell } from '../../../sinks/console/headline.ts'
import { createLive } from '../../../sinks/console/live.ts'
import { anEvent, aSignal, T0 } from '../events.ts'

/** A console that is told what happens; each step says at which second. */
const openDesk = () => {
  let second = 0
  const live = createLive(() => T0 / 1000 + second * 1000)
  const hear = (at: number, event: Event): void => {
    second = Math.max(second, at)
    live.observe({ ...event, at: T0 + at * 1e6 })
  }
  const exchange = (at: number, part: Partial<Exchange>): void => hear(at, anEvent(1, {}, part))
  const signal = (at: number, part: Partial<Signal>, instance = 'i1'): void => hear(at, aSignal(1, part, { instance }))
  return {
    ghost: (at: number, why = 'unavailable') =>
      exchange(at, { answeredBy: 'ghost', why, ghost: { kind: 'exact', confidence: 1, activation: 'a' } }),
    live: (at: number, status = 200) => exchange(at, { answeredBy: 'upstream', why: 'live', status }),
    signal,
    beat: (at: number, upstreams: readonly object[], instance = 'i1') =>
      signal(at, { attributes: [{ name: 'upstreams', value: JSON.stringify(upstreams) }] }, instance),
    /** The headline, at a time. */
    at: (time: number, modes: Parameters<typeof tell>[0]['modes'] = [], trouble?: string): string => {
      second = time
      const { state, sentence } = tell({ live, modes, known: 1, trouble })
      return `${state}: ${sentence}`
    },
  }
}

test('it turns with the first answers of the backend, and says who stood in, and for how long', () => {
  const desk = openDesk()
  for (const s of [1, 2, 3, 4]) desk.ghost(s)
  expect(desk.at(4)).toBe('ghost: The backend does not answer, so ghosts do: for shop since 12:00:01 UTC (4 answers).')
  desk.live(4.1)
  // It may be a probe.
  expect(desk.at(4.2)).toContain('does not answer')
  desk.live(4.2)
  desk.live(4.3)
  expect(desk.at(4.3)).toBe(
    'live: The backend answers again; ghosts stood in for shop from 12:00:01 to 12:00:04 UTC (4 answers).',
  )
  desk.beat(63, [])
  expect(desk.at(63)).toContain('answers again')
  expect(desk.at(70)).toContain('Quiet')
})

test('one answer is enough when no ghost comes after it for a second, and so is an upstream that is up', () => {
  const desk = openDesk()
  desk.ghost(1)
  desk.live(2)
  expect(desk.at(3)).toContain('answers again')
  desk.ghost(20)
  desk.signal(21, { kind: 'health', subject: 'http://a:1', from: 'down', to: 'up' })
  expect([desk.at(21.5), desk.at(22)].map((text) => text.split(':')[0])).toEqual(['ghost', 'live'])
})

test('what says nothing of the backend does not turn it', () => {
  const desk = openDesk()
  desk.ghost(5)
  // Errors of the backend, answers to what was asked before the ghost answered, and the news of one endpoint.
  for (const s of [6, 6.1, 6.2, 6.3]) desk.live(s, 503)
  for (const s of [4, 4.1, 4.2, 4.3]) desk.live(s)
  desk.signal(6, { kind: 'breaker', subject: 'http://a:1 shop GET /a', from: 'open', to: 'closed' })
  expect(desk.at(14)).toContain('does not answer')
})

test('a backend that fails now and then turns it once, not each second', () => {
  const desk = openDesk()
  const seen: string[] = []
  for (let s = 0; s < 30; s++) {
    desk.ghost(s)
    for (const part of [0.1, 0.2, 0.3, 0.4]) desk.live(s + part)
    seen.push(desk.at(s + 0.5).slice(0, 40))
  }
  expect(new Set(seen.slice(1))).toEqual(new Set(['ghost: The backend answers only a part, ']))
  desk.beat(36, [])
  expect(desk.at(36)).toContain('only a part')
  expect(desk.at(40)).toContain('answers again')
})

test('one that answers now and then and dies is dead', () => {
  const desk = openDesk()
  desk.ghost(0)
  for (const s of [1, 1.1, 1.2]) desk.live(s)
  for (const s of [2, 3, 4, 5, 6, 7, 8]) desk.ghost(s)
  expect([desk.at(3), desk.at(8)].map((text) => text.slice(0, 30))).toEqual([
    'ghost: The backend answers onl',
    'ghost: The backend does not an',
  ])
})

test('a late ghost, asked before the backend was back, does not turn it', () => {
  const desk = openDesk()
  desk.ghost(1)
  for (const s of [2, 2.1, 2.2]) desk.live(s)
  desk.ghost(1.5)
  expect(desk.at(2.3)).toMatch(/^live: The backend answers again; .* \(2 answers\)/)
})

test('a new outage is told for itself, and mock mode is none', () => {
  const desk = openDesk()
  desk.ghost(1)
  for (const s of [2, 2.1, 2.2]) desk.live(s)
  desk.ghost(30)
  expect(desk.at(30)).toContain('since 12:00:30 UTC (1 answer)')
  const mock = openDesk()
  mock.ghost(1, 'mode-mock')
  expect(mock.at(1, [{ service: 'shop', mode: 'mock' }])).toMatch(/^mock: Mock mode: .* for shop/)
  expect(mock.at(2)).toContain('live: The backend answers')
})

test('of several backends it says how many are down', () => {
  const desk = openDesk()
  const upstream = (url: string, health: string) => ({ url, health, breaker: 'closed' })
  desk.beat(1, [upstream('http://a:1', 'down'), upstream('http://b:1', 'up')])
  expect(desk.at(1)).toBe('down: 1 of 2 backends of shop is down (http://a:1); the others answer.')
  desk.beat(2, [upstream('http://a:1', 'down'), upstream('http://b:1', 'down')])
  expect(desk.at(2)).toBe('down: The backend of shop is down. Ghosts take over as requests come.')
  expect(desk.at(2, [{ service: 'shop', mode: 'off' }])).toContain('Ghosts are switched off')
})

test('what an ingress said that is gone, and whom another one followed, counts no more', () => {
  const desk = openDesk()
  desk.signal(1, { kind: 'breaker', subject: '*', from: 'closed', to: 'open' })
  desk.signal(1, { kind: 'breaker', subject: 'http://a:1', from: 'closed', to: 'open' })
  const well = [{ url: 'http://a:1', health: 'up', breaker: 'closed' }]
  for (const s of [2, 7, 12, 17]) desk.beat(s, well, 'i2')
  expect([desk.at(15), desk.at(17)].map((text) => text.split(':')[0])).toEqual(['down', 'idle'])
})

test('it says when it knows nothing new', () => {
  const desk = openDesk()
  desk.beat(1, [])
  expect(desk.at(20)).toMatch(/^down: No ingress has been heard of for 19 s: .* chaos-proxy doctor\.$/)
  desk.beat(21, [])
  expect(desk.at(22)).toContain('Quiet')
  expect(desk.at(22, [], 'no brokers')).toBe('down: The figures below stand still: no brokers.')
})
