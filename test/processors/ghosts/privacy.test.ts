import { describe, expect, it } from 'vitest'
import { given, textOf } from './given.ts'

/** A small deterministic generator (mulberry32), so that a failure names its seed. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const USERS = 1000
const token = (user: number) => `tok-${(user * 2654435761) >>> 0}-u${user}x`
/** Two credentials of one person: equal views under them prove nothing. */
const person = (user: number) => Math.floor(user / 2)
const principal = (user: number) => `cp_${user.toString(36)}_credential`

const exchanges = (share: number, seed: number) => {
  const next = random(seed)
  const all = Array.from({ length: USERS }, (_, user) => {
    const own = token(person(user))
    const with_ = { principal: principal(user), requestHeaders: [{ name: 'authorization', value: principal(user) }] }
    return [
      { ...with_, target: '/me', responseBody: JSON.stringify({ token: own, plan: 'free', [`key-${own}`]: own }) },
      { ...with_, target: `/users/${person(user)}`, responseBody: JSON.stringify({ id: person(user), note: own }) },
      { ...with_, target: '/orders', responseBody: JSON.stringify([{ id: person(user) + 5000, secret: own }]) },
      {
        ...with_,
        target: `/orders/${person(user) + 5000}`,
        responseBody: JSON.stringify({ id: person(user) + 5000, secret: own }),
      },
      {
        ...with_,
        target: `/orders/${person(user) + 5000}`,
        method: 'PUT',
        responseBody: JSON.stringify({ id: person(user) + 5000, secret: own }),
      },
      { target: `/feed?api_key=${principal(user)}`, responseBody: JSON.stringify({ feed: own }) },
      {
        ...with_,
        target: '/text',
        responseBody: own,
        responseType: 'text/plain',
        requestHeaders: [{ name: 'x-session-id', value: principal(user) }],
        principal: '',
      },
    ]
  }).flat()
  return all.filter(() => next() < share)
}

const foreign = (text: string, user: number): string[] =>
  (text.match(/tok-\d+-u\d+x/g) ?? []).filter((found) => found !== token(person(user)))

describe('1,000 users in an outage', () => {
  it.each([
    [1, 1],
    [0.7, 2],
    [0.5, 3],
    [0.3, 4],
    [0.05, 5],
  ])('given %f of the traffic (seed %i), then nobody gets a token that is not their own', (share, seed) => {
    const { ask } = given(exchanges(share, seed))
    let answered = 0
    for (let user = 0; user < USERS + 20; user += 9) {
      const other = (user * 7 + 13) % USERS
      const headers = [{ name: 'authorization', value: principal(user) }]
      for (const target of [
        '/me',
        `/users/${person(user)}`,
        `/users/${person(other)}`,
        '/orders',
        `/orders/${person(other) + 5000}`,
        '/orders/999999',
        '/text',
        `/feed?api_key=${principal(user)}`,
        '/feed?page=2',
      ]) {
        const text = textOf(ask({ target, headers, principal: principal(user) }))
        if (text !== '') answered++
        expect(foreign(text, user), `${target} as ${user}`).toEqual([])
        if (!target.includes('api_key')) expect(foreign(textOf(ask({ target })), -1), `${target} as nobody`).toEqual([])
      }
    }
    expect(answered).toBeGreaterThan(0)
  })

  it('gives a user their own', () => {
    const { ask } = given(exchanges(1, 1))
    expect(textOf(ask({ target: '/me', principal: principal(998) }))).toContain(token(person(998)))
  })
})
