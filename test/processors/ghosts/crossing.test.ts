import { describe, expect, it } from 'vitest'
import { given, jsonOf, textOf } from './given.ts'

const as = (name: string) => ({
  principal: `cp_${name}`,
  requestHeaders: [{ name: 'authorization', value: `cp_${name}` }],
})
const logIn = (name: string) => ({
  method: 'POST',
  target: '/login',
  requestBody: JSON.stringify({ username: name, password: `cp_p${name}` }),
  requestType: 'application/json',
  responseBody: JSON.stringify({ token: `cp_${name}`, username: name }),
})
/** Three who are proven to be three, and a fourth. */
const people = ['ann', 'root', 'eve', 'cai'].map(logIn)
const order = (id: number, note: string) => ({ id, note, currency: 'EUR' })
const read = (who: string, id: number, note: string) => ({
  ...as(who),
  target: `/orders/${id}`,
  responseBody: JSON.stringify(order(id, note)),
})
/** What the fourth may see: a list with an order of their own. */
const listed = { ...as('cai'), target: '/orders', responseBody: JSON.stringify([order(20, 'of cai')]) }
const everybody = (id: number, note: string) => ['ann', 'root', 'eve', 'ann'].map((who) => read(who, id, note))

describe('what several persons see of one thing', () => {
  it('given one order that three may read, then a fourth is not shown it as what every order has', () => {
    const { ask } = given([...people, listed, ...everybody(7, 'secret of ann')])
    for (const target of ['/orders/7', '/orders/8', '/orders/3'])
      expect(textOf(ask({ target, principal: 'cp_cai' })), target).not.toContain('secret')
  })

  it('given what several orders have for several persons, then it is what every order has', () => {
    const { ask } = given([...people, listed, ...everybody(7, 'first'), ...everybody(9, 'second')])
    expect(jsonOf(ask({ target: '/orders/8', principal: 'cp_cai' }))).toMatchObject({
      id: 8,
      currency: 'EUR',
      note: '',
    })
  })

  it('given one order of one’s own read many times, then another that was never seen does not have its text', () => {
    const mine = Array.from({ length: 4 }, () => read('cai', 20, 'of cai'))
    const { ask } = given([...people, read('cai', 21, 'another'), read('cai', 22, 'third'), ...mine])
    expect(textOf(ask({ target: '/orders/19', principal: 'cp_cai' }))).not.toContain('of cai')
    expect(textOf(ask({ target: '/orders/20', principal: 'cp_cai' }))).toContain('of cai')
  })

  it('given several things made under one path, then what all of them had is what the next one has', () => {
    const ids = [31, 32, 33, 34]
    const note = (id: number) => ({ id, text: `note ${id}`, state: 'fresh' })
    const make = (id: number) => ({
      ...as('cai'),
      method: 'POST',
      target: '/teams/1/notes',
      status: 201,
      requestBody: JSON.stringify({ text: `note ${id}` }),
      requestType: 'application/json',
      responseBody: JSON.stringify(note(id)),
    })
    const one = (id: number) => ({
      ...as('cai'),
      target: `/teams/1/notes/${id}`,
      responseBody: JSON.stringify(note(id)),
    })
    const { ask } = given([...people, ...ids.flatMap((id) => [make(id), one(id)])])
    const body = Buffer.from(JSON.stringify({ text: 'new' }))
    const asked = { method: 'POST', target: '/teams/1/notes', principal: 'cp_cai', body, writes: true }
    const headers = [{ name: 'content-type', value: 'application/json' }]
    expect(jsonOf(ask({ ...asked, headers }))).toMatchObject({ text: 'new', state: 'fresh' })
  })
})
