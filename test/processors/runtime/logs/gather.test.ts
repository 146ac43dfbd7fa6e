/** Whoever reads holds files open: a task that stops reading lets its reader go. */
import { expect, test, vi } from 'vitest'
import { gather } from '../../../../processors/runtime/logs/kit/gather.ts'
import type { LogRecord } from '../../../../schemas/log.ts'

const record: LogRecord = { topic: 't', partition: 0, offset: 0, timestamp: 0, key: 'k', value: null }

/** Endless, and always a batch ahead of who asks. */
const readers = () => {
  let open = 0
  const read = async function* (): AsyncGenerator<readonly LogRecord[]> {
    open++
    try {
      for (;;) yield [record]
    } finally {
      open--
    }
  }
  return { read, open: () => open }
}

test('given a step that fails, its reader ends', async () => {
  const { read, open } = readers()
  const task = async (): Promise<void> => {
    for await (const _ of gather(read(), { intervalMs: 0, limit: 1 })) throw new Error('no room')
  }
  await expect(task()).rejects.toThrow('no room')
  await vi.waitFor(() => expect(open()).toBe(0))
})

test('who stops does not wait for what was asked for and has not come', async () => {
  const read = async function* (): AsyncGenerator<readonly LogRecord[]> {
    yield [record]
    yield [record]
    await new Promise(() => undefined)
  }
  let portions = 0
  for await (const _ of gather(read(), { intervalMs: 1, limit: 2 })) if (++portions === 2) break
  expect(portions).toBe(2)
})
