/** `ghost.writes: queue` through the real ingress: 202 while the backend is down, each write there once when it is back. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FATE } from '../../schemas/semantics/ghosts/accepted.ts'
import { eventually, fakeBook, listen, openStand, type Stand, type StandOptions } from './kit/stand.ts'

interface Got {
  readonly method: string
  readonly url: string
  readonly key: string
  readonly token: string
  readonly match: string
  readonly body: string
}

let stand: Stand
let dir: string
let got: Got[]
/** What the backend says to a write. */
let answer: (got: Got, response: ServerResponse) => void
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-queue-'))
  got = []
  answer = (_, response) => response.writeHead(201).end('{"ok":true}')
})
afterEach(async () => {
  await stand.close()
  rmSync(dir, { recursive: true, force: true })
})

const backend = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => {
    const { method = '', url = '', headers } = request
    const { authorization: token = '', 'if-match': match = '', 'idempotency-key': key = '' } = headers
    const one = { method, url, key: String(key), token, match, body }
    if (method === 'GET') return void response.end('{"now":true}')
    got.push(one)
    answer(one, response)
  })
}

const open = async (more: Partial<StandOptions> = {}, maxBytes = 1024 * 1024): Promise<void> => {
  stand = await openStand({
    backend,
    service: { ghost: { writes: 'queue' }, breaker: { openFor: 50 } },
    options: { queue: { dir, maxBytes } },
    ...more,
  })
}
/** The process of the ingress ends, and another one starts on what is left. */
const restart = async (): Promise<void> => {
  const port = stand.backendPort
  await stand.close()
  await open({ service: { ghost: { writes: 'queue' }, upstreams: [{ url: `http://127.0.0.1:${port}` }] } })
  Object.assign(stand, { backendPort: port })
}
const bring = async (): Promise<void> => void (await listen(stand.backend, stand.backendPort))

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(stand.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const stateOf = async (monitor: string, headers: Record<string, string> = {}): Promise<string> =>
  ((await (await fetch(stand.url + monitor, { headers })).json()) as { state: string }).state
const ends = (monitor: string, state: string, headers: Record<string, string> = {}): Promise<void> =>
  eventually(`${monitor} is ${state}`, async () => (await stateOf(monitor, headers)) === state)

/** The first conflict that the log tells of; it comes there when its batch is written. */
const conflictOnLog = async (): Promise<unknown> => {
  let found: unknown
  await eventually('a conflict on the log', async () => {
    const fates = (await stand.events()).flatMap(({ command }) => (command === null ? [] : [JSON.parse(command.value)]))
    found = fates.find(({ state }) => state === 'conflict')
    return found !== undefined
  })
  return found
}

describe('ghost.writes: queue', () => {
  it('accepts what no upstream can take, says where to ask, and replays it in order', async () => {
    await open()
    await stand.stopBackend()
    const monitors: string[] = []
    for (const n of [1, 2, 3]) {
      const told = await post('/notes', { n }, { authorization: 'Bearer ann', prefer: 'respond-async' })
      expect([told.status, told.headers.get('x-ghost'), told.headers.get('cache-control')]).toEqual([
        202,
        'queued',
        'no-store',
      ])
      expect(told.headers.get('preference-applied')).toBe('respond-async')
      const said = (await told.json()) as { id: string; state: string; monitor: string }
      expect(said).toMatchObject({ state: 'accepted', method: 'POST', target: '/notes' })
      expect(told.headers.get('location')).toBe(said.monitor)
      monitors.push(said.monitor)
    }
    await bring()
    for (const monitor of monitors) await ends(monitor, 'done', { authorization: 'Bearer ann' })
    expect(got.map(({ body }) => JSON.parse(body) as object)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(new Set(got.map(({ key }) => key)).size).toBe(3)
    expect(got.every(({ token }) => token === 'Bearer ann')).toBe(true)
    const replays = async () => (await stand.exchanges()).filter(({ exchange }) => exchange?.replayed === true)
    await eventually('three replays on the log', async () => (await replays()).length === 3)
    for (const { exchange } of await replays()) expect(exchange).toMatchObject({ answeredBy: 'upstream', status: 201 })
    await eventually('three fates on the log', async () => {
      const fates = (await stand.events()).filter(({ command }) => command?.kind === FATE)
      return fates.filter(({ command }) => command?.value.includes('"state":"done"') === true).length === 3
    })
  })

  it('survives the end of its process, and keeps secrets sealed and to their owner', async () => {
    await open()
    await stand.stopBackend()
    const told = await post('/notes', { text: 'a plain word' }, { authorization: 'Bearer very-secret' })
    const monitor = told.headers.get('location') ?? ''
    const file = join(dir, 'journal')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file).toString('latin1')).not.toMatch(/very-secret|a plain word/)
    await restart()
    expect((await fetch(stand.url + monitor)).status).toBe(404)
    expect((await fetch(stand.url + monitor, { headers: { authorization: 'Bearer other' } })).status).toBe(404)
    expect(await stateOf(monitor, { authorization: 'Bearer very-secret' })).toBe('accepted')
    const port = stand.backendPort
    await stand.stopBackend()
    await listen(stand.backend, port)
    await ends(monitor, 'done', { authorization: 'Bearer very-secret' })
    expect(got).toMatchObject([{ token: 'Bearer very-secret' }])
  })

  it('keeps a client’s own key, knows a repeated write, and refuses the key for another one', async () => {
    await open()
    await stand.stopBackend()
    const key = { 'idempotency-key': '"k-1"' }
    const first = await post('/notes', { n: 1 }, key)
    const again = await post('/notes', { n: 1 }, key)
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect((await post('/notes', { n: 2 }, key)).status).toBe(422)
    await bring()
    await ends(first.headers.get('location') ?? '', 'done')
    expect(got).toMatchObject([{ key: '"k-1"', body: '{"n":1}' }])
  })

  it('shows a refusal of the backend as a conflict, and replays it on a person’s word', async () => {
    await open()
    await stand.stopBackend()
    answer = (_, response) => response.writeHead(409).end('{"error":"taken"}')
    const told = await post('/notes', { n: 1 })
    const { id, monitor } = (await told.json()) as { id: string; monitor: string }
    await bring()
    await ends(monitor, 'conflict')
    answer = (_, response) => response.writeHead(200).end('{}')
    await stand.control(`write/shop/${id}`, { do: 'replay' })
    await ends(monitor, 'done')
    expect(got).toHaveLength(2)
    expect(await conflictOnLog()).toMatchObject({ status: 409, body: '{"error":"taken"}' })
  })

  it('gives a write up on a person’s word', async () => {
    await open()
    await stand.stopBackend()
    const { id, monitor } = (await (await post('/notes', { n: 1 })).json()) as { id: string; monitor: string }
    await stand.control(`write/shop/${id}`, { do: 'drop' })
    await ends(monitor, 'dropped')
    await bring()
    const after = await post('/notes', { n: 2 })
    expect([after.status, got.length]).toEqual([201, 1])
  })

  it('holds a change back from a thing that was changed since, and shows what is there now', async () => {
    const headers = [{ name: 'etag', value: '"v1"' }]
    const about = {
      kind: 'answer',
      ghost: 'exact',
      endpoint: 'shop GET /notes/{id}',
      status: 200,
      confidence: 1,
    } as const
    const ghosts = fakeBook({ ...about, headers, body: Buffer.from('{}'), learnedAt: Date.now() * 1000 })
    await open({ ghosts })
    await stand.stopBackend()
    const put = (text: string) => fetch(`${stand.url}/notes/7`, { method: 'PUT', body: text })
    const { monitor } = (await (await put('first')).json()) as { monitor: string }
    const second = (await (await put('second')).json()) as { monitor: string }
    answer = (one, response) => response.writeHead(one.match === '"v1"' ? 412 : 200).end()
    await bring()
    await ends(monitor, 'conflict')
    await ends(second.monitor, 'conflict')
    expect(got.map(({ body, match }) => [body, match])).toEqual([['first', '"v1"']])
    expect(await conflictOnLog()).toMatchObject({ status: 412, now: '{"now":true}' })
    // The first one is given up: what was made on top of it may go.
    await stand.control(`write/shop/${monitor.split('/').at(-1)}`, { do: 'drop' })
    await ends(monitor, 'dropped')
    await stand.control(`write/shop/${second.monitor.split('/').at(-1)}`, { do: 'replay' })
    await ends(second.monitor, 'done')
    expect(got.map(({ body }) => body)).toEqual(['first', 'second'])
  })

  it('lets a later write of the same sender wait behind those that wait', async () => {
    await open()
    await stand.stopBackend()
    let hold = true
    const first = await post('/notes', { n: 1 })
    answer = (one, response) => {
      if (hold && one.body === '{"n":1}') response.writeHead(503).end()
      else response.writeHead(201).end()
    }
    await bring()
    await eventually('it was tried', () => got.length > 0)
    const second = await post('/notes', { n: 2 })
    expect(second.status).toBe(202)
    hold = false
    await ends(second.headers.get('location') ?? '', 'done')
    expect(await stateOf(first.headers.get('location') ?? '')).toBe('done')
    const bodies = got.map(({ body }) => body)
    expect(bodies.indexOf('{"n":2}')).toBe(bodies.length - 1)
  })

  it('refuses honestly when it is full, and when the body is too long', async () => {
    await open({}, 1500)
    await stand.stopBackend()
    expect((await post('/notes', { n: 1 })).status).toBe(202)
    const full = await post('/notes', { n: 2 })
    expect([full.status, full.headers.has('retry-after'), full.headers.has('x-ghost')]).toEqual([503, true, false])
    expect(await full.text()).toContain('queue is full')
    expect((await post('/notes', { text: 'x'.repeat(5000) })).status).toBe(503)
  })

  it('sends nothing again of which nobody knows whether it was carried out', async () => {
    await open()
    await stand.stopBackend()
    answer = (_, response) => response.destroy()
    const { monitor } = (await (await post('/notes', { n: 1 })).json()) as { monitor: string }
    await bring()
    await ends(monitor, 'conflict')
    expect(got).toHaveLength(1)
  })
})

describe('ghost.writes: simulate', () => {
  it('keeps what a ghost answered, and sends it only on a person’s word', async () => {
    const about = { kind: 'answer', ghost: 'mock', endpoint: 'shop POST /notes', status: 201, confidence: 1 } as const
    const ghosts = fakeBook({ ...about, headers: [], body: Buffer.from('{"id":9}'), learnedAt: Date.now() * 1000 })
    await open({ ghosts, service: { ghost: { writes: 'simulate' }, breaker: { openFor: 50 } } })
    await stand.stopBackend()
    const told = await post('/notes', { n: 1 }, { authorization: 'Bearer ann' })
    expect([told.status, told.headers.get('x-ghost'), await told.json()]).toEqual([201, 'mock', { id: 9 }])
    await eventually('it is on the log', async () => (await stand.exchanges()).length === 1)
    const id = (await stand.exchanges())[0]?.id ?? ''
    await bring()
    const live = await post('/notes', { n: 2 }, { authorization: 'Bearer ann' })
    expect([live.status, got.map(({ body }) => body)]).toEqual([201, ['{"n":2}']])
    await stand.control(`write/shop/${id}`, { do: 'replay' })
    await ends(`/.well-known/chaos-proxy/writes/${id}`, 'done', { authorization: 'Bearer ann' })
    expect(got.at(-1)).toMatchObject({ body: '{"n":1}', token: 'Bearer ann', key: `"${id}"` })
  })
})
