import { describe, expect, it } from 'vitest'
import { membersOf, wordOf, type Word } from '../../../ingress/balance/membership.ts'
import { rampOf } from '../../../ingress/balance/slow-start.ts'

const A = 'http://a:1'
const B = 'http://b:1'
const C = 'http://c:1'
const configured = [{ url: A, weight: 2 }, { url: B }]
const of = (words: Readonly<Record<string, Word>>, all?: Word) =>
  membersOf(configured, new Map(Object.entries(words)), all).map(
    ({ url, weight, drained }) => `${url} ${weight}${drained ? ' drained' : ''}`,
  )

describe('the upstreams of a service', () => {
  it('are those configured', () => expect(of({})).toEqual([`${A} 2`, `${B} 1`]))
  it('and those that were added', () => expect(of({ [C]: { present: true, weight: 3 } })).toContain(`${C} 3`))
  it('without those that were removed', () => expect(of({ [A]: { present: false } })).toEqual([`${B} 1`]))
  it('with the weights that were set', () => expect(of({ [B]: { weight: 7 } })).toEqual([`${A} 2`, `${B} 7`]))
  it('drained one by one', () => expect(of({ [A]: { drained: true } })).toEqual([`${A} 2 drained`, `${B} 1`]))
  it('or all at once, but for those of which something else is said', () =>
    expect(of({ [B]: { drained: false } }, { drained: true })).toEqual([`${A} 2 drained`, `${B} 1`]))
  it('and a word about one that is not there says nothing', () => expect(of({ [C]: { weight: 3 } })).toHaveLength(2))
})

describe('a word', () => {
  it.each([
    [
      { present: true, weight: 2 },
      { present: true, weight: 2 },
    ],
    [{ down: true }, { drained: true }],
    [{ drained: false }, { drained: false }],
    [{ weight: -1, present: 'yes' }, {}],
    [{ weight: '2', drained: 1 }, {}],
    [{ weight: 1e9 }, {}],
    [{ weight: Number.NaN }, {}],
  ])('%j is read as %j', (said, read) => expect(wordOf(said)).toEqual(read))
})

it('warms in a straight line, from a tenth', () => {
  const ramp = [0, 500, 1000, 5000, 10_000, 99_999].map((now) => rampOf(0, now, 10_000))
  expect(ramp).toEqual([0.1, 0.1, 0.1, 0.5, 1, 1])
  expect(rampOf(0, 0, 0)).toBe(1)
})
