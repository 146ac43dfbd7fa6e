import { describe, expect, it } from 'vitest'
import { answerOf, given } from './given.ts'

const row = (id: number) => ({ id, title: `row ${id}`, kind: 'photo' })
const one = (id: number) => ({ target: `/photos/${id}`, responseBody: JSON.stringify(row(id)) })
const seen = [4, 8, 9, 12, 15, 20, 22, 27, 31, 40].map(one)
const page = (ids: readonly number[], total: number) => ({
  target: '/photos?_page=1&_limit=5',
  responseBody: JSON.stringify(ids.map(row)),
  responseHeaders: [
    { name: 'content-type', value: 'application/json' },
    { name: 'X-Total-Count', value: String(total) },
  ],
})

describe('rows that vanished unseen', () => {
  it('given every number accounted for, then a row that nobody saw is there', () => {
    const { ask } = given([...seen, page([1, 2, 3, 4, 5], 40)])
    expect(answerOf(ask({ target: '/photos/17' })).status).toBe(200)
  })

  it('given a list that leaves a row out that was seen before, then it is gone', () => {
    const { ask } = given([...seen, page([1, 2, 3, 5, 6], 39)])
    expect(answerOf(ask({ target: '/photos/9' })).status).toBe(200)
    expect(answerOf(ask({ target: '/photos/4' })).status).toBe(404)
  })

  it('given a total that says that more are gone than were seen to go, then it is not said that a row is there, nor surely that not', () => {
    const { ask } = given([...seen, page([1, 2, 3, 4, 5], 36)])
    const answer = answerOf(ask({ target: '/photos/17' }))
    expect(answer.status).toBe(404)
    expect(answer.confidence).toBeLessThan(0.6)
    expect(answerOf(ask({ target: '/photos/9' })).status).toBe(200)
  })
  it('given only first pages, of rows that all have a 1 somewhere, then the page is a page and a row left out is gone', () => {
    const first = (ids: readonly number[]) => ({
      target: '/photos?_page=1&_limit=5',
      responseBody: JSON.stringify(ids.map((id) => ({ ...row(id), albumId: 1 }))),
    })
    const { ask } = given([...seen, first([1, 2, 3, 4, 5]), first([1, 2, 3, 5, 6])])
    expect(answerOf(ask({ target: '/photos/9' })).status).toBe(200)
    expect(answerOf(ask({ target: '/photos/4' })).status).toBe(404)
  })
})
