import { afterEach, expect, test } from 'vitest'
import type { Command } from '../../../schemas/events.ts'
import { writeKey } from '../../../schemas/semantics/ghosts/accepted.ts'
import type { WriteState } from '../../../schemas/semantics/ghosts/accepted.ts'
import { encodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { topicName } from '../../../schemas/topics.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const get = async (path: string): Promise<any> => (await fetch(started.url + path)).json()

const aWrite = (id: string, at: number, state: WriteState) => {
  const key = writeKey('shop', id)
  const value = {
    key,
    service: 'shop',
    id,
    endpoint: 'shop POST /notes',
    method: 'POST',
    target: '/notes',
    asker: 'cp_ann',
    mediaType: 'application/json',
    body: '{"text":"x"}',
    status: 201,
    changes: ['change a', 'change b'],
    state,
    at,
    tick: 0,
  }
  return encodePart(key, { kind: 'write', value }, at, -1)
}

const told: { service: string; command: Command }[] = []
const begin = async (): Promise<void> => {
  told.length = 0
  started = await startTestConsole({ handOver: async (service, command) => void told.push({ service, command }) })
  for (const [i, state] of (['accepted', 'dropped', 'accepted'] as const).entries()) {
    const part = aWrite(`w${i}`, 1000 + i, state)
    await started.at.put('ghosts', part.key, [part])
  }
  await until(
    'writes',
    () => get('/api/ghosts/writes'),
    (page) => page.items.length === 3,
  )
}

test('writes that ghosts accepted are listed newest first, page by page', async () => {
  await begin()
  const first = await get('/api/ghosts/writes?limit=2')
  expect(first.items.map((w: { id: string }) => w.id)).toEqual(['w2', 'w1'])
  expect(first.items[0]).toMatchObject({ state: 'accepted', method: 'POST', principal: 'cp_ann', changes: 2 })
  const next = await get(`/api/ghosts/writes?limit=2&cursor=${first.next_cursor}`)
  expect(next.items.map((w: { id: string }) => w.id)).toEqual(['w0'])
  expect((await get('/api/ghosts/writes?state=dropped')).items).toHaveLength(1)
})

test('a write is dropped by a command to the learners', async () => {
  await begin()
  const post = (id: string) =>
    fetch(`${started.url}/api/ghosts/writes/${id}/drop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
  expect((await post('w0')).status).toBe(202)
  expect(told).toMatchObject([{ service: 'shop', command: { kind: 'ghosts.drop', subject: 'w0' } }])
  expect((await post('nothing')).status).toBe(404)
})

test('a write is replayed, and dropped, by a word to the ingress that holds it', async () => {
  await begin()
  const ask = (method: string, path: string) =>
    fetch(`${started.url}/api/ghosts/writes/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  expect((await ask('POST', 'w0/replay')).status).toBe(202)
  expect((await ask('DELETE', 'w2')).status).toBe(202)
  expect((await ask('POST', 'w1/replay')).status).toBe(400)
  expect((await ask('POST', 'nothing/replay')).status).toBe(404)
  expect(await (await ask('POST', 'replay')).json()).toEqual({ replayed: ['w0', 'w2'] })
  const words = new Map<string, string>()
  const view = await started.at.log.view(topicName('control'))
  for (const [key, bytes] of view.entries()) words.set(key, started.at.codecs.decode('control', bytes).value)
  await view.close()
  expect(Object.fromEntries(words)).toEqual({
    'write/shop/w0': '{"do":"replay"}',
    'write/shop/w2': '{"do":"drop"}',
    'write/shop/*': '{"do":"replay"}',
  })
})
