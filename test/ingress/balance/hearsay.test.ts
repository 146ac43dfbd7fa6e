import { describe, expect, it } from 'vitest'
import { openBreaker, permit, settle } from '../../../ingress/balance/breaker.ts'
import { heardBreaker, heardHealth, isNews } from '../../../ingress/balance/hearsay.ts'
import { checked, openHealth } from '../../../ingress/balance/health.ts'

const OPTIONS = {
  window: 10_000,
  minRequests: 5,
  openAtErrorRate: 0.5,
  slowCall: 0,
  openAtSlowRate: 1,
  openFor: 1000,
  probes: 1,
}
const CHECKS = { healthyAfter: 3, unhealthyAfter: 3 }

describe('a breaker that hears of another', () => {
  it('opens for its first pause, and its own probe decides', () => {
    const breaker = openBreaker(OPTIONS)
    expect(heardBreaker(breaker, 'open', 0)).toEqual({ from: 'closed', to: 'open' })
    expect([permit(breaker, 999), permit(breaker, 1000)]).toEqual(['no', 'probe'])
    expect(settle(breaker, 1001, 'probe', 'good')?.to).toBe('closed')
  })
  it('is not opened again while it is open or on probation', () => {
    const breaker = openBreaker(OPTIONS)
    heardBreaker(breaker, 'open', 0)
    expect(heardBreaker(breaker, 'open', 900)).toBeUndefined()
    expect(permit(breaker, 1000)).toBe('probe')
    expect([heardBreaker(breaker, 'open', 1000), breaker.state]).toEqual([undefined, 'half-open'])
  })
  it('probes sooner, and closes only when that goes well', () => {
    const breaker = openBreaker(OPTIONS)
    heardBreaker(breaker, 'open', 0)
    expect([heardBreaker(breaker, 'closed', 10), breaker.state]).toEqual([undefined, 'open'])
    expect(permit(breaker, 11)).toBe('probe')
    expect(settle(breaker, 12, 'probe', 'bad')?.to).toBe('open')
  })
})

describe('health that hears of another', () => {
  it('is down at once, until one check of its own is good', () => {
    const health = openHealth()
    checked(health, true, CHECKS)
    expect(heardHealth(health, 'down', CHECKS)).toEqual({ from: 'up', to: 'down' })
    expect(heardHealth(health, 'down', CHECKS)).toBeUndefined()
    expect(checked(health, true, CHECKS)).toEqual({ from: 'down', to: 'up' })
  })
  it('stays down when its own check says so, and needs its own good ones then', () => {
    const health = openHealth()
    heardHealth(health, 'down', CHECKS)
    expect(checked(health, false, CHECKS)).toBeUndefined()
    expect(checked(health, true, CHECKS)).toBeUndefined()
  })
  it('is up after one good check when another found it up, not before', () => {
    const health = openHealth()
    for (let i = 0; i < 3; i++) checked(health, false, CHECKS)
    expect([heardHealth(health, 'up', CHECKS), health.state]).toEqual([undefined, 'down'])
    expect(checked(health, true, CHECKS)?.to).toBe('up')
  })
})

it('is news when it is later than what is known, and not long ago', () => {
  const second = 1_000_000
  expect(isNews(10 * second, 9 * second, 12 * second)).toBe(true)
  expect(isNews(9 * second, 9 * second, 10 * second)).toBe(false)
  expect(isNews(1 * second, 0, 10 * second)).toBe(false)
  expect(isNews(Number.NaN, 0, 10 * second)).toBe(false)
})
