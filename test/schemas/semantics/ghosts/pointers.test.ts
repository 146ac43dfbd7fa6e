/** Where the items of a list stand among other arrays. */
import { expect, it } from 'vitest'
import { arrayIn } from '../../../../schemas/semantics/ghosts/pointers.ts'

const page = [{ url: '/a', label: '1', active: true }]

it.each([
  ['the body', [{ id: 1 }], ''],
  [
    'what has ids, however many links to pages there are',
    { data: [{ id: 1 }], meta: { links: [...page, ...page] } },
    '/data',
  ],
  ['the nearest where nothing has ids: there are no items', { data: [], meta: { links: page } }, '/data'],
  [
    'further in, where the nearest has no ids',
    { links: page, _embedded: { orders: [{ id: 'x' }] } },
    '/_embedded/orders',
  ],
  ['the longest of the nearest where nothing has ids', { errors: [], rows: [{ n: 1 }] }, '/rows'],
  ['the longest of those with ids', { users: [{ id: 1 }], posts: [{ id: 1 }, { id: 2 }] }, '/posts'],
  ['nowhere', { a: 1, tags: ['x'] }, '!'],
])('%s', (_, json, pointer) => {
  expect(arrayIn(json)).toBe(pointer)
})
