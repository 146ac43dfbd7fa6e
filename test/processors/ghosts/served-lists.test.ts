/** What lists of servers that others wrote do. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf } from './given.ts'

describe('ids that are random texts', () => {
  const post = (id: string) => ({ id, title: `p ${id}` })
  const seeds = Array.from({ length: 12 }, (_, i) => post(String(i + 1)))
  const read = (item: { readonly id: string }) => ({ target: `/posts/${item.id}`, responseBody: JSON.stringify(item) })
  const made = ['fd27', '356d', '1345'].map(post)
  const told = (items: readonly { readonly id: string }[]) => [
    ...items.map(read),
    { target: '/posts/9999999', status: 404, responseBody: '{"error":"no"}' },
  ]
  it('are no numbers up to which rows were given out, though one happens to be digits only', () => {
    const { ask } = given([...told(seeds), ...made.map(read)])
    expect(answerOf(ask({ target: '/posts/13' })).status).toBe(200)
    expect(answerOf(ask({ target: '/posts/1200' })).status).toBe(404)
    expect(answerOf(ask({ target: '/posts/1345' })).status).toBe(200)
  })
  it('are numbers where no others of their length are there', () => {
    const { ask } = given([...told(seeds), ...[post('1345'), post('2000')].map(read)])
    expect(answerOf(ask({ target: '/posts/1200' })).status).toBe(200)
  })
})

describe('rows asked for by conditions in the query', () => {
  const rows = Array.from({ length: 16 }, (_, i) => ({
    id: i + 1,
    kind: i % 2 === 0 ? 'cow' : 'goat',
    weight: (i * 7) % 16,
  }))
  type Row = (typeof rows)[number]
  const alone = [{ name: 'accept', value: 'application/vnd.pgrst.object+json' }]
  const told = (query: string, items: readonly Partial<Row>[]) => ({
    target: `/animals?${query}`,
    responseBody: JSON.stringify(items),
  })
  const of = (i: number) => rows.slice(i, i + 1)
  const one = (i: number) => ({
    target: `/animals?id=eq.${i + 1}`,
    requestHeaders: alone,
    responseBody: JSON.stringify(rows[i]),
  })
  const none = {
    target: '/animals?id=eq.900',
    requestHeaders: alone,
    status: 406,
    responseBody: JSON.stringify({ code: 'none' }),
  }
  const { ask } = given([
    told('', rows),
    told(
      'select=id&kind=eq.cow',
      rows.filter(({ kind }) => kind === 'cow').map(({ id }) => ({ id })),
    ),
    ...[0, 3, 5, 8, 11].map((i) => told(`id=eq.${i + 1}`, of(i))),
    ...['cow', 'goat'].map((kind) =>
      told(
        `kind=eq.${kind}`,
        rows.filter((row) => row.kind === kind),
      ),
    ),
    ...[9, 12].map((least) =>
      told(
        `weight=gte.${least}&order=weight.desc`,
        rows.filter(({ weight }) => weight >= least).sort((a, b) => b.weight - a.weight),
      ),
    ),
    ...[0, 2, 6].map(one),
    none,
  ])
  it.each([
    ['id=eq.10', of(9)],
    ['id=eq.777', []],
    ['id=in.(3,4)', rows.slice(2, 4)],
    ['kind=eq.goat&weight=lt.4', rows.filter(({ kind, weight }) => kind === 'goat' && weight < 4)],
    ['weight=gte.14&order=weight.asc', rows.filter(({ weight }) => weight >= 14).sort((a, b) => a.weight - b.weight)],
  ])('are found: %s', (query, items) => {
    expect(jsonOf(ask({ target: `/animals?${query}` }))).toEqual(items)
  })
  it('come alone where the Accept wants one, and are refused where there is none', () => {
    expect(jsonOf(ask({ target: '/animals?id=eq.12', headers: alone }))).toEqual(rows[11])
    expect(answerOf(ask({ target: '/animals?id=eq.4444', headers: alone })).status).toBe(406)
  })
})

describe('a filter that compares texts with numbers', () => {
  const rows = Array.from({ length: 8 }, (_, i) => ({ id: i + 1, owner: i % 4, room: ['hall', 'yard'][i % 2] }))
  const told = (query: string, data: unknown) => ({
    target: `/messages?${query}`,
    responseBody: JSON.stringify({ total: (data as unknown[]).length, data }),
  })
  const inRoom = (room: string) => rows.filter((row) => row.room === room)
  const seen = [told('', rows), told('room=hall', inRoom('hall')), told('owner=0', []), told('owner=1', [])]
  it('finds nothing for other values either', () => {
    const { ask } = given(seen)
    expect(jsonOf(ask({ target: '/messages?owner=3' }))).toEqual({ total: 0, data: [] })
    expect(jsonOf(ask({ target: '/messages?room=yard' }))).toEqual({ total: 4, data: inRoom('yard') })
  })
  it('is believed again when it finds something', () => {
    const of = (owner: number) => rows.filter((row) => row.owner === owner)
    const { ask } = given([...seen, told('owner=2', of(2))])
    expect(jsonOf(ask({ target: '/messages?owner=3' }))).toEqual({ total: 2, data: of(3) })
  })
  it('was not wrong where no known row is as it says', () => {
    const { ask } = given([...seen.slice(0, 2), told('room=attic', []), told('room=cellar', []), told('room=roof', [])])
    expect(jsonOf(ask({ target: '/messages?room=yard' }))).toEqual({ total: 4, data: inRoom('yard') })
  })
})

describe('a filter that lets rows pass that have nothing there', () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ id: i + 1, text: `c ${i}`, film: i % 5 === 4 ? null : i % 4 }))
  const told = (query: string, data: unknown) => ({ target: `/reviews?${query}`, responseBody: JSON.stringify(data) })
  const of = (film: number, isLoose: boolean) =>
    rows.filter((row) => row.film === film || (isLoose && row.film === null))
  it('lets them pass for other values too', () => {
    const { ask } = given([told('', rows), told('film=1', of(1, true)), told('film=2', of(2, true))])
    expect(jsonOf(ask({ target: '/reviews?film=3' }))).toEqual(of(3, true))
  })
  it('is none where it was seen to leave them out', () => {
    const { ask } = given([told('', rows), told('film=1', of(1, false)), told('film=2', of(2, false))])
    expect(jsonOf(ask({ target: '/reviews?film=3' }))).toEqual(of(3, false))
  })
})

describe('rows whose ids are numbers and random texts', () => {
  const row = (id: string) => ({ id, text: `t ${id}` })
  const ids = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '912c', '1e77', '51e2', 'fd27']
  it('come by number, then as they were first seen', () => {
    const { ask } = given([
      { target: '/posts/912c', responseBody: JSON.stringify(row('912c')) },
      { target: '/posts?_start=0&_limit=16', responseBody: JSON.stringify(ids.map(row)) },
      { target: '/posts?_start=5&_limit=3', responseBody: JSON.stringify(ids.slice(5, 8).map(row)) },
    ])
    expect(jsonOf(ask({ target: '/posts?_start=8&_limit=7' }))).toEqual(ids.slice(8, 15).map(row))
  })
})

describe('a page beyond the last', () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ id: i + 1, text: `t ${i}` }))
  const page = (n: number, status = 200) => ({
    target: `/notes?page=${n}&size=5`,
    status,
    responseBody: JSON.stringify(status === 200 ? rows.slice(5 * (n - 1), 5 * n) : { detail: 'Invalid page.' }),
  })
  const known = [{ target: '/notes', responseBody: JSON.stringify(rows) }, page(1), page(2), page(3)]
  it('is refused where such pages were', () => {
    const { ask } = given([...known, page(9, 404)])
    const verdict = answerOf(ask({ target: '/notes?page=4&size=5' }))
    expect(verdict.status).toBe(404)
    expect(jsonOf(verdict)).toEqual({ detail: 'Invalid page.' })
    expect(jsonOf(ask({ target: '/notes?page=2&size=6' }))).toEqual(rows.slice(6, 12))
  })
  it('is a page of nothing where such pages were, or none was seen', () => {
    for (const seen of [[], [page(9)], [page(7, 404), page(8), page(9)]]) {
      const { ask } = given([...known, ...seen])
      expect(jsonOf(ask({ target: '/notes?page=5&size=5' }))).toEqual([])
    }
  })
})
