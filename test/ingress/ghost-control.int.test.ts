/** `x-ghost-control`: obeyed where it is allowed, nowhere else; never passed on. */
import { afterEach, describe, expect, it } from 'vitest'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { openOffline } from '../processors/ghosts/offline.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const book = () => {
  const made = openGhostBook()
  const offline = openOffline((key, part) => made.apply(key, part ?? undefined))
  let at = Date.now() * 1000 - 60_000_000
  const feed = (line: string, status: number, told: object, asked = ''): void => {
    const [method = '', target = ''] = line.split(' ')
    const responseBody = JSON.stringify(told)
    at += 1_000_000
    offline.feed({ at, method, target, status, requestBody: asked, requestType: 'application/json', responseBody })
  }
  for (let id = 1; id <= 6; id++) {
    feed(`GET /notes/${id}`, 200, { id, text: `note ${id}` })
    const token = `0190aaaa-0000-7000-8000-00000000000${id}`
    feed('POST /tokens', 201, { id: token, text: 'x' }, '{"text":"x"}')
  }
  offline.advance(at + 60_000_000)
  return made
}

const seen: Record<string, unknown>[] = []
const open = async (control: 'off' | 'loopback' | 'on', mode: 'failover' | 'mock' = 'failover') => {
  seen.length = 0
  stand = await openStand({
    backend: (request, response) => {
      seen.push(request.headers)
      response.setHeader('content-type', 'application/json').end('{"live":true}')
    },
    ghosts: book(),
    service: { ghost: { control, mode, writes: 'simulate', minConfidence: 0 } },
  })
}
const get = async (path: string, control: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(stand.url + path, { headers: { ...headers, 'x-ghost-control': control } })
  return { status: answer.status, ghost: answer.headers.get('x-ghost'), json: (await answer.json()) as any }
}

describe('x-ghost-control', () => {
  it('only: a ghost answers though the backend is well, and nothing is marked as an outage', async () => {
    await open('loopback')
    expect(await get('/notes/3', 'only')).toEqual({ status: 200, ghost: 'template', json: { id: 3, text: 'note 3' } })
    expect((await get('/elsewhere', 'only')).status).toBe(503)
    expect(seen).toHaveLength(0)
    expect((await fetch(`${stand.url}/notes/3`)).headers.get('x-ghost')).toBeNull()
  })

  it('off: no ghost, whatever happens', async () => {
    await open('loopback')
    await stand.stopBackend()
    expect((await get('/notes/3', 'off')).ghost).toBeNull()
    expect((await get('/notes/3', 'off')).status).toBe(502)
    expect((await get('/notes/3', 'seed=1')).ghost).toBe('template')
  })

  it('explain: where the answer would come from, and what is closest where there is none', async () => {
    await open('on')
    const { status, ghost, json } = await get('/notes/3', 'explain')
    expect([status, ghost]).toEqual([200, null])
    expect(json).toMatchObject({
      rule: 'object',
      answered: true,
      refused: null,
      answer: { status: 200, body: { id: 3 } },
    })
    expect(json.leaves.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/id', '/text'])
    const missing = (await get('/notes/x/y', 'explain')).json
    expect(missing).toMatchObject({ answered: false, answer: null, closest: 'GET /notes/{p1}' })
    expect(seen).toHaveLength(0)
  })

  it('seed: what is made up is the same each time', async () => {
    await open('on', 'mock')
    const made = async (seed: number): Promise<string> => {
      const headers = { 'content-type': 'application/json', 'x-ghost-control': `seed=${seed}, explain` }
      const answer = await fetch(`${stand.url}/tokens`, { method: 'POST', headers, body: '{"text":"y"}' })
      return ((await answer.json()) as { answer: { body: { id: string } } }).answer.body.id
    }
    expect(await made(7)).toMatch(/^[0-9a-f-]{36}$/)
    expect(await made(7)).toBe(await made(7))
    expect(await made(8)).not.toBe(await made(7))
  })

  it.each<[string, 'off' | 'loopback', Record<string, string>]>([
    ['where it is off', 'off', {}],
    ['from behind a proxy on this machine', 'loopback', { 'x-forwarded-for': '203.0.113.7' }],
  ])('is not obeyed %s, and never passed on', async (_, control, headers) => {
    await open(control)
    expect((await get('/notes/3', 'only', headers)).json).toEqual({ live: true })
    expect(Object.keys(seen[0] ?? {}).filter((name) => name.startsWith('x-ghost'))).toEqual([])
    await eventually('it is on the log', async () => (await stand.exchanges()).length === 1)
    const names = (await stand.exchanges())[0]?.exchange?.requestHeaders.map(({ name }) => name.toLowerCase())
    expect(names).not.toContain('x-ghost-control')
  })
})
