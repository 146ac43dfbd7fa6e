import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openGate } from '../../../ingress/limits/gate.ts'
import { openGradient } from '../../../ingress/limits/gradient.ts'

/** A server that answers `parallel` requests at once in 10 ms each and lets the rest wait (Little's law). */
const serve = (
  parallel: number,
  seconds: number,
  gradient = openGradient({ min: 5, max: 500, initial: 20 }),
  from = 0,
) => {
  for (let now = from; now < from + seconds * 1000; now += 10) {
    const inFlight = gradient.limit()
    gradient.sample(10 * Math.max(1, inFlight / parallel), inFlight, now)
  }
  return gradient
}

describe('adaptive concurrency', () => {
  it('grows while latency holds', () => expect(serve(1000, 100).limit()).toBeGreaterThan(450))

  it.each([1, 10, 60])('stays near what the upstream can do, also after %d minutes at its limit', (minutes) => {
    const limit = serve(50, minutes * 60).limit()
    expect(limit).toBeGreaterThanOrEqual(35)
    expect(limit).toBeLessThan(150)
  })

  it('shrinks when the upstream slows down', () => {
    const gradient = serve(200, 60)
    const before = gradient.limit()
    serve(20, 15, gradient, 60_000)
    expect(gradient.limit()).toBeLessThan(before / 2)
  })

  it('learns nothing from a time in which nobody came near the limit', () => {
    const gradient = openGradient({ min: 5, max: 500, initial: 100 })
    for (let now = 0; now < 60_000; now += 10) gradient.sample(10 + (now % 500), 2, now)
    expect(gradient.limit()).toBeLessThanOrEqual(100)
  })

  it('never leaves its bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(1000))), (samples) => {
        const gradient = openGradient({ min: 7, max: 70, initial: 20 })
        samples.forEach(([latency, inFlight], i) => gradient.sample(latency, inFlight, i * 40))
        expect(gradient.limit()).toBeGreaterThanOrEqual(7)
        expect(gradient.limit()).toBeLessThanOrEqual(70)
      }),
    )
  })
})

describe('the gate', () => {
  it('lets so many in at once', () => {
    const gate = openGate({ max: 2 })
    expect([gate?.enter(), gate?.enter(), gate?.enter()]).toEqual([true, true, false])
    gate?.leave(-1, 0)
    expect([gate?.inFlight(), gate?.enter(), gate?.enter()]).toEqual([1, true, false])
  })

  it('is none where nothing is limited, and adapts within max', () => {
    expect(openGate({ max: 0 })).toBeUndefined()
    const gate = openGate({ max: 30, adaptive: true, min: 3 })
    expect(gate?.limit()).toBe(20)
    for (let now = 0; now < 20_000; now += 10) {
      while (gate?.enter() === true);
      gate?.leave(5, now)
    }
    expect(gate?.limit()).toBeGreaterThanOrEqual(15)
    expect(gate?.limit()).toBeLessThanOrEqual(30)
  })
})
