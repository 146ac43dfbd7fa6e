import { expect, it } from 'vitest'
import { answerOf, given, jsonOf } from './given.ts'

const invoice = (id: string, customer: string) => ({
  id,
  object: 'invoice',
  customer,
  lines: { object: 'list', data: [{ id: `il_${id}`, amount: 5 }], has_more: false },
})
const ids = ['in_Ab3dEf7hJ1', 'in_Bc4eFg8iK2', 'in_Cd5fGh9jL3', 'in_De6gHi1kM4']
const body = (id: string, i: number) => JSON.stringify(invoice(id, `cus_${i}x`))
const made = ids.map((id, i) => ({
  method: 'POST',
  target: '/invoices',
  requestBody: JSON.stringify({ customer: `cus_${i}x` }),
  requestType: 'application/json',
  responseBody: body(id, i),
}))
const read = ids.map((id, i) => ({ target: `/invoices/${id}`, responseBody: body(id, i) }))
const post = (json: unknown) => ({
  method: 'POST',
  target: '/invoices',
  body: Buffer.from(JSON.stringify(json)),
  headers: [{ name: 'content-type', value: 'application/json' }],
  writes: true,
})

it('given things with lines that were made before one of them was read, then a POST makes one and is no search', () => {
  const { ask } = given([...made, ...read])
  const answer = ask(post({ customer: 'cus_9x' }))
  expect(answerOf(answer).rule).toBe('write')
  expect(jsonOf(answer)).toMatchObject({ object: 'invoice', customer: 'cus_9x', lines: { object: 'list' } })
  expect(jsonOf(answer)).toHaveProperty('id')
})
