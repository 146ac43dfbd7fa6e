import { describe, expect, it } from 'vitest'
import { given, jsonOf, textOf } from './given.ts'

const book = (id: number) => JSON.stringify({ id, title: `Book ${id}`, stock: id % 3, kind: 'book' })
const books = [1, 2, 3, 4].map((id) => ({ target: `/books/${id}`, responseBody: book(id) }))

describe('credentials', () => {
  const as = (principal: string) => ({ principal, requestHeaders: [{ name: 'authorization', value: principal }] })
  const me = { ...as('cp_a'), target: '/me', responseBody: '{"name":"amy"}' }
  const denied = { status: 401, responseBody: '{"error":"who?"}' }

  it('given a private answer, then others and nobody are refused', () => {
    const { ask } = given([me, me])
    expect(ask({ target: '/me', principal: 'cp_a' })).toMatchObject({ ghost: 'exact' })
    expect(ask({ target: '/me', principal: 'cp_b' })).toMatchObject({ kind: 'refuse', reason: 'unknown-credential' })
    expect(ask({ target: '/me' })).toMatchObject({ kind: 'refuse', reason: 'nothing-learned' })
  })
  it('given strangers turned away, then a stranger is turned away', () => {
    const { ask } = given([me, me, { target: '/me', ...denied }, { ...as('cp_x'), target: '/me', ...denied }])
    expect(ask({ target: '/me' })).toMatchObject({ kind: 'answer', status: 401 })
    expect(ask({ target: '/me', principal: 'cp_y' })).toMatchObject({ kind: 'answer', status: 401 })
  })
  it('given a credential that was revoked, then it gets nothing more', () => {
    const other = { ...me, target: '/mine', responseBody: '{"mine":"amy"}' }
    const { ask } = given([me, other, { ...me, ...denied }])
    for (const target of ['/me', '/mine']) expect(textOf(ask({ target, principal: 'cp_a' }))).not.toContain('amy')
  })
  it('given anonymous answers, then everybody gets them', () => {
    const { ask } = given(
      [1, 2, 3, 4, 5, 6].flatMap((i) => [...books, { ...as(`cp_${i}`), target: '/books/1', responseBody: book(1) }]),
    )
    expect(jsonOf(ask({ target: '/books/2', principal: 'cp_1' }))).toEqual(JSON.parse(book(2)))
  })
})

describe('lists', () => {
  const all = Array.from({ length: 12 }, (_, i) => ({
    id: i + 1,
    genre: i % 2 === 0 ? 'sea' : 'war',
    title: `T${11 - i}`,
  }))
  const one = all.slice(0, 4).map((b) => ({ target: `/books/${b.id}`, responseBody: JSON.stringify(b) }))
  const page = (query: string, items: unknown) => ({ target: `/books${query}`, responseBody: JSON.stringify(items) })
  const seen = [
    ...one,
    page('?page=1&limit=6', all.slice(0, 6)),
    page('?page=2&limit=6', all.slice(6)),
    page(
      '?genre=sea',
      all.filter((b) => b.genre === 'sea'),
    ),
    page('?sort=id&order=desc&limit=2', [all[11], all[10]]),
  ]
  it.each([
    ['?genre=war', all.filter((b) => b.genre === 'war')],
    ['?page=2&limit=5', all.slice(5, 10)],
    ['?sort=title&limit=3', [...all].sort((a, b) => (a.title < b.title ? -1 : 1)).slice(0, 3)],
    ['?genre=sea&sort=id&order=desc&limit=1', [all[10]]],
    ['?title=T3', [all[8]]],
  ])('given lists, when %s is asked for the first time, then it is made', (query, items) => {
    expect(jsonOf(given(seen).ask({ target: `/books${query}` }))).toEqual(items)
  })
  it('given a parameter of unknown effect, then no list is made up', () => {
    expect(textOf(given(seen).ask({ target: '/books?magic=1' }))).not.toContain('T1')
  })
  it('given a new object, then it is in the list, and a deleted one is not', () => {
    const made = { id: 13, genre: 'sea', title: 'T99' }
    const { ask } = given([
      ...seen,
      { target: '/books', method: 'POST', status: 201, responseBody: JSON.stringify(made) },
      { target: '/books/1', method: 'DELETE', status: 204 },
    ])
    const items = jsonOf(ask({ target: '/books?genre=sea' })) as { id: number }[]
    expect(items.map((b) => b.id)).toEqual([3, 5, 7, 9, 11, 13])
  })
})

describe('a list that comes bare, and page by page in an envelope', () => {
  const all = Array.from({ length: 11 }, (_, i) => ({ id: String(i + 1), author: String(i % 3), views: i * 10 }))
  const page = (number: number, size: number) => {
    const pages = Math.ceil(all.length / size)
    const next = number < pages ? number + 1 : null
    const prev = number > 1 ? number - 1 : null
    return { first: 1, prev, next, pages, items: 11, data: all.slice((number - 1) * size, number * size) }
  }
  const by = (author: string) => all.filter((post) => post.author === author)
  const told = (target: string, json: unknown) => ({ target, responseBody: JSON.stringify(json) })
  const paged = [1, 2, 3, 1, 2].map((number) => told(`/posts?_page=${number}&_per_page=4`, page(number, 4)))
  const bare = [told('/posts', all), ...['0', '1'].map((author) => told(`/posts?author=${author}`, by(author)))]
  it.each([
    ['bare first', [...bare, ...paged]],
    ['in an envelope first', [...paged, ...bare]],
  ])('is told from the parameters, seen %s', (_, exchanges) => {
    const { ask } = given([...exchanges, ...paged, ...bare])
    expect(jsonOf(ask({ target: '/posts?_page=2&_per_page=5' }))).toEqual(page(2, 5))
    expect(jsonOf(ask({ target: '/posts?author=2' }))).toEqual(by('2'))
  })
})
