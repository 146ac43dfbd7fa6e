import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deferLog, type DeferredLog } from '../../../../processors/runtime/logs/kit/deferred.ts'
import { memoryStorage, openMemoryLog } from '../../../../processors/runtime/logs/memory.ts'
import type { EventLog, View } from '../../../../schemas/log.ts'

const TOPIC = 't'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (view: View, key: string): string | undefined => {
  const value = view.get(key)
  return value === undefined ? undefined : new TextDecoder().decode(value)
}
const put = (log: EventLog, key: string, value: string | null): Promise<unknown> =>
  log.append(TOPIC, [{ key, value: value === null ? null : bytes(value), timestamp: 1 }])

let dir: string
let storage: ReturnType<typeof memoryStorage>
let backbone: EventLog
let reachable: boolean
const opened: DeferredLog[] = []

const start = (): DeferredLog => {
  const log = deferLog({
    open: async () => {
      if (!reachable) throw new Error('no broker')
      return openMemoryLog({ storage })
    },
    dir,
    onAway: () => undefined,
    patienceMs: 50,
    retryMs: 10,
  })
  opened.push(log)
  return log
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-deferred-'))
  storage = memoryStorage()
  backbone = openMemoryLog({ storage })
  reachable = true
  await backbone.createTopics([{ name: TOPIC, partitions: 1, cleanup: 'compact' }])
})
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A run with the log at hand, which leaves a snapshot of a → 1, b → 2. */
const firstRun = async (): Promise<void> => {
  await put(backbone, 'a', '1')
  await put(backbone, 'b', '2')
  const view = await start().view(TOPIC)
  expect(text(view, 'b')).toBe('2')
  await view.close()
}

test('given a log that is away, append is refused as unavailable, and works once it is there', async () => {
  reachable = false
  const log = start()
  await expect(log.append(TOPIC, [])).rejects.toMatchObject({ code: 'unavailable', retry: true })
  reachable = true
  await vi.waitFor(() => log.append(TOPIC, [{ key: 'k', value: null, timestamp: 1 }]))
})

test('a view starts from the last run’s snapshot, then turns to the log', async () => {
  await firstRun()
  await put(backbone, 'a', null)
  await put(backbone, 'c', '3')
  reachable = false
  const view = await start().view(TOPIC)
  const heard: string[] = []
  view.subscribe((key, value) => heard.push(`${key}${value === undefined ? ' gone' : ''}`))
  expect([text(view, 'a'), text(view, 'b'), text(view, 'c')]).toEqual(['1', '2', undefined])
  reachable = true
  await vi.waitFor(() => expect(text(view, 'c')).toBe('3'))
  expect(text(view, 'a')).toBeUndefined()
  expect(heard).toEqual(expect.arrayContaining(['a', 'b', 'a gone', 'c']))
  await view.close()
})

test('a damaged snapshot is as good as none', async () => {
  await firstRun()
  const [file] = readdirSync(dir)
  truncateSync(join(dir, file as string), 40)
  reachable = false
  const view = await start().view(TOPIC)
  expect(view.size).toBe(0)
})
