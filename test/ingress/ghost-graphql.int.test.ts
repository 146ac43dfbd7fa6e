/** GraphQL over the real path: recorded by the ingress, learned by the processors, answered when the backend is dead. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { ghosts } from '../../processors/ghosts/ghosts.ts'
import { createTask } from '../../processors/runtime/task.ts'
import { templates } from '../../processors/templates/templates.ts'
import { openCodecs } from '../../schemas/codec.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { topicName } from '../../schemas/topics.ts'
import { openGraphqlShop, type GraphqlRequest } from '../kit/graphql-shop.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const BOOK = 'query ($id: ID!) { book(id: $id) { id title author { name } } }'
const LIST = 'query ($after: Int) { books(first: 10, after: $after) { id title author { name } } }'
const RENAME = 'mutation ($id: ID!, $title: String!) { renameBook(id: $id, title: $title) { id title } }'

const shopBackend = () => {
  const shop = openGraphqlShop(40)
  return (request: IncomingMessage, response: ServerResponse): void => {
    let text = ''
    request.setEncoding('utf8').on('data', (some: string) => (text += some))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(shop.execute(JSON.parse(text) as GraphqlRequest)))
    })
  }
}

const send = (body: GraphqlRequest): Promise<Response> =>
  fetch(`${stand.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** A shop that was used through the ingress, then learned of, then dead. */
const openDead = async (writes: 'reject' | 'queue' | 'simulate' = 'reject'): Promise<void> => {
  const book = openGhostBook()
  stand = await openStand({ backend: shopBackend(), ghosts: book, service: { ghost: { writes } } })
  const requests: GraphqlRequest[] = [0, 10, 20].map((after) => ({ query: LIST, variables: { after } }))
  for (const id of ['1', '2', '3', '12', '1']) requests.push({ query: BOOK, variables: { id } })
  for (const request of requests) expect((await send(request)).status).toBe(200)
  await eventually('the exchanges', async () => (await stand.exchanges()).length === requests.length)
  await learn(book)
  await stand.stopBackend()
}

const learn = async (book: ReturnType<typeof openGhostBook>): Promise<void> => {
  const codecs = await openCodecs(memorySchemaStore())
  const task = createTask({
    topology: { locator: templates, processors: [ghosts] },
    codecs,
    onDeadLetter: ({ reason }) => expect.fail(reason),
  })
  const events = await stand.exchanges()
  // A minute apart, so that all that was learned is published.
  const records = events.map((event, offset) => {
    const at = event.at + offset * 60_000_000
    const value = codecs.encode('exchanges', { ...event, at })
    return { topic: topicName('exchanges'), partition: 0, offset, timestamp: at / 1000, key: event.service, value }
  })
  for (const { topic, key, value } of task.step(records).outputs)
    if (topic === topicName('ghosts')) book.apply(key, value === null ? undefined : codecs.decode('ghosts', value))
}

const THERE = { data: { book: { id: '17', title: 'Volume 87 of Ada', author: { name: 'Ada' } } } }

describe('a dead GraphQL server', () => {
  it.each(['reject', 'queue', 'simulate'] as const)(
    'is stood in for where it was asked (writes: %s)',
    async (writes) => {
      await openDead(writes)
      const seen = await send({ query: BOOK, variables: { id: '2' } })
      expect(seen.headers.get('x-ghost')).toBe('exact')
      const other = await send({ query: BOOK, variables: { id: '17' } })
      expect(other.headers.get('x-ghost')).toBe('template')
      expect(await other.json()).toEqual(THERE)
    },
  )

  it('is not stood in for where it was told to change something', async () => {
    await openDead()
    const refused = await send({ query: RENAME, variables: { id: '2', title: 'x' } })
    expect(refused.status).toBe(503)
    expect(refused.headers.has('retry-after')).toBe(true)
    expect(refused.headers.has('x-ghost')).toBe(false)
  })
})
