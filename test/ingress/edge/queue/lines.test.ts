/** Two processes that keep writes of the same senders: who may send what, and when. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLines, type Lines } from '../../../../ingress/edge/queue/lines.ts'
import type { Kept, KeptWrite } from '../../../../ingress/phases/kept.ts'
import { bornFate, stepFate, type Move } from '../../../../schemas/semantics/ghosts/fate.ts'

let dir: string
let now: number
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-lines-'))
  now = 100
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const root = (): string => join(dir, 'lines')
const open = (owner: string): Lines => openLines({ root: root(), owner, now: () => now })
const about = { service: 'shop', asker: 'ann', method: 'PUT', target: '/notes/1', behind: '' }
const rest = {
  ...about,
  until: 1e15,
  lines: [],
  peer: '',
  secure: false,
  body: '',
  key: '',
  isOwnKey: false,
  digest: '',
  base: '',
}
const write = (id: string, at: number, more: Partial<KeptWrite> = {}): KeptWrite => ({
  id,
  at,
  ...rest,
  ...more,
})
const kept = (one: KeptWrite, ...moves: readonly Move[]): Kept => ({
  write: one,
  fate: moves.reduce((fate, move, i) => stepFate(fate, move, one.at + i), bornFate(true, one.at)),
})
const DONE: readonly Move[] = [{ kind: 'start' }, { kind: 'done', status: 200 }]
const CONFLICT: Move = { kind: 'conflict', reason: '', status: 409 }

it('lets the earlier write of a sender go first, whoever keeps it, and others as they like', () => {
  const [a, b] = [open('1'), open('2')]
  const [first, second, third] = [write('w1', 10), write('w2', 20), write('w3', 30)]
  const other = write('w4', 15, { asker: 'ben' })
  a.note(kept(first))
  b.note(kept(second))
  a.note(kept(third))
  b.note(kept(other))
  expect([a.isNext(first), b.isNext(second), a.isNext(third), b.isNext(other)]).toEqual([true, false, false, true])
  a.note(kept(first, ...DONE))
  expect([b.isNext(second), a.isNext(third)]).toEqual([true, false])
  b.note(kept(second, ...DONE))
  expect(a.isNext(third)).toBe(true)
})

it('shows every process that a sender waits, and what was made on top of a conflict', () => {
  const [a, b] = [open('1'), open('2')]
  const first = write('w1', 10)
  a.note(kept(first))
  expect([b.waits(first), b.waits({ ...first, asker: 'ben' }), b.waits({ ...first, service: 'x' })]).toEqual([
    true,
    false,
    false,
  ])
  expect([b.latest(first), b.latest({ ...first, target: '/notes/2' })]).toEqual(['w1', ''])
  const second = write('w2', 20, { behind: b.latest(first) })
  expect(b.isHeld(second)).toBe(false)
  a.note(kept(first, CONFLICT))
  expect([b.isHeld(second), b.waits(first)]).toEqual([true, false])
  a.note(kept(first, CONFLICT, { kind: 'drop', said: 30 }))
  expect([b.isHeld(second), b.latest(first), existsSync(root())]).toEqual([false, '', false])
})

it('has nobody wait for what was over when its process died, nor twice for what was taken over', () => {
  const [first, second] = [write('w1', 10), write('w2', 20)]
  const dead = open('1')
  dead.note(kept(first))
  dead.note(kept(second))
  const heir = open('2')
  heir.note(kept(second))
  heir.clear('1')
  expect(heir.isNext(second)).toBe(true)
  heir.note(kept(second, ...DONE))
  expect([heir.waits(first), heir.isEmpty()]).toEqual([false, true])
})
