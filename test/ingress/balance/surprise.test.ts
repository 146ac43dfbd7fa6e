import { describe, expect, it } from 'vitest'
import { isFar, noteError, noteGood, openSurprise } from '../../../ingress/balance/surprise.ts'
import { chance } from '../kit/candidates.ts'

const until = (normal: number, worked = false): number => {
  const surprise = openSurprise()
  for (let i = 1; i <= 50; i++) {
    noteError(surprise, normal, `/things/${i}`, worked)
    if (isFar(surprise)) return i
  }
  return Infinity
}

describe('errors far from normal', () => {
  it.each([
    [0.01, 2],
    [0.05, 3],
    [0.2, 8],
    [0.5, Infinity],
    [0.9, Infinity],
  ])('normally %f of the answers: %d in a row are needed', (normal, wanted) => expect(until(normal)).toBe(wanted))

  it('takes one request that always fails for one bug, unless it was answered well before', () => {
    const bug = openSurprise()
    for (let i = 0; i < 50; i++) noteError(bug, 0.01, '/things/7', false)
    expect(isFar(bug)).toBe(false)
    const outage = openSurprise()
    for (let i = 0; i < 2; i++) noteError(outage, 0.01, '/things/7', true)
    expect(isFar(outage)).toBe(true)
  })

  it('is over after a few good answers', () => {
    const surprise = openSurprise()
    for (let i = 0; i < 100; i++) noteError(surprise, 0.01, `/${i}`, false)
    let good = 0
    for (; isFar(surprise); good++) noteGood(surprise, 0.01)
    expect(good).toBeLessThan(10)
  })

  it('is seldom wrong: at the normal rate, less than once in a thousand answers', () => {
    const random = chance(7)
    const normal = 0.05
    const surprise = openSurprise()
    let alarms = 0
    for (let i = 0; i < 100_000; i++) {
      if (random() < normal) noteError(surprise, normal, `/${i}`, false)
      else noteGood(surprise, normal)
      if (!isFar(surprise)) continue
      alarms++
      Object.assign(surprise, openSurprise())
    }
    expect(alarms).toBeLessThanOrEqual(100)
  })
})
