import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieOf, stickyCookie, withoutCookie } from '../../../ingress/balance/sticky.ts'

const NAME = 'cp_route'

describe('the sticky cookie', () => {
  it.each([
    [['Cookie', 'cp_route=abc'], 'abc', []],
    [['cookie', 'a=1; cp_route=abc; b=2'], 'abc', ['cookie', 'a=1; b=2']],
    [['a', 'cp_route=abc'], '', ['a', 'cp_route=abc']],
    [['Cookie', 'xcp_route=abc; cp_routex=1'], '', ['Cookie', 'xcp_route=abc; cp_routex=1']],
    [['Cookie', 'a=1', 'Cookie', 'cp_route=x'], 'x', ['Cookie', 'a=1']],
    [['Cookie', 'cp_route='], '', ['Cookie', 'cp_route=']],
  ])('of %j is %j, and %j is left', (lines, value, left) => {
    expect(cookieOf(lines, NAME)).toBe(value)
    expect(withoutCookie(lines, NAME)).toEqual(left)
  })

  it('leaves every other cookie as it was', () => {
    const pair = fc.stringMatching(/^[a-z]{1,8}=[a-z0-9]{1,8}$/)
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), fc.nat(), (pairs, at) => {
        const place = at % (pairs.length + 1)
        const all = [...pairs.slice(0, place), `${NAME}=t`, ...pairs.slice(place)].join('; ')
        expect(withoutCookie(['Host', 'h', 'Cookie', all], NAME)).toEqual(['Host', 'h', 'Cookie', pairs.join('; ')])
      }),
    )
  })

  it('is hidden from scripts, and sent over TLS only where it came over TLS', () => {
    const plain = `${NAME}=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`
    expect(stickyCookie({ name: NAME, ttl: 60 }, 't', false)).toBe(plain)
    expect(stickyCookie({ name: NAME, ttl: 60 }, 't', true)).toBe(`${plain}; Secure`)
  })
})
