/** Servers that tell of a thing by its address: hypermedia without ids, names that begin with the collection, links between pages. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf } from './given.ts'

const HOST = 'http://shop.test'
const told = (target: string, body: unknown) => ({ target, responseBody: JSON.stringify(body) })
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('things whose id stands only at the end of their address', () => {
  const lamp = (id: number) => ({
    color: ['red', 'blue', 'green'][(id * id) % 3],
    watts: (id * 7) % 11,
    links: { self: { href: `${HOST}/lamps/${id}` } },
  })
  const lamps = numbers(1, 24).map(lamp)
  const made = (id: number) => ({
    target: '/lamps',
    method: 'POST',
    status: 201,
    requestHeaders: [{ name: 'content-type', value: 'application/json' }],
    requestBody: JSON.stringify({ color: `c${id}`, watts: (id * 7) % 11 }),
    responseBody: JSON.stringify({ ...lamp(id), color: `c${id}` }),
  })
  const absent = (id: number) => ({ target: `/lamps/${id}`, status: 404, responseBody: '' })
  const seen = [
    told('/lamps', lamps),
    ...[3, 5, 8].map((id) => told(`/lamps/${id}`, lamp(id))),
    ...[871, 902, 944].map(absent),
    ...[25, 26, 27].map(made),
  ]
  it('are found by it where only a list showed them', () => {
    expect(jsonOf(given(seen).ask({ target: '/lamps/17' }))).toEqual(lamp(17))
  })
  it('are not there where nothing of the kind was seen', () => {
    expect(answerOf(given(seen).ask({ target: '/lamps/935' })).status).toBe(404)
  })
  it('are made with the next one, and read back by it', () => {
    const { ask, accept } = given(seen)
    const write = {
      target: '/lamps',
      method: 'POST',
      headers: [{ name: 'content-type', value: 'application/json' }],
      body: Buffer.from(JSON.stringify({ color: 'gold', watts: 9 })),
      writes: true,
    }
    const answer = answerOf(ask(write))
    const gold = { color: 'gold', watts: 9, links: { self: { href: `${HOST}/lamps/28` } } }
    expect(jsonOf(answer)).toEqual(gold)
    accept(write, { status: answer.status, body: answer.body, id: 'w1' } as never)
    expect(jsonOf(ask({ target: '/lamps/28' }))).toEqual(gold)
  })
  it('are found by names that begin with their collection', () => {
    const note = (id: string) => ({ name: `notes/${id}`, text: `of ${id}`, pinned: id.endsWith('z') })
    const notes = numbers(1, 14).map((i) => note(`${(i * 7919).toString(36)}x${i % 3 === 0 ? 'yz' : 'q'}`))
    const { ask } = given([
      told('/desk/notes', { notes }),
      ...notes.slice(0, 8).map((own) => told(`/desk/${own.name}`, own)),
    ])
    const unread = notes.slice(8)
    expect(unread.map(({ name }) => jsonOf(ask({ target: `/desk/${name}` })))).toEqual(unread)
  })
})

describe('a server that names every parameter in its links', () => {
  const rows = numbers(1, 47).map((id) => ({ id, size: (id * 7) % 13 }))
  const sorted = rows.toSorted((a, b) => a.size - b.size)
  interface Wanted {
    readonly page?: number
    readonly size?: number
    readonly sort?: string
  }
  const target = (wanted: Wanted): string => {
    const query = Object.entries(wanted).map(([name, value]) => `${name}=${value}`)
    return query.length === 0 ? '/rows' : `/rows?${query.join('&')}`
  }
  const bodyOf = ({ page = 0, size = 20, sort }: Wanted) => {
    const last = Math.ceil(rows.length / size) - 1
    const order = sort === undefined ? '' : `&sort=${sort}`
    const link = (to: number) => ({ href: `${HOST}/rows?page=${to}&size=${size}${order}` })
    const items = (sort === undefined ? rows : sorted).slice(page * size, (page + 1) * size)
    return {
      items,
      links: {
        first: link(0),
        ...(page > 0 ? { prev: link(page - 1) } : {}),
        self: link(page),
        ...(page < last ? { next: link(page + 1) } : {}),
        last: link(last),
      },
      page: { size, total: rows.length, number: page },
    }
  }
  const wanted: Wanted[] = [
    {},
    { page: 0, size: 10 },
    { sort: 'size', size: 5 },
    { page: 2, size: 10 },
    { page: 1, size: 10 },
    { sort: 'size', page: 1, size: 5 },
    { page: 4, size: 10 },
    { sort: 'size' },
  ]
  const { ask } = given(wanted.map((one) => told(target(one), bodyOf(one))))
  it.each<Wanted>([
    { page: 3, size: 10 },
    { page: 1 },
    { page: 2 },
    { size: 7, page: 6 },
    { sort: 'size', page: 2, size: 5 },
  ])('leads to the pages around %o, and leaves out what leads nowhere', (one) => {
    expect(jsonOf(ask({ target: target(one) }))).toEqual(bodyOf(one))
  })
  it('counts the pages of its other lists alike', () => {
    const named = rows.map(({ id }) => ({ id, name: `n${id}` }))
    const more = given([
      ...wanted.map((one) => told(target(one), bodyOf(one))),
      told('/names', { items: named }),
      ...[5, 4].map((size) => told(`/names?size=${size}`, { items: named.slice(0, size) })),
      told('/names/3', named[2]),
    ])
    expect(jsonOf(more.ask({ target: '/names?size=5&page=1' }))).toEqual({ items: named.slice(5, 10) })
  })
})

describe('rows between those that were seen', () => {
  it('have the addresses that follow from their numbers', () => {
    const row = (id: number) => ({ id, kind: 'row', links: { self: `${HOST}/rows/${id}`, up: `${HOST}/rows` } })
    const page = (ids: readonly number[]) => JSON.stringify(ids.map(row))
    const { ask } = given([
      { target: '/rows?limit=10&offset=0', responseBody: page(numbers(1, 10)) },
      { target: '/rows?limit=10&offset=20', responseBody: page(numbers(21, 30)) },
      { target: '/rows/4', responseBody: JSON.stringify(row(4)) },
      { target: '/rows/7', responseBody: JSON.stringify(row(7)) },
    ])
    expect(jsonOf(ask({ target: '/rows?limit=5&offset=12' }))).toEqual(numbers(13, 17).map(row))
  })
})

describe('what lists show in short, and how they are asked', () => {
  const person = (id: number) => ({
    id,
    name: `n${id}`,
    address: { street: `${id} Road`, zip: `${1000 + id}` },
    teams: [{ id: 50 + (id % 3), title: `t${id % 3}` }],
  })
  const brief = (id: number) => ({ ...person(id), address: `${id} Road, ${1000 + id}` })
  const list = (query: string, ids: readonly number[]) => told(`/people${query}`, { people: ids.map(brief) })
  const all = numbers(1, 30)
  const seen = [
    list('?size=10', all.slice(0, 10)),
    list('?size=all', all),
    ...[1, 2, 3, 4, 5, 6].map((id) => told(`/people/${id}`, person(id))),
    list('?size=10', all.slice(0, 10)),
    ...[0, 1].map((team) =>
      list(
        `?team=${50 + team}`,
        all.filter((id) => id % 3 === team),
      ),
    ),
  ]
  it('shows a thing in full again after a list had it in short', () => {
    expect(jsonOf(given(seen).ask({ target: '/people/4?full=1' }))).toEqual(person(4))
  })
  it('leaves open what only lists showed, and only in short', () => {
    const { address } = jsonOf(given(seen).ask({ target: '/people/20' })) as { address: unknown }
    expect(address).toEqual({ street: expect.any(String) as string, zip: expect.any(String) as string })
  })
  it('takes a length of all for no bound, and still knows the parameter', () => {
    const { ask } = given(seen)
    expect(jsonOf(ask({ target: '/people?size=3' }))).toEqual({ people: all.slice(0, 3).map(brief) })
  })
  it('filters by what elements of an array go by', () => {
    const others = all.filter((id) => id % 3 === 2)
    expect(jsonOf(given(seen).ask({ target: '/people?team=52' }))).toEqual({ people: others.map(brief) })
  })
})

describe('an answer to a removal that says something else than the object', () => {
  it('says that again', () => {
    const tool = (id: number) => ({ data: { id, name: `n${id}` } })
    const removed = (id: number) => ({ target: `/tools/${id}`, method: 'DELETE', responseBody: '{"data":true}' })
    const { ask } = given([
      ...numbers(1, 9).map((id) => told(`/tools/${id}`, tool(id))),
      told('/tools', { data: numbers(1, 9).map((id) => tool(id).data) }),
      ...[2, 3, 4].map(removed),
    ])
    expect(jsonOf(ask({ target: '/tools/7', method: 'DELETE', writes: true }))).toEqual({ data: true })
  })
})
