import { afterEach, expect, test } from 'vitest'
import type { Endpoint } from '../../../schemas/events.ts'
import { openOffline } from '../../processors/ghosts/offline.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const anEndpoint = (method: string, template: string): Endpoint => ({
  id: `shop ${method} ${template}`,
  service: 'shop',
  method,
  template,
  parameters: [],
  count: 6,
  firstSeen: 1,
  lastSeen: 2,
  mergedInto: '',
  fidelity: -1,
  fidelityCount: 0,
})

const begin = async (): Promise<void> => {
  started = await startTestConsole({ minConfidence: 0.3 })
  const puts: Promise<unknown>[] = []
  const offline = openOffline((key, part) => part !== null && puts.push(started.at.put('ghosts', key, [part])))
  for (let id = 1; id <= 6; id++)
    offline.feed({ at: id * 1e6, target: `/notes/${id}`, responseBody: JSON.stringify({ id, text: `note ${id}` }) })
  offline.advance(1e9)
  const endpoint = anEndpoint('GET', '/notes/{p1}')
  puts.push(started.at.put('endpoints', endpoint.id, [endpoint]))
  await Promise.all(puts)
}

const preview = async (endpoint: string, asked: object) => {
  const answer = await fetch(`${started.url}/api/ghosts/${encodeURIComponent(endpoint)}/preview`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  return { status: answer.status, said: (await answer.json()) as any }
}

test('a ghost shows what it would answer, how sure, and why', async () => {
  await begin()
  const ask = () => preview('shop GET /notes/{p1}', { params: { p1: 3 } })
  const { said } = await until('a preview', ask, ({ said }) => said.answered === true)
  expect(said).toMatchObject({
    request: { method: 'GET', target: '/notes/3' },
    refused: null,
    answer: { status: 200, body: { id: 3, text: 'note 3' } },
  })
  expect(said.confidence).toBeGreaterThan(0.3)
  expect(said.leaves.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/id', '/text'])
})

test('says what is missing, and what is not known', async () => {
  await begin()
  const ask = () => preview('shop GET /notes/{p1}', {})
  const { said } = await until('a refusal', ask, ({ status }) => status === 400)
  expect(said.detail).toContain('params.p1')
  expect((await preview('shop GET /nothing', {})).status).toBe(404)
})
