/** Writes in an outage, through the real ingress: answered, read back, recorded; and refused where they must be. */
import { afterEach, describe, expect, it } from 'vitest'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { openOffline } from '../processors/ghosts/offline.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const note = (id: number, text: string) => ({ id, text, stars: 0 })
const json = { 'content-type': 'application/json' }

/** A book that has seen notes being made and read. */
const taughtBook = () => {
  const book = openGhostBook()
  const offline = openOffline((key, part) => book.apply(key, part ?? undefined))
  let at = Date.now() * 1000 - 60_000_000
  const feed = (line: string, status: number, told: object, asked?: object) => {
    const [method, target = ''] = line.split(' ')
    offline.feed({
      at: (at += 1_000_000),
      ...(method === undefined ? {} : { method }),
      target,
      status,
      requestBody: asked === undefined ? '' : JSON.stringify(asked),
      requestType: 'application/json',
      responseBody: JSON.stringify(told),
    })
  }
  for (let id = 1; id <= 6; id++) {
    feed(`GET /notes/${id}`, 200, note(id, `note ${id}`))
    feed('POST /notes', 201, note(10 + id, `made ${id}`), { text: `made ${id}` })
  }
  offline.advance(at + 60_000_000)
  return book
}

const open = async (writes: 'simulate' | 'reject') => {
  stand = await openStand({
    backend: (_req, res) => res.end('live'),
    ghosts: taughtBook(),
    service: { ghost: { writes, minConfidence: 0 } },
  })
  await stand.stopBackend()
}
const post = (text: string, headers: Record<string, string> = {}) =>
  fetch(`${stand.url}/notes`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ text }) })

describe('ghost.writes: simulate', () => {
  it('answers a write, marked, and shows it to those who read it afterwards', async () => {
    await open('simulate')
    const made = await post('in the dark')
    expect([made.status, made.headers.get('x-ghost')]).toEqual([201, 'mock'])
    const body = (await made.json()) as { id: number }
    expect(body).toEqual(note(body.id, 'in the dark'))
    const read = await fetch(`${stand.url}/notes/${body.id}`)
    expect([read.status, await read.json()]).toEqual([200, body])
    await eventually('both exchanges', async () => (await stand.exchanges()).length === 2)
    const [first] = await stand.exchanges()
    expect(first?.exchange).toMatchObject({ answeredBy: 'ghost', status: 201, ghost: { kind: 'mock' } })
    expect(Buffer.from(first?.exchange?.requestBody.bytes ?? []).toString()).toContain('in the dark')
    expect(JSON.parse(Buffer.from(first?.exchange?.responseBody.bytes ?? []).toString())).toEqual(body)
  })

  it('keeps its hands off a write that is conditional on what the backend has', async () => {
    await open('simulate')
    const refused = await post('conditional', { 'if-match': '"v1"' })
    expect([refused.status, refused.headers.has('x-ghost')]).toEqual([503, false])
  })

  it('refuses a body that is too long to keep', async () => {
    await open('simulate')
    const refused = await post('x'.repeat(200_000))
    expect(refused.ok).toBe(false)
    expect(refused.headers.has('x-ghost')).toBe(false)
  })
})

describe('ghost.writes: reject', () => {
  it('answers a write with an honest 503', async () => {
    await open('reject')
    const refused = await post('not now')
    expect([refused.status, refused.headers.has('x-ghost')]).toEqual([503, false])
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})
