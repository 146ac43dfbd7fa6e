import { describe, expect, it } from 'vitest'
import { nextPortion } from '../../../../../../processors/runtime/logs/kafka/process/task.ts'

describe('a portion of a step', () => {
  it('shrinks at once to what takes a quarter of a second', () => {
    expect(nextPortion(1000, 1000, 5000)).toBe(50)
    expect(nextPortion(1000, 1000, 500)).toBe(500)
  })
  it('grows by doubling, also where the last one was the rest of a commit', () => {
    expect(nextPortion(250, 250, 10)).toBe(500)
    expect(nextPortion(1000, 3, 0.75)).toBe(1000)
    expect(nextPortion(1000, 3, 0)).toBe(2000)
  })
  it('is never so small that encoding the state is all there is', () => {
    expect(nextPortion(25, 25, 60_000)).toBe(25)
  })
})
