import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barOf, newWatch, step } from '../../../processors/anomalies/cusum.ts'
import { learnName, newHabit, rarityOf } from '../../../processors/anomalies/habit.ts'
import {
  absorb,
  addBucket,
  bucketOf,
  emptyHistogram,
  logOf,
  logQuantile,
  rankOf,
} from '../../../processors/anomalies/histogram.ts'
import { normalScore } from '../../../processors/anomalies/normal.ts'
import { hourOfWeek } from '../../../processors/anomalies/hours.ts'
import { forecast, learnSeason, newSeason } from '../../../processors/anomalies/season.ts'
import { learnScatter, newScatter, scatterOf } from '../../../processors/anomalies/scatter.ts'
import { attackIn, attackInBody, classesOf, isAttackInHeader } from '../../../processors/anomalies/signs.ts'
import { random } from '../../topology/recording.ts'

const HOUR = 3_600_000_000
const MINUTE = 60_000_000

const histogramOf = (values: readonly number[]) => {
  const h = emptyHistogram()
  for (const value of values) addBucket(h, bucketOf(value))
  return h
}
const values = fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 })

describe('the histogram', () => {
  it('ranks in the order of values, strictly between 0 and 1', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 1, max: 1e9 }), fc.double({ min: 1, max: 1e9 }), (some, a, b) => {
        const h = histogramOf(some)
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => rankOf(h, bucketOf(x))) as [number, number]
        expect(low).toBeGreaterThan(0)
        expect(high).toBeLessThan(1)
        expect(low).toBeLessThanOrEqual(high)
      }),
    )
  })

  it('merged knows what it would know had it seen all', () => {
    fc.assert(
      fc.property(values, values, (some, more) => {
        const merged = histogramOf(some)
        absorb(merged, histogramOf(more))
        expect(merged).toEqual(histogramOf([...some, ...more]))
      }),
    )
  })

  it('tells a quantile within the width of a bucket', () => {
    const h = histogramOf(Array.from({ length: 999 }, (_, i) => 100 + i))
    expect(Math.exp(logQuantile(h, 0.5))).toBeGreaterThan(599 / 1.08)
    expect(Math.exp(logQuantile(h, 0.5))).toBeLessThan(599 * 1.08)
    expect(logOf(bucketOf(1000))).toBeCloseTo(Math.log(1000), 1)
  })
})

describe('the normal score', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959964],
    [0.001, -3.090232],
    [0.999_99, 4.264891],
  ])('of %d is %d', (p, z) => expect(normalScore(p)).toBeCloseTo(z, 5))
})

describe('what is usual among names', () => {
  it('takes a new name for strange where all are known, and for usual where new ones are', () => {
    const [few, many] = [newHabit(), newHabit()]
    for (let i = 0; i < 1000; i++) {
      learnName(few, `agent-${i % 3}`)
      learnName(many, `agent-${i}`)
    }
    expect(rarityOf(few, 'other')).toBeLessThan(0.002)
    expect(rarityOf(many, 'other')).toBeGreaterThan(0.9)
    expect(many.names.length).toBeLessThan(50)
  })
})

describe('the watch', () => {
  const run = (seed: number, minutes: number, rate: number): number => {
    const next = random(seed)
    const watch = newWatch(2)
    let alarms = 0
    for (let i = 0; i < minutes; i++) {
      let count = 0
      for (let left = rate + Math.log(next()); left > 0; left += Math.log(next())) count++
      const ratios = [0.1, 0.4].map((factor) => count * Math.log(factor) - 4 * (factor - 1))
      if (step(watch, { ratios, bar: barOf(1), at: i + 1, matters: () => true }) === 'raised') alarms++
    }
    return alarms
  }

  it('stays below its rate of false alarms: two of twelve tests may have 1.7 in 50 days', () =>
    expect(run(1, 72_000, 4) + run(4, 72_000, 4)).toBeLessThanOrEqual(3))

  it('finds a drop to a third within half an hour', () => expect(run(2, 30, 1.3)).toBe(1))

  it('does not take one outlier for a change', () => {
    const watch = newWatch(1)
    const bar = barOf(1)
    const minute = (ratio: number, at: number) => step(watch, { ratios: [ratio], bar, at, matters: () => true })
    expect([minute(1e6, 1), minute(-3, 2), minute(1e6, 3), minute(-5, 4)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('the scatter', () => {
  it('finds no wander in chance, and wander where the mean wanders', () => {
    const next = random(3)
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    const [calm, restless] = [newScatter(), newScatter()]
    let mean = 0
    for (let i = 0; i < 3 * 1440; i++) {
      if (i % 15 === 0) mean = 0.8 * mean + 0.6 * 0.3 * normal()
      learnScatter(calm, 3 * normal(), 9)
      learnScatter(restless, 3 * normal() + 9 * mean, 9)
    }
    expect(scatterOf(calm, 9).wander).toBeLessThan(0.05)
    expect(scatterOf(restless, 9).wander).toBeGreaterThan(0.15)
  })
})

describe('the season', () => {
  it('knows the hour of the day after a day, of the week after a week, and claims no more before', () => {
    const season = newSeason()
    const rate = (at: number): number => (Math.floor(at / HOUR) % 24 < 12 ? 10 : 40)
    const seen: number[] = []
    for (let at = 0; at < 8 * 24 * HOUR; at += MINUTE) {
      if (at % (24 * HOUR) === 6 * HOUR) seen.push(forecast(season, at).knows)
      learnSeason(season, at, rate(at), true)
    }
    expect(seen).toEqual([0, 1, 1, 1, 1, 1, 1, 2])
    expect(Math.round(forecast(season, 8 * 24 * HOUR + 6 * HOUR).rate / 10)).toBe(1)
    expect(Math.round(forecast(season, 8 * 24 * HOUR + 18 * HOUR).rate / 10)).toBe(4)
  })

  it('counts the hours of the week from Monday', () => {
    expect(hourOfWeek(Date.UTC(2025, 9, 13, 5) * 1000)).toBe(5)
    expect(hourOfWeek(Date.UTC(2025, 9, 12, 23) * 1000)).toBe(167)
  })
})

const signOf = (text: string): string | undefined => attackIn(text, classesOf(text))

describe('signs of attack', () => {
  it.each([
    ["1' OR '1'='1", 'SQL'],
    ['1 UNION/**/SELECT x', 'SQL'],
    ['<script>alert(1)</script>', 'script'],
    ['..%2f..%2fetc%2fpasswd', 'path traversal'],
    ['${jndi:ldap://x}', 'template or lookup'],
    ['$(id)', 'command'],
    ['%00', 'a zero byte'],
    ['x\r\nSet-Cookie: a=b', 'a header'],
  ])('%s is %s', (text, sign) => expect(signOf(text)).toBe(sign))

  it.each([
    "rock 'n' roll",
    'O’Brien & Söhne',
    'union square select hotel',
    'a/b/c',
    '50 % off!',
    'curl for long hair',
    '{"a":1}',
    '(2024-01-01)',
  ])('%s is none', (text) => expect(signOf(text)).toBeUndefined())

  it('finds them in bodies', () => {
    expect(attackInBody({ user: { name: ['x', { y: "' or 1=1 --" }] } })).toBe('SQL')
    expect(attackInBody({ text: 'plain words, even "quoted" ones' })).toBeUndefined()
    expect(attackInBody({ user: { password: { $ne: null } } })).toBe('an operator of a database')
  })

  it('takes time in proportion to the text at most, whatever it is', () => {
    const nasty = "'/**/".repeat(200_000)
    const start = performance.now()
    for (let i = 0; i < 50; i++) signOf(nasty)
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})

describe('signs of attack', () => {
  it.each([
    ["')) or (('1'='1", 'SQL'],
    ["x' AND EXTRACTVALUE(1,0x7e)--", 'SQL'],
    ['<details open ontoggle=prompt(1)>', 'script'],
    ['/static/..;/manager', 'path traversal'],
    ['`whoami`', 'command'],
    ['{% import os %}', 'template or lookup'],
    ['filter[$where]', 'an operator of a database'],
    ['http://127.0.0.1:6379/', 'an address that only the server can reach'],
    ['//elsewhere.example', 'a link to elsewhere'],
    ['rO0ABXNyABFqYXZh', 'a serialised object'],
  ])('are in %s', (text, what) => expect(signOf(text)).toBe(what))

  it.each([
    '"rock" or "pop"',
    "dogs' or cats' beds",
    'cheap; ideal for kids',
    'Q && A',
    'union square, drop in and select a table',
    'please order by phone -- thanks',
    "the boys'; and R&D",
    '50% off, a < b and b > c',
    'eyJpZCI6MTIzfQ==',
    '東京タワー',
    'https://shop.example/items?id=3&ref=a',
  ])('are not in %s', (text) => expect(signOf(text)).toBeUndefined())

  it.each(['() { :; }; /bin/id', '${jndi:ldap://x.example/a}', "Mozilla/5.0' OR '1'='1", '"><script>'])(
    'are in the header %s',
    (text) => expect(isAttackInHeader(text)).toBe(true),
  )

  it.each([
    'Mozilla/5.0 (Linux; U; Android 4.4; id; SM-S928B) AppleWebKit/537.36',
    '"Chromium";v="126", "Not:A-Brand";v="99"',
    'W/"33a64df5", "bfc13a64"',
    'a=1; id=5; ls=2; path=/x',
    'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
    'https://shop.example/find?q=lamp&sort=price#top',
  ])('are not in the header %s', (text) => expect(isAttackInHeader(text)).toBe(false))
})
