import { describe, expect, it } from 'vitest'
import { accepts } from '../../../../schemas/semantics/ghosts/negotiated.ts'
import { given } from '../../../processors/ghosts/given.ts'

describe('Accept (9110 §12.5.1)', () => {
  it.each([
    ['*/*', true],
    ['text/html, */*;q=0.1', true],
    ['application/json', true],
    ['application/*', true],
    ['application/vnd.github+json', true],
    ['Application/JSON;q=0.5', true],
    ['text/html', false],
    ['text/html, application/json;q=0', false],
    ['text/json-seq', false],
  ])('%s takes JSON: %s', (accept, does) => expect(accepts(accept, 'application/json; charset=utf-8')).toBe(does))
})

const told = (id: number, type: string, varies: boolean) => ({
  target: `/books/${id}`,
  requestHeaders: [{ name: 'accept', value: type }],
  responseHeaders: [{ name: 'content-type', value: type }, ...(varies ? [{ name: 'vary', value: 'Accept' }] : [])],
  responseType: type,
  responseBody: type === 'text/html' ? `<b>${id}</b>` : JSON.stringify({ id, kind: 'book' }),
})
const asked = (id: number, accept: string) => ({ target: `/books/${id}`, headers: [{ name: 'accept', value: accept }] })

it.each([
  ['negotiates', true, 'refuse'],
  ['does not negotiate', false, 'answer'],
])('a book that was seen in JSON, asked for in HTML of a server that %s', (_, varies, kind) => {
  const books = [1, 2, 3, 4].map((id) => told(id, 'application/json', varies))
  const { ask } = given([...books, ...books])
  expect(ask(asked(3, 'application/json')).kind).toBe('answer')
  expect(ask(asked(3, 'text/html')).kind).toBe(kind)
})
