import { afterEach, expect, test } from 'vitest'
import type { Alert } from '../../../schemas/events.ts'
import { topicName } from '../../../schemas/topics.ts'
import { anEndpoint } from '../events.ts'
import { until } from '../kit.ts'
import { startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const get = async (path: string): Promise<any> => (await fetch(started.url + path)).json()
const post = (path: string): Promise<Response> =>
  fetch(started.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } })

const ENDPOINT = 'shop GET /users'
const anAlert = (id: string, at: number, status: string): Alert => ({
  id,
  service: 'shop',
  at,
  lastAt: at + 5,
  status,
  severity: 'breaking',
  score: 57,
  summary: `1 critical issue at ${ENDPOINT}`,
  exchange: 'e1',
  offset: 7,
  mixed: true,
  upstreams: [{ name: 'u1', old: 3, fresh: 4 }],
  changes: [
    {
      signal: `${id}-s`,
      endpoint: ENDPOINT,
      kind: 'field_renamed',
      pointer: '/user_id',
      renamedTo: '/userId',
      severity: 'breaking',
      confidence: 0.99,
      before: 'string',
      after: 'string',
      exchange: 'e1',
      offset: 7,
      at,
      status,
      count: 4,
    },
  ],
})

const begin = async (): Promise<void> => {
  started = await startTestConsole()
  await started.at.put('endpoints', ENDPOINT, [anEndpoint(ENDPOINT)])
  for (const [i, status] of ['open', 'resolved', 'reopened'].entries())
    await started.at.put('alerts', `a${i}`, [anAlert(`a${i}`, 1000 + i, status)])
  await until(
    'alerts',
    () => get('/admin/drift-alerts'),
    (page) => page.items.length === 3,
  )
}

test('alerts newest first, by page, unresolved only, one by its id', async () => {
  await begin()
  const ids = (page: any): string[] => page.items.map((a: any) => a.id)
  expect(ids(await get('/admin/drift-alerts'))).toEqual(['a2', 'a1', 'a0'])
  expect(ids(await get('/admin/drift-alerts?unresolved_only=true'))).toEqual(['a2', 'a0'])
  expect(ids(await get('/admin/drift-alerts?service=other'))).toEqual([])
  const first = await get('/admin/drift-alerts?limit=2')
  expect(ids(await get(`/admin/drift-alerts?limit=2&cursor=${first.next_cursor}`))).toEqual(['a0'])
  expect(await get('/admin/drift-alerts/a0')).toMatchObject({
    two_versions: true,
    upstreams: [{ name: 'u1', old: 3, new: 4 }],
    changes: [{ kind: 'field_renamed', renamed_to: '/userId', count: 4 }],
  })
  expect((await fetch(`${started.url}/admin/drift-alerts/none`)).status).toBe(404)
})

test('what changed at an endpoint, counted', async () => {
  await begin()
  expect(await get(`/admin/endpoints/${encodeURIComponent(ENDPOINT)}/drift-stats`)).toEqual({
    endpoint: ENDPOINT,
    open: 2,
    by_kind: { field_renamed: 3 },
    by_severity: { breaking: 3 },
    last_change: '1970-01-01T00:00:00.001Z',
  })
})

test('resolve and baseline are commands on the log', async () => {
  await begin()
  expect((await post('/admin/drift-alerts/a0/resolve')).status).toBe(202)
  expect((await post(`/admin/endpoints/${encodeURIComponent(ENDPOINT)}/baseline`)).status).toBe(202)
  expect((await post('/admin/drift-alerts/none/resolve')).status).toBe(404)
  const commands = []
  const options = { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } } as const
  for await (const records of started.at.log.read(topicName('exchanges'), options))
    for (const { value } of records) {
      const { kind, service, command } = started.at.codecs.decode('exchanges', value as Uint8Array)
      commands.push([kind, service, command?.kind, command?.subject])
    }
  expect(commands).toEqual([
    ['command', 'shop', 'drift.resolve', 'a0'],
    ['command', 'shop', 'drift.accept', ENDPOINT],
  ])
})
