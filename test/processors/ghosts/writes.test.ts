/** Writes that ghosts accept: what their sender sees afterwards, that nobody else does, and that it comes back from the log. */
import { describe, expect, it } from 'vitest'
import { openGhostBook } from '../../../schemas/semantics/ghosts/book.ts'
import type { GhostRequest } from '../../../schemas/semantics/ghost-port.ts'
import { answerOf, given, jsonOf, START } from './given.ts'
import type { Told } from './offline.ts'

const json = (value: unknown) => JSON.stringify(value)
const note = (id: number, text = `note ${id}`) => ({ id, text, stars: 0 })
const as = (principal: string) => ({ principal })

/** Two people read, create, edit and delete notes of their own. */
const lived: Omit<Told, 'at'>[] = ['cp_ann', 'cp_bob'].flatMap((principal, p) => {
  const ids = [1, 2, 3, 4].map((i) => i + 10 * p)
  return [
    ...ids.map((id) => ({ target: `/notes/${id}`, principal, responseBody: json(note(id)) })),
    { target: '/notes', principal, responseBody: json(ids.map((id) => note(id))) },
    ...ids.map((id) => ({
      method: 'POST',
      target: '/notes',
      principal,
      requestBody: json({ text: `new ${id}` }),
      requestType: 'application/json',
      status: 201,
      responseBody: json(note(100 + id, `new ${id}`)),
    })),
    ...ids.map((id) => ({
      method: 'PATCH',
      target: `/notes/${100 + id}`,
      principal,
      requestBody: json({ text: `edited ${id}` }),
      requestType: 'application/json',
      responseBody: json(note(100 + id, `edited ${id}`)),
    })),
    { method: 'DELETE', target: `/notes/${100 + (ids[0] ?? 0)}`, principal, status: 204, responseBody: '' },
    { target: `/notes/${100 + (ids[0] ?? 0)}`, principal, status: 404, responseBody: json({ error: 'no such note' }) },
  ]
})

type Asked = Partial<GhostRequest> & { readonly target: string }

/** A book and the log behind it: writes are answered, accepted, and put on the log as the ingress does. */
const outage = () => {
  const world = given(lived)
  const read = (request: Asked) => world.ask(request)
  let at = START + 3_600_000_000
  const write = (request: Asked & { readonly body?: Uint8Array }) => {
    at += 1_000_000
    const full = { ...request, writes: true, at }
    const verdict = answerOf(world.ask(full))
    world.accept(full, { id: `w${at}`, status: verdict.status, body: verdict.body })
    world.offline.feed({
      at,
      target: request.target,
      method: request.method ?? 'POST',
      principal: request.principal ?? '',
      requestBody: request.body ?? '',
      requestType: 'application/json',
      status: verdict.status,
      responseBody: verdict.body,
      with: { answeredBy: 'ghost', ghost: { kind: 'mock', confidence: 1, activation: 'a' } },
    })
    return verdict
  }
  return { ...world, read, write }
}

describe('a write that a ghost accepts', () => {
  const body = Buffer.from(json({ text: 'during the outage' }))

  it('is read back, in a GET and in the list, by its sender', () => {
    const { read, write } = outage()
    const made = JSON.parse(
      Buffer.from(write({ method: 'POST', target: '/notes', body, ...as('cp_ann') }).body).toString(),
    )
    expect(made).toEqual({ id: expect.any(Number) as number, text: 'during the outage', stars: 0 })
    expect(jsonOf(read({ target: `/notes/${made.id}`, ...as('cp_ann') }))).toEqual(made)
    expect(jsonOf(read({ target: '/notes', ...as('cp_ann') }))).toContainEqual(made)
  })

  it('is nobody else’s', () => {
    const { read, write } = outage()
    const { id } = JSON.parse(
      Buffer.from(write({ method: 'POST', target: '/notes', body, ...as('cp_ann') }).body).toString(),
    )
    for (const principal of ['cp_bob', 'cp_new', ''])
      for (const target of [`/notes/${id}`, '/notes']) {
        const verdict = read({ target, principal })
        expect(verdict.kind === 'answer' ? Buffer.from(verdict.body).toString() : '').not.toContain('outage')
      }
  })

  it('is edited, and gone once it is deleted', () => {
    const { read, write } = outage()
    const { id } = JSON.parse(
      Buffer.from(write({ method: 'POST', target: '/notes', body, ...as('cp_ann') }).body).toString(),
    )
    const edit = Buffer.from(json({ text: 'twice' }))
    write({ method: 'PATCH', target: `/notes/${id}`, body: edit, ...as('cp_ann') })
    expect(jsonOf(read({ target: `/notes/${id}`, ...as('cp_ann') }))).toEqual({ id, text: 'twice', stars: 0 })
    write({ method: 'DELETE', target: `/notes/${id}`, ...as('cp_ann') })
    expect(answerOf(read({ target: `/notes/${id}`, ...as('cp_ann') })).status).toBe(404)
    expect(jsonOf(read({ target: '/notes', ...as('cp_ann') }))).not.toContainEqual(expect.objectContaining({ id }))
  })

  it('comes back from the log to another ingress, and to the processor after a restart', () => {
    const { read, write, offline } = outage()
    const { id } = JSON.parse(
      Buffer.from(write({ method: 'POST', target: '/notes', body, ...as('cp_ann') }).body).toString(),
    )
    offline.restart()
    const edit = Buffer.from(json({ text: 'after the restart' }))
    write({ method: 'PATCH', target: `/notes/${id}`, body: edit, ...as('cp_ann') })
    const other = openGhostBook()
    for (const [key, part] of offline.parts) other.apply(key, part)
    const asked = { service: 'shop', method: 'GET', headers: [], body: undefined, at: START + 4_000_000_000 }
    const seen = other.answer({ ...asked, target: `/notes/${id}`, principal: 'cp_ann' })
    expect(jsonOf(seen)).toEqual({ id, text: 'after the restart', stars: 0 })
    expect(jsonOf(seen)).toEqual(jsonOf(read({ target: `/notes/${id}`, ...as('cp_ann') })))
  })

  it('of two changes in the wrong order keeps the later one', () => {
    const { write, offline, read } = outage()
    const edit = (text: string) => Buffer.from(json({ text }))
    write({ method: 'PATCH', target: '/notes/1', body: edit('first'), ...as('cp_ann') })
    const first = new Map(offline.parts)
    write({ method: 'PATCH', target: '/notes/1', body: edit('second'), ...as('cp_ann') })
    const other = openGhostBook()
    for (const [key, part] of offline.parts) other.apply(key, part)
    for (const [key, part] of first) if (key.startsWith('change')) other.apply(key, part)
    const asked = { service: 'shop', method: 'GET', headers: [], body: undefined, at: START + 4_000_000_000 }
    expect(jsonOf(other.answer({ ...asked, target: '/notes/1', principal: 'cp_ann' }))).toMatchObject({
      text: 'second',
    })
    expect(jsonOf(read({ target: '/notes/1', ...as('cp_ann') }))).toMatchObject({ text: 'second' })
  })

  it('is refused where writes are not wanted', () => {
    const { ask } = given(lived)
    expect(ask({ method: 'POST', target: '/notes', body, ...as('cp_ann') })).toMatchObject({ reason: 'write' })
  })

  it('is refused to credentials that were never let in', () => {
    const { ask } = given(lived)
    const verdict = ask({ method: 'POST', target: '/notes', body, writes: true, ...as('cp_stranger') })
    expect(verdict.kind === 'answer' && verdict.status < 300).toBe(false)
  })
})

describe('an accepted write', () => {
  const body = Buffer.from(json({ text: 'to be dropped' }))
  const writesOf = (parts: Iterable<{ readonly payload: Uint8Array }>) =>
    [...parts]
      .map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as { kind: string; value: { state: string } })
      .filter(({ kind }) => kind === 'write')
      .map(({ value }) => value)

  it('is listed, and what it did is gone once it is dropped', () => {
    const { read, write, offline } = outage()
    const made = write({ method: 'POST', target: '/notes', body, ...as('cp_ann') })
    const { id } = JSON.parse(Buffer.from(made.body).toString()) as { id: number }
    const [kept] = writesOf(offline.parts.values()) as { id: string; state: string }[]
    expect(kept).toMatchObject({ method: 'POST', target: '/notes', asker: 'cp_ann', state: 'accepted', status: 201 })
    offline.command('ghosts.drop', kept?.id ?? '')
    expect(writesOf(offline.parts.values())).toMatchObject([{ state: 'dropped' }])
    expect(jsonOf(read({ target: '/notes', ...as('cp_ann') }))).not.toContainEqual(expect.objectContaining({ id }))
  })

  it('gives way to what the backend says since', () => {
    const { read, write, offline } = outage()
    write({ method: 'PATCH', target: '/notes/1', body, ...as('cp_ann') })
    expect(jsonOf(read({ target: '/notes/1', ...as('cp_ann') }))).toMatchObject({ text: 'to be dropped' })
    offline.feed({ at: START + 5_000_000_000, target: '/notes/1', principal: 'cp_ann', responseBody: json(note(1)) })
    expect(writesOf(offline.parts.values())).toMatchObject([{ state: 'contradicted' }])
    expect(jsonOf(read({ target: '/notes/1', ...as('cp_ann') }))).toEqual(note(1))
  })
})

describe('a write by one who may not be shown what such answers look like', () => {
  const made = (id: number) => json({ note: { id, text: `t ${id}` } })
  const post = (id: number) => ({
    method: 'POST',
    target: '/notes',
    requestBody: json({ text: `t ${id}` }),
    requestType: 'application/json',
    status: 201,
    responseBody: made(id),
    ...as('cp_ann'),
  })
  it('is refused rather than answered by nothing at all', () => {
    const ids = [1, 2, 3, 4, 5]
    const seen = ids.map((id) => ({ target: `/notes/${id}`, responseBody: made(id), ...as('cp_ann') }))
    const { ask } = given([
      ...seen,
      ...ids.map((id) => post(id + 10)),
      { ...seen[0], target: '/notes/1', ...as('cp_bob') },
    ])
    const request = { method: 'POST', target: '/notes', writes: true, body: Buffer.from(json({ text: 'x' })) }
    expect(jsonOf(ask({ ...request, ...as('cp_ann') }))).toEqual({ note: { id: 16, text: 'x' } })
    expect(ask({ ...request, ...as('cp_bob') })).toMatchObject({ kind: 'refuse', reason: 'other-principal' })
  })
})
