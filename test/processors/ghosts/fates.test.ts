/** Accepted writes and what becomes of them, as the log tells it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { FATE, writeKey, type AcceptedWrite, type Told } from '../../../schemas/semantics/ghosts/accepted.ts'
import type { WriteState } from '../../../schemas/semantics/ghosts/fate.ts'
import { decodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { openOffline, type Offline } from './offline.ts'

let offline: Offline
beforeEach(() => void (offline = openOffline()))

/** The n-th event that is fed has the id `e<n>`. */
const given = (kind: 'mock' | 'queued', body: object): void => {
  const note = (id: number) => JSON.stringify({ id, text: `note ${id}` })
  for (let id = 1; id <= 4; id++) {
    offline.feed({ at: id, target: `/notes/${id}`, responseBody: note(id) })
    offline.feed({
      at: id,
      method: 'POST',
      target: '/notes',
      status: 201,
      requestBody: '{"text":"x"}',
      responseBody: note(10 + id),
    })
  }
  offline.feed({
    at: 100,
    method: 'POST',
    target: '/notes',
    status: kind === 'queued' ? 202 : 201,
    requestBody: '{"text":"dark"}',
    requestType: 'application/json',
    responseBody: JSON.stringify(body),
    with: { answeredBy: 'ghost', ghost: { kind, confidence: 1, activation: 'a' } },
  })
}
const ID = 'e8'
const when = (state: WriteState, more: Partial<Told> = {}): void => {
  const told: Told = { state, attempts: 1, at: 200, reason: '', status: 0, body: '', now: '', ...more }
  offline.command(FATE, ID, JSON.stringify(told))
}
const write = (): AcceptedWrite | undefined => {
  const ghost = offline.parts.get(writeKey('shop', ID))
  const part = ghost === undefined ? undefined : decodePart(ghost)
  return part?.kind === 'write' ? part.value : undefined
}
const changes = (): number => [...offline.parts.keys()].filter((key) => key.startsWith('change ')).length

describe('a write that a ghost answered', () => {
  it('given its replay, then what it changed for its sender goes: the backend has it', () => {
    given('mock', { id: 99, text: 'dark' })
    expect([write()?.state, changes()]).toEqual(['accepted', 1])
    when('done', { status: 201 })
    expect([write()?.state, write()?.told?.status, changes()]).toEqual(['done', 201, 0])
  })

  it('given a conflict, then both sides are there, and what it changed stays', () => {
    given('mock', { id: 99, text: 'dark' })
    when('conflict', { status: 409, body: '{"error":"taken"}', reason: 'the backend answered 409' })
    expect(write()).toMatchObject({
      state: 'conflict',
      answer: '{"id":99,"text":"dark"}',
      told: { status: 409, body: '{"error":"taken"}' },
    })
    expect(changes()).toBe(1)
  })
})

describe('a write that waits', () => {
  it('changes nothing, and is listed with what becomes of it', () => {
    given('queued', { id: ID, state: 'accepted' })
    expect([write()?.state, write()?.status, changes()]).toEqual(['accepted', 202, 0])
    when('expired')
    expect(write()?.state).toBe('expired')
  })

  it('is not listed a second time when its sender repeats it', () => {
    given('queued', { id: 'another', state: 'accepted' })
    expect(write()).toBeUndefined()
  })

  it('takes no word that is none', () => {
    given('queued', { id: ID, state: 'accepted' })
    for (const value of ['', '{}', 'null', '{"state":1}']) offline.command(FATE, ID, value)
    expect(write()?.state).toBe('accepted')
  })
})
