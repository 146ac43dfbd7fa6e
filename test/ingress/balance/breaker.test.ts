import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hint,
  openBreaker,
  permit,
  settle,
  wouldPermit,
  type Breaker,
  type Outcome,
} from '../../../ingress/balance/breaker.ts'

const options = {
  window: 1000,
  minRequests: 10,
  openAtErrorRate: 0.5,
  slowCall: 100,
  openAtSlowRate: 0.8,
  openFor: 100,
  probes: 1,
}

const run = (breaker: Breaker, now: number, outcomes: readonly Outcome[]): void => {
  for (const outcome of outcomes) settle(breaker, now, permit(breaker, now), outcome)
}
const times = (n: number, outcome: Outcome): Outcome[] => Array<Outcome>(n).fill(outcome)
const alternating = (n: number): Outcome[] => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 'bad' : 'good'))

describe('a breaker', () => {
  it('stays closed below the least number of requests, and opens at the error rate', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, alternating(8))
    expect(breaker.state).toBe('closed')
    run(breaker, 0, alternating(4))
    expect(breaker.state).toBe('open')
    expect(permit(breaker, 99)).toBe('no')
  })

  it('opens at five hard failures in a row, however few requests there were', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, times(4, 'bad'))
    expect(breaker.state).toBe('closed')
    run(breaker, 0, times(1, 'bad'))
    expect(breaker.state).toBe('open')
  })

  it('forgets what left its window', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, ['bad', 'good', 'bad', 'good', 'bad', 'good', 'bad', 'bad'])
    run(breaker, 5000, alternating(9))
    expect(breaker.state).toBe('closed')
  })

  it('lets one probe pass at a time, closes on a good one, and doubles the pause on a bad one up to eight times', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, times(5, 'bad'))
    let now = 0
    for (const pause of [100, 200, 400, 800, 800]) {
      expect(permit(breaker, now + pause - 1)).toBe('no')
      now += pause
      expect([permit(breaker, now), permit(breaker, now)]).toEqual(['probe', 'no'])
      settle(breaker, now, 'probe', 'bad')
    }
    now += 800
    expect(permit(breaker, now)).toBe('probe')
    expect(settle(breaker, now, 'probe', 'good')).toEqual({ from: 'half-open', to: 'closed' })
    expect(permit(breaker, now)).toBe('yes')
  })

  it('gives the probe to the next one when the first learned nothing', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, times(5, 'bad'))
    expect(permit(breaker, 100)).toBe('probe')
    settle(breaker, 100, 'probe', 'neutral')
    expect(permit(breaker, 100)).toBe('probe')
  })

  it('probes a second after it opened when there is a hint, and no sooner', () => {
    const breaker = openBreaker({ ...options, openFor: 60_000 })
    run(breaker, 0, times(5, 'bad'))
    hint(breaker, 10)
    expect([permit(breaker, 999), permit(breaker, 1000)]).toEqual(['no', 'probe'])
    settle(breaker, 1000, 'probe', 'bad')
    for (let now = 1000; now < 2000; now += 100) hint(breaker, now)
    expect([permit(breaker, 1999), permit(breaker, 2000)]).toEqual(['no', 'probe'])
  })

  it('comes back a little sooner by chance, but never before its first pause is over', () => {
    const breaker = openBreaker(options, 5, () => 1)
    run(breaker, 0, times(5, 'bad'))
    expect([permit(breaker, 99), permit(breaker, 100)]).toEqual(['no', 'probe'])
    settle(breaker, 100, 'probe', 'bad')
    expect([permit(breaker, 259), permit(breaker, 260)]).toEqual(['no', 'probe'])
  })

  it('opens at the rate of slow answers, which are no errors', () => {
    const breaker = openBreaker(options)
    run(breaker, 0, ['good', 'good', 'good', ...times(9, 'slow')])
    expect(breaker.state).toBe('closed')
    run(breaker, 0, times(3, 'slow'))
    expect(breaker.state).toBe('open')
  })

  it('closes after as many good probes as are wanted, and opens at a slow one', () => {
    const breaker = openBreaker({ ...options, probes: 3 })
    run(breaker, 0, times(5, 'bad'))
    run(breaker, 100, ['good', 'good', 'slow'])
    expect([breaker.state, permit(breaker, 299), breaker.pause]).toEqual(['open', 'no', 200])
    run(breaker, 300, ['good', 'good'])
    expect(breaker.state).toBe('half-open')
    run(breaker, 300, ['good'])
    expect(breaker.state).toBe('closed')
  })

  it('never has two probes out, and never stays shut once its pause is over', () => {
    const step = fc.record({
      wait: fc.nat(400),
      outcome: fc.constantFrom<Outcome>('good', 'slow', 'bad', 'neutral'),
      hold: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const breaker = openBreaker(options)
        let now = 0
        let probing = false
        for (const { wait, outcome, hold } of steps) {
          now += wait
          const permission = permit(breaker, now)
          if (permission === 'probe') expect(probing).toBe(false)
          if (permission === 'probe' && hold) probing = true
          else settle(breaker, now, permission, outcome)
          if (probing && !hold) {
            settle(breaker, now, 'probe', outcome)
            probing = false
          }
        }
        if (probing) settle(breaker, now, 'probe', 'neutral')
        expect(wouldPermit(breaker, now + options.openFor * 8)).toBe(true)
      }),
    )
  })
})
