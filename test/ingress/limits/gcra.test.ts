import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openGcra } from '../../../ingress/limits/gcra.ts'
import { openTable } from '../../../ingress/limits/table.ts'

const MINUTE = 60_000
const perMinute = (limit: number, burst = limit) => openGcra({ limit, per: MINUTE, burst }, 64, 1)

describe('the rate limit', () => {
  it('lets 20 in a minute through at once, and the 21st in 3 s', () => {
    const limit = perMinute(20)
    const seen = Array.from({ length: 20 }, () => limit.take('a', 1000))
    expect(seen.map(({ remaining }) => remaining)).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i))
    expect(limit.take('a', 1000)).toEqual({ allowed: false, remaining: 0, reset: MINUTE, retryAfter: 3000 })
    expect(limit.take('a', 3999).allowed).toBe(false)
    expect(limit.take('a', 4000)).toMatchObject({ allowed: true, remaining: 0 })
    expect(limit.take('b', 1000).remaining).toBe(19)
  })

  it('forgets a debt with time, and a refusal costs nothing', () => {
    const limit = perMinute(2)
    for (let i = 0; i < 100; i++) limit.take('a', 0)
    expect(limit.take('a', 0).retryAfter).toBe(30_000)
    expect(limit.take('a', 2 * MINUTE)).toMatchObject({ allowed: true, remaining: 1 })
  })

  it('gives a request back', () => {
    const limit = perMinute(1)
    limit.take('a', 0)
    limit.giveBack('a')
    expect(limit.take('a', 0).allowed).toBe(true)
  })

  it('lets through what the rate and one burst allow, and what comes at the rate always', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 200 })
    const rates = fc.record({ limit: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 60 }) })
    fc.assert(
      fc.property(steps, rates, (gaps, { limit, burst }) => {
        const gcra = perMinute(limit, burst)
        let now = 5
        let through = 0
        for (const gap of gaps) {
          now += gap
          if (gcra.take('k', now).allowed) through++
          expect(through).toBeLessThanOrEqual(burst + ((now - 5) * limit) / MINUTE + 0.01)
        }
        const steady = perMinute(limit, burst)
        gaps.forEach((_, i) => expect(steady.take('k', 5 + (i * MINUTE) / limit).allowed).toBe(true))
      }),
    )
  })

  it('says truly when to come again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (gaps, n) => {
          const gcra = perMinute(n)
          let now = 1
          for (const gap of gaps) {
            now += gap
            const { allowed, retryAfter } = gcra.take('k', now)
            if (allowed) continue
            expect(gcra.take('k', now + retryAfter - 2).allowed).toBe(false)
            expect(gcra.take('k', now + retryAfter).allowed).toBe(true)
            now += retryAfter
          }
        },
      ),
    )
  })
})

describe('the table of keys', () => {
  it('takes the same memory for a million clients as for one', () => {
    const limit = openGcra({ limit: 20, per: MINUTE, burst: 20 }, 1024, 7)
    const { bytes } = limit
    for (let i = 0; i < 1_000_000; i++) limit.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1)
    expect(limit.bytes).toBe(bytes)
    expect(bytes).toBe(1024 * 12)
  })

  it('remembers who owes most while a flood of others passes', () => {
    const limit = openGcra({ limit: 20, per: MINUTE, burst: 20 }, 1024, 7)
    for (let i = 0; i < 20; i++) limit.take('glutton', 1)
    for (let i = 0; i < 100_000; i++) limit.take(`one of many ${i}`, 1)
    expect(limit.take('glutton', 1).allowed).toBe(false)
  })

  it('tells keys apart, and finds each again', () => {
    const table = openTable(4096, 99)
    const keys = Array.from({ length: 1000 }, (_, i) => `key ${i}`)
    for (const [i, key] of keys.entries()) table.numbers[table.find(key)] = i + 1
    const kept = keys.filter((key, i) => table.numbers[table.find(key)] === i + 1)
    expect(kept.length).toBe(1000)
  })
})
