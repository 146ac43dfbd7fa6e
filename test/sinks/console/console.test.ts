import { afterEach, expect, test } from 'vitest'
import { topicName } from '../../../schemas/topics.ts'
import type { Database } from '../../../sinks/kit/database.ts'
import { anEndpoint, anEvent, aSignal, body } from '../events.ts'
import { until } from '../kit.ts'
import { noDatabase, startTestConsole, type Started } from './kit.ts'

let started: Started
afterEach(() => started?.console.close())

const get = async (path: string): Promise<any> => (await fetch(started.url + path)).json()
const now = (): number => Date.now() * 1000

test('a mode that is set stands on control, is obeyed newest first, and survives a clock that steps back', async () => {
  started = await startTestConsole()
  const put = async (change: unknown): Promise<any> =>
    (
      await fetch(`${started.url}/api/mode`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      })
    ).json()
  expect((await get('/api/mode')).default).toBe('failover')
  expect((await put({ service: 'shop', mode: 'mock' })).services).toEqual([
    { service: 'shop', mode: 'mock', reported: null },
  ])
  const future = (Date.now() + 3_600_000) * 1000
  const value = {
    key: 'mode/*',
    kind: 'mode',
    service: '*',
    at: future,
    by: 'someone',
    value: '{"mode":"off"}',
  } as const
  await started.at.put('control', 'mode/*', [value])
  await until(
    'off',
    () => get('/api/mode'),
    (state) => state.services[0].mode === 'off',
  )
  expect((await put({ mode: 'failover' })).services[0].mode).toBe('failover')
  const words = []
  for await (const records of started.at.log.read(topicName('control'), {
    partition: 0,
    from: { kind: 'start' },
    until: { kind: 'end' },
  }))
    for (const record of records)
      words.push([record.key, started.at.codecs.decode('control', record.value as Uint8Array).value])
  expect(words).toEqual([
    ['mode/shop', '{"mode":"mock"}'],
    ['mode/*', '{"mode":"off"}'],
    ['mode/*', '{"mode":"failover"}'],
  ])
})

test('endpoints by page, by id, with their shape; merged ones are not listed', async () => {
  started = await startTestConsole()
  const ids = ['shop GET /a', 'shop GET /a/{id}', 'shop GET /b']
  for (const id of ids) await started.at.put('endpoints', id, [anEndpoint(id)])
  await started.at.put('endpoints', 'old', [anEndpoint('shop GET /old', { mergedInto: ids[0] as string })])
  await started.at.put('shapes', ids[1] as string, [
    {
      endpoint: ids[1] as string,
      service: 'shop',
      at: 1,
      parts: [{ direction: 'response', status: '200', count: 3, schema: '{"type":"object"}' }],
    },
  ])
  await until(
    'all',
    () => get('/admin/endpoints'),
    (page) => page.items.length === 3,
  )
  const first = await get('/admin/endpoints?limit=2')
  const second = await get(`/admin/endpoints?limit=2&cursor=${first.next_cursor}`)
  expect([...first.items, ...second.items].map((e) => e.id)).toEqual(ids)
  expect(second.next_cursor).toBeNull()
  const path = `/admin/endpoints/${encodeURIComponent(ids[1] as string)}`
  expect(await get(path)).toMatchObject({ id: ids[1], fidelity: null, first_seen: '2026-01-31T12:00:00.000Z' })
  expect(
    (
      await until(
        'the shape',
        () => get(`${path}/schema`),
        (shape) => shape.parts,
      )
    ).parts[0].schema,
  ).toEqual({ type: 'object' })
  for (const wrong of [
    '/admin/endpoints/none',
    '/admin/endpoints?cursor=%00',
    '/admin/endpoints?limit=0',
    '/api/ghosts/none',
  ])
    expect([wrong, (await get(wrong)).status]).toEqual([wrong, wrong.includes('?') ? 400 : 404])
})

test('one exchange: its row, and headers and bodies read back from the log', async () => {
  const row = { id: '0190-00000001', log_topic: topicName('exchanges'), log_partition: 0, log_offset: 1 }
  const database: Database = { ...noDatabase, query: async (_sql, params) => (params?.[0] === row.id ? [row] : []) }
  started = await startTestConsole({ database })
  await started.at.put('exchanges', 'shop', [
    anEvent(0),
    anEvent(
      1,
      {},
      { requestBody: { ...body('x'), bytes: Buffer.from([255, 254]) }, responseBody: body('{"title":"Ü"}') },
    ),
  ])
  const found = await get(`/api/traffic/${row.id}`)
  expect(found.response).toEqual({
    headers: [{ name: 'content-type', value: 'application/json' }],
    body: { media_type: 'application/json', coding: '', length: 13, cut: false, text: '{"title":"Ü"}', base64: null },
  })
  expect(found.request.body).toMatchObject({ text: null, base64: '//4=' })
  expect((await get('/api/traffic/none')).status).toBe(404)
})

test('an endpoint: its newest exchanges, and its minutes added up', async () => {
  const id = 'shop GET /a'
  const row = { id: '0190-00000001', endpoint: id, log_topic: topicName('exchanges'), log_partition: 0, log_offset: 0 }
  const minute = { start: '2026-01-01T00:00:00Z', span_seconds: 60, count: 3, statuses: { 200: 2, 404: 1 } }
  const rest = { answered_by: { upstream: 3 }, request_bytes: 1, response_bytes: 2, p50_us: 3, p95_us: 4, p99_us: 5 }
  const windows = [
    { ...minute, ...rest },
    { ...minute, ...rest, count: 1, statuses: { 200: 1 }, answered_by: { ghost: 1 } },
  ]
  const database: Database = { ...noDatabase, query: async (sql) => (sql.includes('from windows') ? windows : [row]) }
  started = await startTestConsole({ database })
  await started.at.put('exchanges', 'shop', [anEvent(1, {}, { responseBody: body('{"a":1}') })])
  await started.at.put('endpoints', id, [anEndpoint(id)])
  const path = `/admin/endpoints/${encodeURIComponent(id)}`
  const samples = await until(
    'known',
    () => get(`${path}/samples`),
    (found) => found.items !== undefined,
  )
  expect(samples.items[0]).toMatchObject({ endpoint: id, response: { body: { text: '{"a":1}' } } })
  const { count, statuses, answered_by } = await get(`${path}/stats`)
  expect([count, statuses, answered_by]).toEqual([4, { 200: 3, 404: 1 }, { upstream: 3, ghost: 1 }])
  for (const wrong of [`${path}/samples?limit=21`, `${path}/stats?hours=0`])
    expect([wrong, (await get(wrong)).status]).toEqual([wrong, 400])
  expect((await get('/admin/endpoints/none/samples')).status).toBe(404)
})

test('the sentence says who answers; the figures count the last minute', async () => {
  started = await startTestConsole()
  expect(await get('/api/summary')).toMatchObject({ state: 'idle', sentence: expect.stringContaining('first request') })
  await started.at.put('exchanges', 'shop', [
    anEvent(1, { at: now() }),
    anEvent(2, { at: now() }, { status: 502, answeredBy: 'self' }),
  ])
  await until(
    'live',
    () => get('/api/summary'),
    (s) => s.state === 'live' && s.last_minute.errors === 1,
  )
  await started.at.put('exchanges', 'shop', [
    aSignal(3, { kind: 'breaker', subject: 'u', from: 'closed', to: 'open' }, { at: now() }),
  ])
  await until(
    'down',
    () => get('/api/summary'),
    (s) => s.state === 'down',
  )
  const ghost = { kind: 'exact', confidence: 0.9, activation: 'a' }
  await started.at.put('exchanges', 'shop', [
    anEvent(4, { at: now() }, { answeredBy: 'ghost', ghost }),
    anEvent(5, { at: 0 }),
  ])
  const summary = await until(
    'ghost',
    () => get('/api/summary'),
    (s) => s.state === 'ghost',
  )
  expect(summary.sentence).toMatch(/ghosts do: for shop since .* \(1 answer\)/)
  expect(summary.last_minute).toMatchObject({
    total: 3,
    errors: 1,
    errors_without_ghosts: 2,
    ghosts_by_kind: { exact: 1 },
  })
})

test('the pipeline is caught up when every follower has everything, and says for whom it waits', async () => {
  const stored = new Map<string, number>()
  const database: Database = {
    ...noDatabase,
    query: async (_, params = []) =>
      [
        ...[...stored].map(([topic, position]) => ({ sink: 'postgres', topic, partition: 0, position })),
        // A webhook that takes nothing now: nobody else is behind for it.
        ...(stored.size === 0 ? [] : [{ sink: 'webhook-1', topic: 'exchanges', partition: 0, position: 0 }]),
      ].filter(({ sink }) => params.length === 0 || sink === params[0]),
  }
  started = await startTestConsole({ database })
  const { log, put, codecs } = started.at
  const beat = (n: number, ghosts: number) =>
    put('exchanges', 'shop', [
      aSignal(
        n,
        {
          attributes: [
            { name: 'spool_records', value: '0' },
            { name: 'view_ghosts', value: String(ghosts) },
          ],
        },
        { at: now() },
      ),
    ])
  const waitingFor = async (what: string): Promise<void> => {
    const state = await until(
      what,
      () => get('/api/pipeline'),
      (s) =>
        s.waiting_for.some((w: string) => w.startsWith(what)) &&
        !s.waiting_for.some((w: string) => w.includes('just started')),
    )
    expect(state.caught_up).toBe(false)
  }
  await put('exchanges', 'shop', [anEvent(1, { at: now() })])
  await waitingFor('ingress: a heartbeat')
  await beat(2, 0)
  await waitingFor('processors')
  const processing = await log.process({
    app: 'processors',
    input: topicName('exchanges'),
    createTask: () => ({
      restore: () => {},
      step: (records) => ({
        outputs: records.some((record) => record.offset === 0)
          ? [
              {
                topic: topicName('ghosts'),
                key: 'g',
                value: codecs.encode('ghosts', {
                  key: 'g',
                  kind: 'answer',
                  service: 'shop',
                  endpoint: 'e',
                  at: 0,
                  version: 1,
                  fidelity: 1,
                  payload: Buffer.from('{}'),
                }),
                timestamp: 0,
              },
            ]
          : [],
        changes: [],
      }),
    }),
  })
  await waitingFor('sinks')
  stored.set('exchanges', 1000)
  await beat(3, 0)
  await waitingFor('ghosts')
  await beat(4, 1)
  expect(await get('/api/pipeline?wait=10')).toMatchObject({ caught_up: true, waiting_for: [] })
  expect((await get('/api/ghosts')).items).toEqual([
    expect.objectContaining({ id: 'e', readiness: 'unmeasured', parts: { answer: 1 } }),
  ])
  await processing.close()
})

test('ready when nothing is against it; else it says what', async () => {
  let reasons: readonly string[] = ['the log does not answer']
  started = await startTestConsole({ unready: async () => reasons })
  const not = await fetch(`${started.url}/readyz`)
  expect([not.status, not.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
  expect(await not.json()).toMatchObject({ detail: 'the log does not answer' })
  reasons = []
  expect((await fetch(`${started.url}/readyz`)).status).toBe(200)
  await started.console.close()
  started = await startTestConsole()
  expect((await get('/readyz')).detail).toBe('the database does not answer')
})
