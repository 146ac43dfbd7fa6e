import { describe, expect, it } from 'vitest'
import { answerOf, given } from './given.ts'

// The locator of these tests takes only segments with a digit for ids: of /notes/abcd it does not know that it ends in one.
const note = (id: string) => ({ id, text: `note ${id}`, kind: 'plain' })
const one = (id: string) => ({ target: `/notes/${id}`, responseBody: JSON.stringify(note(id)) })
const list = (ids: readonly string[]) => ({ target: '/notes', responseBody: JSON.stringify(ids.map(note)) })
const seen = [list(['abcd', 'b2', 'c3', 'd4']), ...['b2', 'c3', 'd4', 'e5'].map(one)]
const missing = { target: '/notes/abcd', status: 404, responseBody: '{}' }

describe('what is gone under a path that is not known to end in an id', () => {
  it('given nothing of it, then it is there', () => {
    const { ask } = given(seen)
    expect(answerOf(ask({ target: '/notes/abcd' })).status).toBe(200)
  })

  it('given its removal, then it is not there', () => {
    const { ask } = given([...seen, { method: 'DELETE', target: '/notes/abcd', status: 204 }])
    expect(answerOf(ask({ target: '/notes/abcd' })).status).toBe(404)
    expect(answerOf(ask({ target: '/notes/b2' })).status).toBe(200)
  })

  it('given the removal of something that nobody saw, then it is not there', () => {
    const { ask } = given([...seen, { method: 'DELETE', target: '/notes/zzzz', status: 204 }])
    expect(answerOf(ask({ target: '/notes/zzzz' })).status).toBe(404)
  })

  it('given a removal that was refused, then it is there', () => {
    const { ask } = given([...seen, { method: 'DELETE', target: '/notes/abcd', status: 403 }])
    expect(answerOf(ask({ target: '/notes/abcd' })).status).toBe(200)
  })

  it('given that it was not found, then it is not there, unless it is shown again', () => {
    expect(answerOf(given([...seen, missing]).ask({ target: '/notes/abcd' })).status).toBe(404)
    expect(answerOf(given([...seen, missing, list(['abcd'])]).ask({ target: '/notes/abcd' })).status).toBe(200)
  })

  it('given that another did not find it, then for who saw it it is there', () => {
    const bob = { principal: 'cp_bob', requestHeaders: [{ name: 'authorization', value: 'cp_bob' }] }
    const { ask } = given([...seen, { ...missing, ...bob }])
    expect(answerOf(ask({ target: '/notes/abcd' })).status).toBe(200)
  })
})
