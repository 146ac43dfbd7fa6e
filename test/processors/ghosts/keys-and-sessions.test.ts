/** Several credentials at once: an application's key, which all its users send, and what each user proves themselves with. */
import { describe, expect, it } from 'vitest'
import { answerOf, given, jsonOf, textOf } from './given.ts'

const KEY = { name: 'x-api-key', value: 'cp_app' }
const session = (who: string) => ({ name: 'x-session-token', value: `cp_${who}` })
const fields = (...own: readonly { readonly name: string; readonly value: string }[]) => [KEY, ...own]
const as = (who: string) => ({ principal: 'cp_app', requestHeaders: fields(session(who)) })
const by = (who: string) => ({ principal: 'cp_app', headers: fields(session(who)) })
const note = (who: string, i: number) => ({ id: `${who}${i}`, text: `note ${i} of ${who}` })
const read = (who: string, i: number) => ({
  ...as(who),
  target: `/notes/${who}${i}`,
  responseBody: JSON.stringify(note(who, i)),
})
const refused = { principal: 'cp_app', requestHeaders: fields(session('bad')), target: '/notes/amy1', status: 401 }
const told = ['amy', 'bob'].flatMap((who) => [1, 2, 3, 4, 5, 6].map((i) => read(who, i)))

describe('a key of the application beside a session', () => {
  const { ask } = given([...told, { ...refused, responseBody: '{"error":"session"}' }])
  it('gives each user what is theirs', () => {
    expect(jsonOf(ask({ target: '/notes/amy3', ...by('amy') }))).toEqual(note('amy', 3))
  })
  it.each([
    ['another user', by('bob')],
    ['a session that nobody knows', by('eve')],
    ['the key alone', { principal: 'cp_app', headers: fields() }],
  ])('gives %s nothing of it', (_, who) => {
    expect(textOf(ask({ target: '/notes/amy3', ...who }))).not.toContain('of amy')
  })
  it('refuses the session that was refused', () => {
    const bad = { principal: 'cp_app', headers: fields(session('bad')) }
    expect(answerOf(ask({ target: '/notes/amy3', ...bad })).status).toBe(401)
  })
})

describe('beside a key', () => {
  const cookie = (value: string) => ({ name: 'cookie', value })
  const told = [1, 2, 3].map((i) => ({
    principal: 'cp_app',
    requestHeaders: fields(cookie('cp_sid')),
    target: `/me/notes/n${i}`,
    responseBody: JSON.stringify(note('n', i)),
  }))
  const { ask } = given(told)
  it('a cookie tells users apart', () => {
    const [own, other] = [cookie('cp_sid'), cookie('cp_other')].map((one) => ({
      principal: 'cp_app',
      headers: fields(one),
    }))
    expect(jsonOf(ask({ target: '/me/notes/n2', ...own }))).toEqual(note('n', 2))
    expect(textOf(ask({ target: '/me/notes/n2', ...other }))).not.toContain('note 2')
  })
})

describe('beside a credential of their own', () => {
  const told = [1, 2, 3].map((i) => ({
    principal: 'cp_amy',
    requestHeaders: [
      { name: 'authorization', value: 'cp_amy' },
      { name: 'cookie', value: `cp_visit${i}` },
      { name: 'x-csrf-token', value: `cp_once${i}` },
    ],
    target: `/notes/n${i}`,
    responseBody: JSON.stringify(note('n', i)),
  }))
  it('cookies and proofs that change with every visit make nobody else of a user', () => {
    const headers = [
      { name: 'authorization', value: 'cp_amy' },
      { name: 'cookie', value: 'cp_visit9' },
    ]
    const { ask } = given(told)
    expect(jsonOf(ask({ target: '/notes/n2', principal: 'cp_amy', headers }))).toEqual(note('n', 2))
  })
})

describe('a session that an answer gave out', () => {
  const login = (token: string) => ({
    principal: 'cp_app',
    requestHeaders: fields(),
    method: 'POST',
    target: '/login',
    requestType: 'application/json',
    requestBody: '{"user":"amy","password":"cp_x"}',
    responseBody: JSON.stringify({ username: 'amy', token }),
  })
  it('is its owner’s together with the key, and so is the next one', () => {
    const { ask } = given([
      login('cp_one'),
      ...[1, 2, 3].map((i) => ({ ...read('amy', i), ...as('one') })),
      login('cp_two'),
      {
        ...read('amy', 1),
        ...as('two'),
      },
    ])
    expect(jsonOf(ask({ target: '/notes/amy3', ...by('two') }))).toEqual(note('amy', 3))
  })
})
