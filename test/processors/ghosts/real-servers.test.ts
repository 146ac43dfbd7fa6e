/** What servers that others wrote showed to be wrong, each with the smallest story that has it. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf, textOf } from './given.ts'

const as = (principal: string) => ({ principal, requestHeaders: [{ name: 'authorization', value: principal }] })
const by = (principal: string) => ({ principal, headers: [{ name: 'authorization', value: principal }] })

describe('an answer that no cache may store', () => {
  const told = ['cp_amy', 'cp_amy', 'cp_bob'].map((principal) => ({
    ...as(principal),
    target: '/notes/7',
    responseHeaders: [{ name: 'cache-control', value: 'no-cache, no-store' }],
    responseBody: JSON.stringify({ id: 7, text: `of ${principal}` }),
  }))
  it('is given again to the one who got it, and to nobody else', () => {
    const { ask } = given(told)
    expect(jsonOf(ask({ target: '/notes/7', ...by('cp_amy') }))).toEqual({ id: 7, text: 'of cp_amy' })
    expect(textOf(ask({ target: '/notes/7', ...by('cp_eve') }))).not.toContain('of cp_')
    expect(textOf(ask({ target: '/notes/7' }))).not.toContain('of cp_')
  })
})

describe('a thing that only others saw', () => {
  const people = ['cp_amy', 'cp_bob', 'cp_cai']
  const note = (who: string, i: number) => ({ id: `${who.slice(3)}${i}x${i * 7919}`, text: `note ${i} of ${who}` })
  const notes = (who: string) => Array.from({ length: 8 }, (_, i) => note(who, i))
  const listed = (who: string, items: unknown) => ({
    ...as(who),
    target: '/notes',
    responseBody: JSON.stringify(items),
  })
  const read = (who: string, item: { readonly id: string }) => ({
    ...as(who),
    target: `/notes/${item.id}`,
    responseBody: JSON.stringify(item),
  })
  const absent = (who: string) => ({
    ...as(who),
    target: '/notes/zoe9x71271',
    status: 404,
    responseBody: '{"error":1}',
  })
  const items = people.flatMap((who) => notes(who).map((item) => read(who, item)))
  it('is not there for somebody else where all have things of their own', () => {
    const { ask } = given([...people.map((who) => listed(who, notes(who))), ...items, ...people.map(absent)])
    const mine = ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_amy') })
    expect(answerOf(mine).status).toBe(200)
    const theirs = ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_bob') })
    expect(answerOf(theirs).status).toBe(404)
  })
  it('is there where people see the same', () => {
    const all = people.flatMap(notes)
    const { ask } = given([...people.map((who) => listed(who, all)), ...items, ...people.map(absent)])
    expect(jsonOf(ask({ target: `/notes/${note('cp_amy', 3).id}`, ...by('cp_bob') }))).toEqual(note('cp_amy', 3))
  })
})
