/** What lists of servers that others wrote do. */
import { describe, expect, it } from 'vitest'
import { answerOf, given } from './given.ts'

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
