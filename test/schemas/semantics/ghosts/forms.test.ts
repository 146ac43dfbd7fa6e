import { describe, expect, it } from 'vitest'
import { readRequest } from '../../../../schemas/semantics/ghosts/asked.ts'
import { countForm, inForm, isOther } from '../../../../schemas/semantics/ghosts/forms.ts'
import type { ListModel } from '../../../../schemas/semantics/ghosts/model.ts'

const asked = (target: string) =>
  readRequest({ service: 's', method: 'GET', target, headers: [], body: undefined, principal: '', at: 0 })
/** A list that was first seen in `first`, with an answer at each target in the other form or not. */
const listOf = (first: string, seen: readonly (readonly [target: string, wasOther: boolean])[]): ListModel => {
  const list: ListModel = {
    at: first,
    type: '/posts',
    candidates: [],
    idField: 'id',
    seen: 1,
    longest: 90,
    full: 2,
    parameters: [],
    order: [],
    around: [],
    totals: [],
    other: { at: first === '' ? '/data' : '', longest: 10, full: 3, sets: [] },
  }
  for (const [target, wasOther] of seen) countForm(list, asked(target), wasOther)
  return list
}

describe('the form of a list', () => {
  const bareFirst = listOf('', [
    ['/posts?page=1&size=2', true],
    ['/posts?page=2&size=2', true],
    ['/posts?author=3', false],
  ])
  const wrappedFirst = listOf('/data', [
    ['/posts?page=1', false],
    ['/posts?author=3', true],
  ])
  it.each([
    ['nothing', bareFirst, '/posts', false],
    ['a set that was seen', bareFirst, '/posts?size=9&page=3', true],
    ['a new set with what changed it', bareFirst, '/posts?page=3&author=1', true],
    ['what never changed it', bareFirst, '/posts?author=1', false],
    ['what nobody asked for yet', bareFirst, '/posts?title=x', false],
    ['nothing, first seen in an envelope', wrappedFirst, '/posts', true],
    ['a page, first seen in an envelope', wrappedFirst, '/posts?page=7', false],
  ] as const)('follows from the parameters: %s', (_, list, target, other) => {
    expect(isOther(list, asked(target))).toBe(other)
  })
  it('has its own place and length', () => {
    expect(inForm(bareFirst, asked('/posts?page=3&size=2'))).toMatchObject({ at: '/data', longest: 10, full: 3 })
    expect(inForm(bareFirst, asked('/posts'))).toBe(bareFirst)
  })
  it('is learned anew when the server changes', () => {
    const list = listOf(
      '',
      Array.from({ length: 40 }, (_, i) => ['/posts?page=1', i < 30] as const),
    )
    expect(isOther(list, asked('/posts?page=1'))).toBe(false)
  })
})
