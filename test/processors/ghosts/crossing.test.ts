import { describe, expect, it } from 'vitest'
import { chanceOf, picker } from '../../evals/worlds/world.ts'
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

describe('things that several persons may read, drawn by chance', () => {
  const names = ['ann', 'root', 'eve', 'cai', 'dan']
  const ids = [1, 2, 3, 4, 5, 6]
  const markOf = (id: number): string => `text-of-${id}!`

  /** Who may read what, and what they read of it: alone, in a list, and what hangs on it. */
  const drawn = (seed: number) => {
    const chance = chanceOf(seed)
    const pick = picker(chance)
    const readers = new Map(ids.map((id) => [id, names.filter(() => chance() < 0.6)]))
    const thing = (id: number) => ({ id, text: markOf(id), owner: { name: `${markOf(id)} owner` }, kind: 'doc' })
    const mayRead = (who: string, id: number): boolean => readers.get(id)?.includes(who) === true
    const told = Array.from({ length: 24 }, () => {
      const [who, id] = [pick(names), chance() < 0.6 ? 1 : pick(ids)]
      const own = ids.filter((one) => mayRead(who, one))
      if (chance() < 0.2)
        return { ...as(who), target: '/docs', responseBody: JSON.stringify(own.slice(0, 2).map(thing)) }
      if (!mayRead(who, id)) return undefined
      const settings = { about: markOf(id), theme: `${markOf(id)} theme` }
      return chance() < 0.3
        ? { ...as(who), target: `/docs/${id}/settings`, responseBody: JSON.stringify(settings) }
        : { ...as(who), target: `/docs/${id}`, responseBody: JSON.stringify(thing(id)) }
    })
    const { ask } = given([...names.map(logIn), ...told.filter((one) => one !== undefined)])
    const targets = [...ids, 7, 8].flatMap((id) => [`/docs/${id}`, `/docs/${id}/settings`])
    return names.flatMap((who) =>
      [...targets, '/docs'].map((target) => {
        const text = textOf(ask({ target, principal: `cp_${who}` }))
        return {
          foreign: ids
            .filter((id) => text.includes(markOf(id)) && !mayRead(who, id))
            .map((id) => `${who} ${target} ${id}`),
          own: ids.some((id) => text.includes(markOf(id)) && mayRead(who, id)),
        }
      }),
    )
  }

  it('given 12 services, then nobody is shown the text of a thing that they may not read', () => {
    const all = Array.from({ length: 12 }, (_, seed) => drawn(seed + 1)).flat()
    expect(all.flatMap(({ foreign }) => foreign)).toEqual([])
    expect(all.filter(({ own }) => own).length).toBeGreaterThan(50)
  })
})
