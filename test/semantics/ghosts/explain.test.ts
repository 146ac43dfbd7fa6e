import { describe, expect, it } from 'vitest'
import type { GhostExplanation } from '../../../schemas/semantics/ghost-port.ts'
import { readRequest } from '../../../schemas/semantics/ghosts/asked.ts'
import { openExemplars } from '../../../schemas/semantics/ghosts/nearest.ts'
import { given, START } from '../../processors/ghosts/given.ts'

const SECOND = 1_000_000
const book = (id: number) => ({
  id,
  title: `Title ${id}`,
  author: `Author ${id % 3}`,
  kind: 'book',
  at: 1_600_000_000 + id,
})
const json = (value: unknown) => ({ responseBody: JSON.stringify(value) })
const shop = given([
  { target: '/books?page=1', ...json({ items: [1, 2, 3, 4].map(book), total: 9, page: 1 }) },
  { target: '/books?page=2', ...json({ items: [5, 6, 7, 8].map(book), total: 9, page: 2 }) },
  { target: '/books?page=3', ...json({ items: [9].map(book), total: 9, page: 3 }) },
  ...[1, 2, 3, 1, 2].map((id) => ({ target: `/books/${id}`, ...json(book(id)) })),
  ...[10, 11, 12].map((id) => ({
    method: 'POST',
    target: '/books',
    status: 201,
    requestType: 'application/json',
    requestBody: JSON.stringify({ title: `Title ${id}`, author: `Author ${id % 3}` }),
    ...json({ ...book(id), at: Math.floor(START / SECOND) + id - 2 }),
  })),
])

const sources = ({ leaves }: GhostExplanation) =>
  Object.fromEntries(leaves.map(({ pointer, source }) => [pointer, source]))
const explain = shop.explain

describe('explain', () => {
  it('says the same as answer', () => {
    for (const target of ['/books/1', '/books/7', '/books/77', '/books?page=1', '/books?page=2&x=1', '/nothing'])
      expect(explain({ target }).verdict).toEqual(shop.ask({ target }))
  })

  it('tells an exact answer, and an object by what taught it', () => {
    const exact = explain({ target: '/books/1' })
    expect(exact.rule).toBe('exact')
    expect(new Set(Object.values(sources(exact)))).toEqual(new Set(['exact']))
    const listed = explain({ target: '/books/7' })
    expect(listed.rule).toBe('object')
    expect(sources(listed)).toMatchObject({ '/id': 'resource', '/title': 'resource' })
    expect(listed.leaves[0]?.detail).toMatch(/^\/books\/7 as a list showed it at 20/)
    expect(listed.why).toContain('the object was seen')
    expect(listed.confidence).toBeGreaterThan(0)
  })

  it('tells the parts of a list that was made', () => {
    const made = explain({ target: '/books?page=1&author=Author%201' })
    expect(made.rule).toBe('list')
    expect(sources(made)).toMatchObject({ '/items/0/title': 'resource', '/total': 'derived', '/page': 'derived' })
  })

  it('tells what a write is made of', () => {
    const body = Buffer.from(JSON.stringify({ title: 'New', author: 'Me' }))
    const request = { method: 'POST', target: '/books', body, writes: true }
    const created = explain({ ...request, at: START + 3_600 * SECOND })
    expect(created.rule).toBe('write')
    expect(sources(created)).toEqual({
      '/id': 'counter',
      '/title': 'body',
      '/author': 'body',
      '/kind': 'constant',
      '/at': 'clock',
    })
    expect(created.leaves[1]?.detail).toBe('body place /title')
  })

  it('tells blanks and what came from the path, of an object that nobody saw', () => {
    const unseen = explain({ target: '/books/10', principal: '', method: 'GET', at: START })
    expect(unseen.rule).toBe('object')
    const never = given(
      [1, 2, 3, 5, 9].map((id) => ({ target: `/pens/${id}`, ...json({ ...book(id), title: `${id} pens` }) })),
    )
    const told = never.explain({ target: '/pens/7' })
    expect(told.rule).toBe('unseen')
    expect(sources(told)).toMatchObject({ '/id': 'path', '/kind': 'constant', '/author': 'blank' })
    expect(told.leaves[0]?.detail).toBe('path segment 2')
  })

  it('tells which known request an unknown one looks most like, and none where it is known', () => {
    expect(explain({ target: '/books/1' }).closest).toBeUndefined()
    const listed = explain({ target: '/books/4' })
    expect(listed.closest).toBe('GET /books/3')
    expect(listed.why.at(-1)).toMatch(/GET \/books\/3 is most like this one \(0\.9\d\); it got 200$/)
    expect(explain({ target: '/books?page=4' }).closest).toBe('GET /books?page=3')
    const named = given(
      ['/tags/fantasy', '/tags/crime', '/tags/romance'].map((target) => ({ target, ...json({ target }) })),
    )
    expect(named.explain({ target: '/tags/fantastic' }).closest).toBe('GET /tags/fantasy')
  })

  it('names no request that only somebody else sent', () => {
    const theirs = given([1, 2, 3].map((id) => ({ target: `/notes/${id}`, principal: 'cp_a', ...json(book(id)) })))
    expect(theirs.explain({ target: '/notes/4', principal: 'cp_a' }).closest).toBe('GET /notes/3')
    expect(theirs.explain({ target: '/notes/4', principal: 'cp_b' }).closest).toBeUndefined()
    expect(theirs.explain({ target: '/notes/4', principal: '' }).closest).toBeUndefined()
  })

  it('compares with a bounded number of requests, however many are known', () => {
    const exemplars = openExemplars()
    for (let id = 0; id < 5000; id++) exemplars.note('shop GET /books/{id}', `answer shop GET /books/${id} `)
    let looked = 0
    const asked = readRequest({
      service: 'shop',
      method: 'GET',
      target: '/books/7',
      headers: [],
      body: undefined,
      principal: '',
      at: 0,
    })
    exemplars.find('shop GET /books/{id}', asked, () => void looked++)
    expect(looked).toBe(64)
  })

  it('says why it refuses, and what is known that comes closest', () => {
    const refused = explain({ target: '/books/1/pages' })
    expect(refused.refused).toContain('no endpoint is known')
    expect(refused).toMatchObject({ rule: 'none', confidence: 0, leaves: [], closest: 'GET /books/{p1}' })
    expect(explain({ method: 'POST', target: '/books', body: undefined }).refused).toContain('only the backend')
  })
})
