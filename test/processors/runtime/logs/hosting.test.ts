/** A log whose end lies before what was read of it: a file of it is gone, and that is said. */
import { expect, test } from 'vitest'
import { positionChange } from '../../../../processors/runtime/logs/kit/changelog.ts'
import { hostTasks, type TaskLog } from '../../../../processors/runtime/logs/kit/hosting.ts'
import type { LogRecord, ProcessingEvent } from '../../../../schemas/log.ts'

test.each([
  [3, ['assigned', 'lost']],
  [10, ['assigned']],
])('of a log that ends at %i, read up to 10, is told %j', async (end, kinds) => {
  const position: LogRecord = { ...positionChange(10), topic: 'changelog', partition: 0, offset: 0, timestamp: 0 }
  const told: ProcessingEvent[] = []
  const ended: { read?: () => void } = {}
  const reads = new Promise<void>((resolve) => (ended.read = resolve))
  const log: TaskLog = {
    commit: async () => {},
    ranges: async () => [{ partition: 0, start: 0, end }],
    read: async function* (topic) {
      if (topic === 'in') return ended.read?.()
      yield [position]
    },
  }
  const createTask = () => ({ restore: () => {}, step: () => ({ outputs: [], changes: [] }) })
  const hosting = hostTasks(log, { app: 'a', input: 'in', createTask, onEvent: (event) => told.push(event) }, 1)
  await reads
  await hosting.close()
  expect(told.map(({ kind }) => kind).slice(0, kinds.length)).toEqual(kinds)
  expect(JSON.stringify(told).includes('up to 10, but it ends at 3')).toBe(end === 3)
})
