/** Writes that are answered with what is new and no more: `PUT /books/7` says `{"updatedAt": …}`. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf } from './given.ts'

const json = { requestType: 'application/json', requestHeaders: [{ name: 'content-type', value: 'application/json' }] }
const day = (n: number) => `2026-01-${String(n + 10)}T00:00:00.000Z`
const book = (i: number, title: string, updatedAt = day(i)) => ({
  objectId: `b${i}k`,
  title,
  pages: 100 + i,
  updatedAt,
})
const read = (i: number, title: string, updatedAt?: string) => ({
  target: `/books/b${i}k`,
  responseBody: JSON.stringify(book(i, title, updatedAt)),
})
const put = (i: number, title: string) => ({
  ...json,
  method: 'PUT',
  target: `/books/b${i}k`,
  requestBody: JSON.stringify({ title }),
  responseBody: JSON.stringify({ updatedAt: day(i + 10) }),
})
const numbers = [1, 2, 3, 4, 5, 6]
const { ask, accept } = given([
  ...numbers.flatMap((i) => [read(i, `t${i}`), put(i, `u${i}`), read(i, `u${i}`, day(i + 10))]),
  read(7, 't7'),
  put(7, 'u7'),
])

describe('a write that is answered with what is new', () => {
  const body = Buffer.from(JSON.stringify({ title: 'mine' }))
  const request = { method: 'PUT', target: '/books/b3k', headers: json.requestHeaders, body, writes: true }
  const answer = ask(request)
  it('is answered so by a ghost', () => {
    expect(Object.keys(jsonOf(answer) as object)).toEqual(['updatedAt'])
  })
  it('changes what it names, and keeps the rest', () => {
    const { status, body: told } = answerOf(answer)
    accept(request, { id: 'w1', status, body: told })
    expect(jsonOf(ask({ target: '/books/b3k' }))).toMatchObject({ objectId: 'b3k', title: 'mine', pages: 103 })
  })
  it('changed what it named when the backend took it', () => {
    expect(jsonOf(ask({ target: '/books/b7k' }))).toEqual(book(7, 'u7', day(17)))
  })
})
