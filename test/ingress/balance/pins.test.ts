import { describe, expect, it } from 'vitest'
import { isPinned, noteIll, noteMove, openPins, pin, unpin, type Pins } from '../../../ingress/balance/pins.ts'

const STAY = 3000

const shaken = (): Pins => {
  const pins = openPins()
  noteMove(pins, 0)
  return pins
}

describe('clients that a ghost answered', () => {
  it('stay while the backend comes and goes, and go back when it has been well for a moment', () => {
    const pins = shaken()
    noteIll(pins, 1000)
    pin(pins, 'a', 1000)
    expect(isPinned(pins, 'a', 1200, STAY)).toBe(true)
    expect(isPinned(pins, 'b', 1200, STAY)).toBe(false)
    noteIll(pins, 1500)
    expect(isPinned(pins, 'a', 1700, STAY)).toBe(true)
    expect(isPinned(pins, 'a', 2200, STAY)).toBe(false)
    expect(pins.clients.size).toBe(0)
  })

  it('are not kept for a few failures', () => {
    const pins = openPins()
    noteIll(pins, 0)
    pin(pins, 'a', 0)
    expect(isPinned(pins, 'a', 10, STAY)).toBe(false)
  })

  it('do not stay for ever with a backend that never gets well', () => {
    const pins = shaken()
    pin(pins, 'a', 0)
    for (let now = 0; now < 10_000; now += 100) noteIll(pins, now)
    expect(isPinned(pins, 'a', 2900, STAY)).toBe(true)
    expect(isPinned(pins, 'a', 3000, STAY)).toBe(false)
  })

  it('go back little by little', () => {
    const pins = shaken()
    const clients = Array.from({ length: 200 }, (_, i) => `client ${i}`)
    noteIll(pins, 0)
    for (const client of clients) pin(pins, client, 0)
    const left = (now: number): number => clients.filter((client) => isPinned(pins, client, now, STAY)).length
    expect(left(299)).toBe(200)
    expect(left(500)).toBeGreaterThan(50)
    expect(left(500)).toBeLessThan(150)
    expect(left(700)).toBe(0)
  })

  it('are bounded, and forget who was told the truth', () => {
    const pins = shaken()
    noteIll(pins, 0)
    for (let i = 0; i < 20_000; i++) pin(pins, `${i}`, 0)
    expect(pins.clients.size).toBe(10_000)
    expect(isPinned(pins, '19999', 1, STAY)).toBe(true)
    unpin(pins, '19999')
    expect(isPinned(pins, '19999', 1, STAY)).toBe(false)
  })
})
