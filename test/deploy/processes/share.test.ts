/** When a process keeps what it accepts, and when it hands it over. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openShare, type Share } from '../../../deploy/processes/share.ts'

const socket = (): Socket => new EventEmitter() as Socket

const open = (now = (): number => 0): { share: Share; given: Socket[]; told: number[] } => {
  const given: Socket[] = []
  const told: number[] = []
  const share = openShare({ tellOpen: (count) => told.push(count), give: (one) => given.push(one) }, now)
  share.open(() => undefined)
  return { share, given, told }
}

const acceptUntilGiven = (share: Share): number => {
  let kept = 0
  while (share.keep(socket())) kept++
  return kept
}

test('it keeps a sixteenth more than the process with the fewest, and hands over the rest', () => {
  const { share, given, told } = open()
  expect(told).toEqual([0])
  share.hearLeast(30)
  expect(acceptUntilGiven(share)).toBe(33)
  expect(given).toHaveLength(1)
  share.hearLeast(31)
  expect(share.keep(socket())).toBe(true)
})

test('what is closed counts no more, and what others accepted counts too', () => {
  const { share } = open()
  share.hearLeast(1)
  const first = socket()
  expect([share.keep(first), share.take(socket())]).toEqual([true, 2])
  expect(share.keep(socket())).toBe(false)
  first.emit('close')
  expect([share.keep(socket()), share.take(undefined)]).toEqual([true, 2])
})

test('clients that open a connection for each request cost it no more than fifty hand-overs a second in the long run', () => {
  let now = 0
  const { share, given } = open(() => now)
  expect([share.keep(socket()), share.keep(socket())]).toEqual([true, false])
  for (let i = 0; i < 10_000; i++) {
    now += 1
    const one = socket()
    if (share.keep(one)) one.emit('close')
  }
  expect(given.length).toBeGreaterThanOrEqual(1000 + 10 * 50 - 1)
  expect(given.length).toBeLessThanOrEqual(1000 + 10 * 50 + 1)
})
