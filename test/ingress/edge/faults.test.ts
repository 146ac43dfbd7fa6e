import { beforeEach, describe, expect, it } from 'vitest'
import { openFaults, type Faults } from '../../../ingress/edge/faults.ts'
import type { Control } from '../../../schemas/events.ts'

const SECOND = 1e6
const DAY = 86_400 * SECOND
const START = 1_800_000_000 * SECOND
const time = { wall: START, clock: 0 }
const told: string[] = []
const say = (_: object, message: string): void => void told.push(message)
let faults: Faults

beforeEach(() => {
  told.length = 0
  Object.assign(time, { wall: START, clock: 0 })
  faults = openFaults({
    principalOf: () => '',
    wall: () => time.wall,
    clock: () => time.clock,
    logger: { debug: say, info: say, warn: say, error: say },
  })
})

const pass = (seconds: number): void => {
  time.wall += seconds * SECOND
  time.clock += seconds * 1000
}
const word = (value: object, at = START): Control => ({
  key: '',
  kind: 'fault',
  service: '*',
  at,
  by: 'test',
  value: JSON.stringify(value),
})
const rule = (rest: object = {}) => ({
  id: 'f1',
  match: { service: '*', percent: 100 },
  fault: { kind: 'abort' },
  seed: 1,
  until: START + 60 * SECOND,
  ...rest,
})
const ids = (): string[] => faults.active().map((active) => active.rule.id)

describe('a fault', () => {
  it('is in force until its end, and no longer, though nobody takes it back', () => {
    faults.obey('fault/f1', word(rule()))
    faults.obey('fault/f2', word(rule({ id: 'f2', until: START + 90 * SECOND })))
    pass(59)
    expect(ids()).toEqual(['f1', 'f2'])
    pass(1)
    expect(ids()).toEqual(['f2'])
    pass(30)
    expect(ids()).toEqual([])
    expect(told.filter((text) => text === 'a fault has ended')).toHaveLength(2)
  })

  it('lasts no longer when the clock is set back, and ends when it is set on', () => {
    faults.obey('fault/f1', word(rule()))
    pass(30)
    time.wall -= 3600 * SECOND
    pass(29)
    expect(ids()).toEqual(['f1'])
    pass(1)
    expect(ids()).toEqual([])
    faults.obey('fault/f2', word(rule({ id: 'f2', until: time.wall + 60 * SECOND })))
    time.wall += 61 * SECOND
    expect(ids()).toEqual([])
  })

  it('that is read after its end, as after a restart, does not begin', () => {
    pass(120)
    faults.obey('fault/f1', word(rule()))
    expect([ids(), told.includes('a fault begins')]).toEqual([[], false])
  })

  it('ends when it is taken back, and goes on counting when it is said again, also for longer', () => {
    faults.obey('fault/f1', word(rule()))
    const [first] = faults.active()
    faults.obey('fault/f1', word(rule()))
    expect(faults.active()[0]).toBe(first)
    faults.obey('fault/f1', word(rule({ until: START + 90 * SECOND })))
    pass(70)
    expect(faults.active()[0]).toBe(first)
    faults.obey('fault/f1', word(rule({ seed: 2, until: START + 90 * SECOND })))
    expect(faults.active()[0]).not.toBe(first)
    faults.obey('fault/f1', undefined)
    expect(ids()).toEqual([])
  })

  it.each<[string, object]>([
    ['without an end', rule({ until: undefined })],
    ['for longer than a day', rule({ until: START + DAY + SECOND })],
    ['of an unknown kind', rule({ fault: { kind: 'meteor' } })],
    ['with a setting that nobody knows', rule({ fault: { kind: 'abort', force: 9 } })],
    ['for nobody', rule({ match: { service: '*', percent: 0 } })],
    ['that is none', {}],
  ])('does not begin %s, and is told', (_name, value) => {
    faults.obey('fault/f1', word(value))
    expect(ids()).toEqual([])
    expect(told).toEqual(['a fault that was ordered is not understood, and does not begin'])
  })

  it('that is no longer understood ends the one before it', () => {
    faults.obey('fault/f1', word(rule()))
    faults.obey('fault/f1', { ...word(rule()), value: 'no JSON' })
    expect(ids()).toEqual([])
  })

  it('does not strike while all are stopped', () => {
    faults.obey('fault/f1', word(rule()))
    faults.obey('fault/*', word({ stopped: true }))
    expect(ids()).toEqual([])
    faults.obey('fault/f2', word(rule({ id: 'f2' })))
    expect(ids()).toEqual([])
    faults.obey('fault/*', word({ stopped: false }))
    expect(ids()).toEqual(['f1', 'f2'])
  })
})
