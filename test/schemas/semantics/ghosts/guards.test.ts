import { describe, expect, it } from 'vitest'
import { guessByState, learnGuards } from '../../../../schemas/semantics/ghosts/guards.ts'
import type { Guard } from '../../../../schemas/semantics/ghosts/counted.ts'

const LABELS = ['bug', 'idea', 'chore']
/** Tickets that are closed, or refused because they are closed already. */
const closings = (count: number): Guard[] => {
  const guards: Guard[] = []
  for (let i = 0; i < count; i++) {
    const closed = i % 3 === 0
    learnGuards(
      guards,
      { id: i, closed, label: LABELS[i % 2] ?? '', at: closed ? '2023-01-01' : null },
      closed ? 409 : 200,
    )
  }
  return guards
}

describe('writes that depend on the state of their object', () => {
  it('tells by the field that always told, and not by one that is as it is by chance', () => {
    const guards = closings(12)
    expect(guessByState(guards, { id: 40, closed: true, label: 'bug', at: '2023-02-02' }, 200)?.status).toBe(409)
    expect(guessByState(guards, { id: 41, closed: false, label: 'bug', at: null }, 200)?.status).toBe(200)
    expect(guessByState(guards, { label: 'bug' }, 200)).toBeUndefined()
  })

  it('says nothing of a state that it never saw, or where nothing was refused', () => {
    expect(guessByState(closings(12), { id: 1, closed: null, label: 'docs' }, 200)).toBeUndefined()
    const open: Guard[] = []
    for (const closed of [true, false, true, false]) learnGuards(open, { closed }, 200)
    expect(guessByState(open, { closed: true }, 200)).toBeUndefined()
  })

  it('does not take a refusal of the sender for one of the state', () => {
    const guards: Guard[] = []
    for (const [state, status] of [
      ['open', 200],
      ['open', 200],
      ['paid', 403],
      ['paid', 404],
    ] as const)
      learnGuards(guards, { state }, status)
    expect(guessByState(guards, { state: 'paid' }, 200)).toBeUndefined()
  })
})
