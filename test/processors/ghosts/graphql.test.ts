import { expect, test } from 'vitest'
import { openGhosts, type Ask } from '../../evals/worlds/pipeline.ts'
import { openGraphqlShop, type GraphqlRequest } from '../../kit/graphql-shop.ts'

const BOOK = 'query B($id: ID!) { book(id: $id) { id title year author { id name } } }'
const BRIEF = 'query ($n: ID!) { found: book(id: $n) { title by: author { name } } }'
const LIST =
  'query L($first: Int, $after: Int) { books(first: $first, after: $after) { id title year author { id name } } }'
const RENAME = 'mutation R($id: ID!, $title: String!) { renameBook(id: $id, title: $title) { id title year } }'
const ADD = 'mutation A($t: String!, $a: ID!) { addBook(title: $t, authorId: $a) { id title year } }'
const START = 1_700_000_000_000

/** The shop behind the pipeline: each request goes to the shop and is learned, until it is asked for as a ghost. */
const openShop = async () => {
  const shop = openGraphqlShop(60)
  const ghosts = await openGhosts('shop', () => undefined)
  let now = START
  const ask = (request: GraphqlRequest): Ask => ({
    method: 'POST',
    path: '/graphql',
    headers: {},
    json: request,
    now: (now += 1000),
  })
  return {
    live: (request: GraphqlRequest): unknown => {
      const json = shop.execute(request)
      ghosts.learn(ask(request), { status: 200, json })
      return json
    },
    truth: shop.execute,
    ghost: (request: GraphqlRequest) => ghosts.answer(ask(request)),
    /** An hour later, so that all that was learned is published. */
    idle: () => {
      now += 3_600_000
      const last = { query: BOOK, variables: { id: '1' } }
      ghosts.learn(ask(last), { status: 200, json: shop.execute(last) })
    },
  }
}

const taught = async () => {
  const shop = await openShop()
  for (let after = 0; after < 40; after += 10) shop.live({ query: LIST, variables: { first: 10, after } })
  for (const id of ['1', '2', '3', '12', '13', '45', '900', '901', '902', '903', '904'])
    shop.live({ query: BOOK, variables: { id } })
  for (const id of ['1', '5']) shop.live({ query: '{ author(id: "' + id + '") { id name country } }' })
  shop.idle()
  return shop
}

test('a query that was seen is answered, whatever its blanks and names', async () => {
  const shop = await taught()
  const found = shop.ghost({
    query: BOOK.replaceAll(' { ', '\n{\n ').replace('query B', 'query Other'),
    variables: { id: '2' },
  })
  expect(found).toMatchObject({ status: 200, json: shop.truth({ query: BOOK, variables: { id: '2' } }) })
  expect(found.confidence).toBeGreaterThan(0.8)
})

test.each([
  ['a book that only a list showed', { query: BOOK, variables: { id: '27' } }],
  ['fewer fields, other names', { query: BRIEF, variables: { n: '31' } }],
  [
    'literals in the place of variables, and a fragment',
    { query: 'query { book(id: "8") { ...f } } fragment f on Book { year title }' },
  ],
  ['an author whom only books showed', { query: '{ author(id: "3") { name } }' }],
])('what follows from known objects: %s', async (_, request) => {
  const shop = await taught()
  expect(shop.ghost(request)).toMatchObject({ status: 200, json: shop.truth(request) })
})

test('what is not there is null with errors, as the server says it', async () => {
  const shop = await taught()
  const request = { query: BRIEF, variables: { n: '977' } }
  expect(shop.ghost(request)).toMatchObject({ status: 200, json: shop.truth(request) })
})

test.each([
  ['a field that was never seen', { query: '{ author(id: "3") { country } }' }],
  ['a page that was never seen', { query: LIST, variables: { first: 7, after: 3 } }],
  [
    'two things that were never asked for together',
    { query: '{ a: book(id: "4") { title } b: author(id: "1") { country name } }' },
  ],
  ['an operation that was never seen', { query: '{ publishers { name } }' }],
])('nothing is said of %s', async (_, request) => {
  const shop = await taught()
  expect(shop.ghost(request).status).toBe(503)
})

test('a mutation is a write: simulated, its sender sees what it did, also in queries', async () => {
  const shop = await taught()
  for (const id of ['1', '2', '3', '12']) shop.live({ query: RENAME, variables: { id, title: `Now ${id}` } })
  for (const t of ['x', 'y', 'z']) shop.live({ query: ADD, variables: { t, a: '2' } })
  shop.idle()
  const renamed = { query: RENAME, variables: { id: '27', title: 'Renamed' } }
  const answer = shop.ghost(renamed)
  expect(answer).toMatchObject({ status: 200, json: shop.truth(renamed) })
  expect(shop.ghost({ query: '{ book(id: "27") { id title year } }' }).json).toMatchObject({
    data: { book: { id: '27', title: 'Renamed' } },
  })
})

test('what a mutation at the backend changed is not told as it was', async () => {
  const shop = await taught()
  shop.live({ query: RENAME, variables: { id: '27', title: 'Changed' } })
  shop.idle()
  const { json, confidence } = shop.ghost({ query: '{ book(id: "27") { title } }' })
  if (JSON.stringify(json ?? '').includes('Volume')) expect(confidence).toBeLessThan(0.6)
})

/** Blind: requests that were drawn, not chosen. */
test('of drawn queries most are answered, and what is answered is right', async () => {
  const shop = await taught()
  const fields = ['id', 'title', 'year', 'author { name }', 'author { id }']
  let right = 0
  let told = 0
  for (let i = 0; i < 120; i++) {
    const some = fields.filter((_, f) => ((i * 7 + f * 5) % 11) % 2 === 0)
    const request = {
      query: `{ x: book(id: "${1 + ((i * 17) % 60)}") { ${some.length > 0 ? some.join(' ') : 'id'} } }`,
    }
    const found = shop.ghost(request)
    if (found.status === 503) continue
    told++
    if (JSON.stringify(found.json) === JSON.stringify(shop.truth(request))) right++
  }
  expect(told).toBeGreaterThanOrEqual(80)
  expect(right / told).toBeGreaterThanOrEqual(0.98)
})
