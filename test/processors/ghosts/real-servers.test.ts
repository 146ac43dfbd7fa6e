/** What servers that others wrote showed to be wrong, each with the smallest story that has it. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf, textOf } from './given.ts'

const as = (principal: string) => ({ principal, requestHeaders: [{ name: 'authorization', value: principal }] })
const by = (principal: string) => ({ principal, headers: [{ name: 'authorization', value: principal }] })

describe('an answer that no cache may store', () => {
  const told = ['cp_amy', 'cp_amy', 'cp_bob'].map((principal) => ({
    ...as(principal),
    target: '/notes/7',
    responseHeaders: [{ name: 'cache-control', value: 'no-cache, no-store' }],
    responseBody: JSON.stringify({ id: 7, text: `of ${principal}` }),
  }))
  it('is given again to the one who got it, and to nobody else', () => {
    const { ask } = given(told)
    expect(jsonOf(ask({ target: '/notes/7', ...by('cp_amy') }))).toEqual({ id: 7, text: 'of cp_amy' })
    expect(textOf(ask({ target: '/notes/7', ...by('cp_eve') }))).not.toContain('of cp_')
    expect(textOf(ask({ target: '/notes/7' }))).not.toContain('of cp_')
  })
})

describe('a thing that only others saw', () => {
  const people = ['cp_amy', 'cp_bob', 'cp_cai']
  const note = (who: string, i: number) => ({ id: `${who.slice(3)}${i}x${i * 7919}`, text: `note ${i} of ${who}` })
  const notes = (who: string) => Array.from({ length: 8 }, (_, i) => note(who, i))
  const listed = (who: string, items: unknown) => ({
    ...as(who),
    target: '/notes',
    responseBody: JSON.stringify(items),
  })
  const read = (who: string, item: { readonly id: string }) => ({
    ...as(who),
    target: `/notes/${item.id}`,
    responseBody: JSON.stringify(item),
  })
  const absent = (who: string) => ({
    ...as(who),
    target: '/notes/zoe9x71271',
    status: 404,
    responseBody: '{"error":1}',
  })
  const items = people.flatMap((who) => notes(who).map((item) => read(who, item)))
  it('is not there for somebody else where all have things of their own', () => {
    const { ask } = given([...people.map((who) => listed(who, notes(who))), ...items, ...people.map(absent)])
    const mine = ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_amy') })
    expect(answerOf(mine).status).toBe(200)
    const theirs = ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_bob') })
    expect(answerOf(theirs).status).toBe(404)
  })
  it('is there where people see the same', () => {
    const all = people.flatMap(notes)
    const { ask } = given([...people.map((who) => listed(who, all)), ...items, ...people.map(absent)])
    expect(jsonOf(ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_bob') }))).toEqual(note('cp_amy', 3))
  })
})

describe('parameters in JSON, in brackets and in conditions', () => {
  const todos = Array.from({ length: 24 }, (_, i) => ({
    id: i + 1,
    title: `t${(i * 7) % 24}`,
    points: i % 5,
    done: i % 3 === 0,
  }))
  type Todo = (typeof todos)[number]
  const told = (query: string, items: readonly Todo[]) => ({
    target: `/todos?${query}`,
    responseBody: JSON.stringify(items),
  })
  const json = (filter: unknown) => `filter=${encodeURIComponent(JSON.stringify(filter))}`
  const condition = (text: string) => `q=${encodeURIComponent(text)}`
  const { ask } = given([
    told('', todos),
    ...[3, 4].flatMap((limit) => [5, 6].map((skip) => told(json({ limit, skip }), todos.slice(skip, skip + limit)))),
    ...[2, 3].map((points) =>
      told(
        json({ where: { points } }),
        todos.filter((todo) => todo.points === points),
      ),
    ),
    told(
      '$sort[points]=1&$limit=5',
      todos.filter(({ points }) => points === 0),
    ),
    told(json({ order: ['id DESC'], limit: 3 }), todos.slice(-3).reverse()),
    told(json({ order: ['id ASC'], limit: 4 }), todos.slice(0, 4)),
    ...[1, 3].map((bound) =>
      told(
        `points_gt=${bound}`,
        todos.filter(({ points }) => points > bound),
      ),
    ),
    ...[1, 3].map((bound) =>
      told(
        condition(`(points=${bound})`),
        todos.filter(({ points }) => points === bound),
      ),
    ),
  ])
  it.each([
    [json({ limit: 2, skip: 7 }), todos.slice(7, 9)],
    [json({ where: { points: 4 } }), todos.filter(({ points }) => points === 4)],
    [json({ where: { done: true }, limit: 2 }), todos.filter(({ done }) => done).slice(0, 2)],
    [json({ order: ['id DESC'], limit: 5 }), todos.slice(-5).reverse()],
    ['filter[limit]=2', todos.slice(0, 2)],
    ['$sort[id]=-1&$limit=2', todos.slice(-2).reverse()],
    ['points_gt=2', todos.filter(({ points }) => points > 2)],
    [condition('(points=4 && done=true)'), todos.filter(({ points, done }) => points === 4 && done)],
  ])('are read: %s', (query, items) => {
    expect(jsonOf(ask({ target: `/todos?${query}` }))).toEqual(items)
  })
})

describe('what a query has items show of others', () => {
  it('is not shown of them where nobody asks for it', () => {
    const posts = Array.from({ length: 5 }, (_, i) => ({ id: i + 1, title: `p${i}` }))
    const whole = posts.map((post) => ({ target: `/posts/${post.id}`, responseBody: JSON.stringify(post) }))
    const embedded = posts.map((post) => ({ ...post, comments: [{ id: 90 + post.id, text: 'c' }] }))
    const { ask } = given([
      ...whole,
      { target: '/posts', responseBody: JSON.stringify(posts) },
      { target: '/posts?_embed=comments', responseBody: JSON.stringify(embedded) },
      { target: '/posts?_limit=2', responseBody: JSON.stringify(posts.slice(0, 2)) },
    ])
    expect(jsonOf(ask({ target: '/posts?_limit=3' }))).toEqual(posts.slice(0, 3))
  })
})

describe('a list whose usual order is the newest first', () => {
  const sums = ['4.50', '20.00', '9.99', '4.50', '100.00', '9.99']
  const goods = sums.map((price, i) => ({ id: i + 1, price, stock: i % 2 }))
  type Good = (typeof goods)[number]
  const newest = (items: readonly Good[]) => [...items].reverse()
  const by = (key: (good: Good) => number, items: readonly Good[]) => [...items].sort((a, b) => key(a) - key(b))
  const told = (target: string, items: readonly Good[]) => ({ target, responseBody: JSON.stringify(items) })
  const { ask } = given([
    told('/goods', newest(goods)),
    told('/goods?limit=4', newest(goods).slice(0, 4)),
    told(
      '/goods?ordering=price',
      by(({ price }) => Number(price), goods),
    ),
    told('/goods?ordering=id', goods),
    told('/goods?min_stock=1', newest(goods.filter(({ stock }) => stock >= 1))),
    told('/goods?min_stock=0', newest(goods)),
  ])
  it.each([
    ['ordering=price&limit=4', by(({ price }) => Number(price), goods).slice(0, 4)],
    ['ordering=stock', by(({ stock }) => stock, goods)],
    ['min_id=4', newest(goods.slice(3))],
  ])(
    'keeps the order of rows among equals, takes amounts for numbers, and knows a bound by its name: %s',
    (query, items) => {
      expect(jsonOf(ask({ target: `/goods?${query}` }))).toEqual(items)
    },
  )
})

describe('a PUT that makes or replaces', () => {
  it('says 201 of what was not there, and 200 of what was', () => {
    const file = (i: number, text: string) => ({ name: `f${i}`, text })
    const put = (i: number, text: string, status: number) => ({
      method: 'PUT',
      target: `/files/f${i}`,
      status,
      requestType: 'application/json',
      requestBody: JSON.stringify({ text }),
      responseBody: JSON.stringify(file(i, text)),
    })
    const read = (i: number, text: string) => ({ target: `/files/f${i}`, responseBody: JSON.stringify(file(i, text)) })
    const { ask } = given(
      Array.from({ length: 9 }, (_, i) => [
        put(i, `a${i}`, 201),
        read(i, `a${i}`),
        ...(i % 3 === 0 ? [put(i, `b${i}`, 200), read(i, `b${i}`)] : []),
      ]).flat(),
    )
    const asked = (i: number) => {
      const body = Buffer.from(JSON.stringify({ text: 'new' }))
      const headers = [{ name: 'content-type', value: 'application/json' }]
      return answerOf(ask({ method: 'PUT', target: `/files/f${i}`, headers, body, writes: true }))
    }
    expect(asked(77).status).toBe(201)
    expect(asked(4).status).toBe(200)
  })
})

describe('a file that shows its whole name', () => {
  const file = (n: number, text = 'old') => ({
    target: `/files/a${n}.txt`,
    responseBody: JSON.stringify({ name: `a${n}.txt`, path: `files/a${n}.txt`, text }),
  })
  const saved = { ...file(2, 'new'), method: 'PUT', requestBody: '{"text":"new"}', requestType: 'application/json' }
  it('is not renamed by a write to it', () => {
    const { ask } = given([1, 2, 3, 4].map((n) => file(n)).concat(saved))
    expect(jsonOf(ask({ target: '/files/a2.txt' }))).toMatchObject({ name: 'a2.txt', text: 'new' })
  })
})
