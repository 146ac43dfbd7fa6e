import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bornFate, isOver, stepFate, type Fate, type Move } from '../../../../schemas/semantics/ghosts/fate.ts'

const START: Move = { kind: 'start' }
const LATER: Move = { kind: 'later', reason: 'no connection', status: 0 }
const DONE: Move = { kind: 'done', status: 201 }
const CONFLICT: Move = { kind: 'conflict', reason: 'it answered 409', status: 409 }
const REPLAY: Move = { kind: 'replay', said: 50 }
const DROP: Move = { kind: 'drop', said: 60 }
const EXPIRE: Move = { kind: 'expire' }

const given = (...moves: readonly Move[]): Fate =>
  moves.reduce((fate, move, i) => stepFate(fate, move, i + 1), bornFate(true, 0))

describe('the fate of a write', () => {
  it.each<[string, readonly Move[], Partial<Fate>]>([
    ['waits', [], { state: 'accepted', wanted: true, attempts: 0 }],
    ['goes to the backend', [START], { state: 'replaying', attempts: 1 }],
    ['comes back, and waits again', [START, LATER], { state: 'accepted', wanted: true, reason: 'no connection' }],
    ['is done at the second try', [START, LATER, START, DONE], { state: 'done', attempts: 2, status: 201 }],
    ['is a conflict, and waits for a person', [START, CONFLICT], { state: 'conflict', wanted: false, status: 409 }],
    ['goes again on a person’s word', [START, CONFLICT, REPLAY], { state: 'accepted', wanted: true, heard: 50 }],
    ['is given up', [START, CONFLICT, DROP], { state: 'dropped', wanted: false }],
    ['runs out', [EXPIRE], { state: 'expired', wanted: false }],
    ['is not given up while it is sent', [START, DROP], { state: 'replaying' }],
    ['does not run out while it is sent', [START, EXPIRE], { state: 'replaying' }],
    ['does not hear the same word twice', [REPLAY, START, CONFLICT, REPLAY], { state: 'conflict' }],
    ['is over when it is done', [START, DONE, REPLAY, DROP, EXPIRE], { state: 'done' }],
  ])('%s', (_, moves, fate) => expect(given(...moves)).toMatchObject(fate))

  it('is sent again only after it came back, or after a person’s word', () => {
    const move = fc.constantFrom(START, LATER, DONE, CONFLICT, REPLAY, DROP, EXPIRE)
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
        let fate = bornFate(true, 0)
        for (const [i, next] of moves.entries()) {
          const after = stepFate(fate, next, i)
          if (after.attempts > fate.attempts) expect(fate).toMatchObject({ state: 'accepted', wanted: true })
          if (isOver(fate)) expect(after).toBe(fate)
          fate = after
        }
      }),
    )
  })
})
