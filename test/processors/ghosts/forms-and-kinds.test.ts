/** Requests that say everything in texts, or name by an id what answers show whole. */
import { describe, expect, it } from 'vitest'
import { formBody } from '../../../schemas/semantics/ghosts/form-body.ts'
import { queryPairs } from '../../../schemas/semantics/ghosts/asked.ts'
import { given, jsonOf } from './given.ts'

const FORM = 'application/x-www-form-urlencoded'

describe('a form', () => {
  const bodyOf = (text: string, type = FORM) => formBody(Buffer.from(text), type, queryPairs)
  it('is the object that its names spell', () => {
    expect(bodyOf('a=1&b[c]=x+y&b[d][e]=%C3%A9&f[]=1&f[]=2&g[0][h]=3')).toEqual({
      a: '1',
      b: { c: 'x y', d: { e: 'é' } },
      f: ['1', '2'],
      g: [{ h: '3' }],
    })
  })
  it('is nothing else', () => {
    expect(bodyOf('{"a":1}', 'application/json')).toBeUndefined()
    expect(bodyOf('')).toBeUndefined()
    expect(JSON.stringify(bodyOf('__proto__[a]=1&constructor=2'))).toBe('{"__proto__":{"a":"1"},"constructor":"2"}')
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })
})

describe('a thing that forms write', () => {
  const plan = (i: number, amount: number, name: string) => ({
    id: `plan_${i}`,
    amount,
    name,
    metadata: { tier: 'gold' },
    sources: { data: [] },
  })
  const sent = (amount: number, name: string) => `amount=${amount}&name=${name}&metadata[tier]=gold`
  const form = { requestType: FORM, requestHeaders: [{ name: 'content-type', value: FORM }] }
  const made = (i: number) => ({
    ...form,
    method: 'POST',
    target: '/plans',
    requestBody: sent(i * 100, `n${i}`),
    responseBody: JSON.stringify(plan(i, i * 100, `n${i}`)),
  })
  const changed = (i: number) => ({
    ...form,
    method: 'POST',
    target: `/plans/plan_${i}`,
    requestBody: `amount=${i}`,
    responseBody: JSON.stringify(plan(i, i, `n${i}`)),
  })
  const read = (i: number, amount = i * 100) => ({
    target: `/plans/plan_${i}`,
    responseBody: JSON.stringify(plan(i, amount, `n${i}`)),
  })
  const numbers = [1, 2, 3, 4, 5]
  const { ask } = given(numbers.flatMap((i) => [made(i), read(i), changed(i), read(i, i)]))
  const write = (target: string, text: string) =>
    jsonOf(ask({ method: 'POST', target, headers: form.requestHeaders, body: Buffer.from(text), writes: true }))
  it('has what they say, in the kinds that answers have', () => {
    expect(write('/plans', sent(700, 'new'))).toMatchObject({ amount: 700, name: 'new', metadata: { tier: 'gold' } })
  })
  it('is changed by a POST to it, whatever lists it has', () => {
    expect(write('/plans/plan_2', 'amount=77')).toMatchObject({ id: 'plan_2', amount: 77, name: 'n2' })
  })
})

describe('a thing that names another by its id', () => {
  const author = (id: number) => ({ id, name: `author ${id}`, country: id % 2 === 0 ? 'de' : 'fr' })
  const authors = Array.from({ length: 8 }, (_, i) => author(i + 1))
  const sent = (i: number) => ({ title: `book ${i}`, author: (i % 6) + 1 })
  const book = (i: number) => ({ id: i, ...sent(i), author: author((i % 6) + 1) })
  const json = {
    requestType: 'application/json',
    requestHeaders: [{ name: 'content-type', value: 'application/json' }],
  }
  const { ask } = given([
    ...authors.map((one) => ({ target: `/authors/${one.id}`, responseBody: JSON.stringify(one) })),
    ...Array.from({ length: 24 }, (_, i) => [
      {
        ...json,
        method: 'POST',
        target: '/books',
        requestBody: JSON.stringify(sent(i)),
        responseBody: JSON.stringify(book(i)),
      },
      { target: `/books/${i}`, responseBody: JSON.stringify(book(i)) },
    ]).flat(),
  ])
  it('shows it whole, as answers do', () => {
    const body = Buffer.from(JSON.stringify({ title: 'new', author: 7 }))
    const made = ask({ method: 'POST', target: '/books', headers: json.requestHeaders, body, writes: true })
    expect(jsonOf(made)).toMatchObject({ title: 'new', author: author(7) })
  })
})
