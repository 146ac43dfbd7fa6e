/** A view whose log fails: it keeps what it has, says what is wrong, and goes on when it can. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openView } from '../../../../processors/runtime/logs/kit/view.ts'
import { openMemoryLog, type MemoryLog } from '../../../../processors/runtime/logs/memory.ts'
import { LogError, type EventLog, type View } from '../../../../schemas/log.ts'

const TOPIC = 't'
let log: MemoryLog
let failure: LogError | undefined
let reads: number
let view: View

const put = (key: string): Promise<unknown> =>
  log.append(TOPIC, [{ key, value: new TextEncoder().encode(key), timestamp: 1 }])

/** Fails in the middle of following when `failure` is set. */
const source: Pick<EventLog, 'read' | 'ranges'> = {
  ranges: (topic) => log.ranges(topic),
  async *read(topic, options) {
    reads++
    if (failure !== undefined && options.until === undefined) throw failure
    for await (const records of log.read(topic, options)) {
      yield records
      if (failure !== undefined && options.until === undefined) throw failure
    }
  },
}

beforeEach(async () => {
  log = openMemoryLog()
  failure = undefined
  reads = 0
  await log.createTopics([{ name: TOPIC, partitions: 1, cleanup: 'compact' }])
  await put('a')
  view = await openView(source, TOPIC, 20)
})
afterEach(async () => {
  await view.close()
  await log.close()
})

test.each(['corrupt', 'unknown-topic', 'too-large'] as const)(
  '%s is told, and tried again until it is mended',
  async (code) => {
    failure = new LogError(code, 'something is wrong')
    await put('b')
    await vi.waitFor(() => expect(view.trouble?.message).toBe('something is wrong'))
    expect([view.size, view.get('b') === undefined]).toEqual([2, false])
    failure = undefined
    await put('c')
    await vi.waitFor(() => expect([view.size, view.trouble]).toEqual([3, undefined]))
  },
)

test('a log that is away is no trouble: it comes back', async () => {
  failure = new LogError('unavailable', 'away')
  await put('b')
  const before = reads
  await vi.waitFor(() => expect(reads).toBeGreaterThan(before))
  expect(view.trouble).toBeUndefined()
  failure = undefined
  await put('c')
  await vi.waitFor(() => expect(view.get('c')).toBeDefined())
})

test('a topic that was made anew is followed from its beginning', async () => {
  await put('b')
  await vi.waitFor(() => expect(view.size).toBe(2))
  failure = new LogError('unknown-topic', 'gone')
  await put('x')
  await vi.waitFor(() => expect(view.trouble).toBeDefined())
  const old = log
  log = openMemoryLog()
  await old.close()
  await log.createTopics([{ name: TOPIC, partitions: 1, cleanup: 'compact' }])
  failure = undefined
  await put('new')
  await vi.waitFor(() => expect(view.get('new')).toBeDefined())
  expect(view.trouble).toBeUndefined()
})

test('it ends in silence only when the log was closed', async () => {
  failure = new LogError('closed', 'closed')
  await put('b')
  await vi.waitFor(() => expect(view.size).toBe(2))
  const before = reads
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect([reads, view.trouble]).toEqual([before, undefined])
})
