import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { takeLeft } from '../../../deploy/roles/left-spools.ts'
import { openSpool } from '../../../processors/runtime/logs/embedded/spool.ts'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { LogError, type EventLog } from '../../../schemas/log.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'

const TOPIC = topicName('exchanges')
let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'cp-left-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

const quiet = (): void => undefined
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }
const spoolIn = (name: string) => openSpool({ dir: join(root, name), maxBytes: 1 << 20 })

const leave = async (name: string, count: number): Promise<void> => {
  const spool = await spoolIn(name)
  const records = Array.from({ length: count }, (_, i) => ({
    topic: TOPIC,
    key: 'shop',
    value: Buffer.from(`${name} ${i}`),
    timestamp: 1,
  }))
  await spool.push(records)
  await spool.close()
}

const openLog = async (): Promise<EventLog> => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  return log
}

const onTheLog = async (log: EventLog): Promise<string[]> => {
  const found: string[] = []
  for await (const batch of log.read(TOPIC, { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } }))
    for (const { value } of batch) found.push(Buffer.from(value as Uint8Array).toString())
  return found
}

it('takes what is left in spools that nobody uses, in order, and removes them', async () => {
  const log = await openLog()
  await leave('spool-3', 2500)
  await leave('spool-2', 1)
  await leave('spool', 1)
  mkdirSync(join(root, 'spools'))
  await takeLeft({ root, used: () => Promise.resolve([join(root, 'spool'), join(root, 'spool-2')]), log, logger })
  expect(await onTheLog(log)).toEqual(Array.from({ length: 2500 }, (_, i) => `spool-3 ${i}`))
  expect(['spool', 'spool-2', 'spool-3', 'spools'].map((name) => existsSync(join(root, name)))).toEqual([
    true,
    true,
    false,
    true,
  ])
})

it('leaves alone what another process has, and keeps all that the log does not take', async () => {
  const log = await openLog()
  await leave('spool-2', 3)
  const held = await spoolIn('spool-2')
  const used = (): Promise<string[]> => Promise.resolve([])
  await takeLeft({ root, used, log, logger })
  expect(await onTheLog(log)).toEqual([])
  await held.close()
  const away = { append: () => Promise.reject(new LogError('unavailable', 'away')) }
  await expect(takeLeft({ root, used, log: away, logger })).rejects.toThrow('away')
  await takeLeft({ root, used, log, logger })
  expect(await onTheLog(log)).toHaveLength(3)
  expect(existsSync(join(root, 'spool-2'))).toBe(false)
})
