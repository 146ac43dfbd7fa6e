/** Who is let in where others are not: what is believed of somebody by how they and others fared. */
import { describe, expect, it } from 'vitest'
import type { Door } from '../../../../schemas/semantics/ghosts/counted.ts'
import { guessAtDoor, learnDoor } from '../../../../schemas/semantics/ghosts/doors.ts'

const features = { credential: 'good', id: '-', body: 'ok' } as const
const about = { features, isShown: false }
const doorsOf = (...seen: readonly (readonly [string, number])[]): Door[] => {
  const doors: Door[] = []
  for (const [asker, status] of seen) learnDoor(doors, asker, features, status)
  return doors
}
const GUESS = { status: 201, share: 0.7, weight: 9 }

describe('given one who is let in and one who is forbidden every time', () => {
  const doors = doorsOf(['ann', 201], ['bob', 403], ['ann', 201], ['bob', 403])

  it.each([
    ['ann', 201],
    ['bob', 403],
    ['somebody new', 403],
  ])('when %s asks, then the guess is %i', (asker, status) => {
    expect(guessAtDoor(doors, asker, about, GUESS)?.status).toBe(status)
  })

  it('when one thing is to be shown, then the thing decides', () => {
    expect(guessAtDoor(doors, 'bob', { ...about, isShown: true }, GUESS)).toBe(GUESS)
  })

  it('when the body is refused, then it is', () => {
    const refused = { ...GUESS, status: 422 }
    expect(guessAtDoor(doors, 'bob', about, refused)).toBe(refused)
  })
})

it('given one who fares now so, now so, then it is not who asks that decides', () => {
  const doors = doorsOf(['ann', 201], ['bob', 403], ['bob', 201])
  expect(guessAtDoor(doors, 'bob', about, GUESS)).toBe(GUESS)
})

it('given many askers, then the last few are kept', () => {
  expect(doorsOf(...Array.from({ length: 30 }, (_, i) => [`a${i}`, 200] as const))).toHaveLength(8)
})
