/** The sinks are killed after a webhook has taken a message and before they could note that it did. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../../processors/runtime/logs/embedded/log.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Anomaly } from '../../../schemas/events.ts'
import type { EventLog } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'
import { migrate, openDatabase } from '../../../sinks/sinks.ts'
import { startPostgres, withoutPostgres } from '../../kit/postgres.ts'
import { anIncident } from '../events.ts'
import { silent, until } from '../kit.ts'
import { startReceiver, type Receiver } from './receiver.ts'

const script = fileURLToPath(new URL('../sink-worker.ts', import.meta.url))
const workers: ChildProcess[] = []
let dir: string
let receiver: Receiver
let log: EventLog

const start = (url: string): ChildProcess => {
  const args = ['--import', 'tsx', script, dir, url, receiver.url]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  workers.push(child)
  return child
}
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-hook-kill-'))
  receiver = await startReceiver()
  log = await openEmbeddedLog({ dir, writer: ['ingress', 'processors', 'console'] })
  await log.createTopics(topicSpecs(1))
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map(kill))
  await log.close()
  await receiver.close()
  rmSync(dir, { recursive: true, force: true })
})

const put = async (...incidents: readonly Anomaly[]): Promise<void> => {
  const codecs = await openCodecs(memorySchemaStore())
  const record = (one: Anomaly) => ({
    key: one.endpoint,
    value: codecs.encode('anomalies', one),
    timestamp: Date.now(),
  })
  await log.append(topicName('anomalies'), incidents.map(record))
}
const messages = (): string[] =>
  receiver.received.map(({ headers, body }) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { id: string } }
    return `${type} ${data.id} ${String(headers['webhook-id'])}`
  })

describe.skipIf(withoutPostgres())('a webhook', () => {
  test('gets the message again under its id, then only what is new', { timeout: 120_000 }, async () => {
    const server = await startPostgres()
    const url = await server.newDatabase()
    const blocker = new Client(url)
    try {
      const database = await openDatabase({ url, logger: silent })
      await migrate(database)
      await database.close()
      await blocker.connect()
      // What was told can be read, and not be written.
      await blocker.query('begin; lock table webhook_told in share mode')
      const first = start(url)
      await put(anIncident('i1', 'open'))
      await until('the message', messages, (all) => all.length === 1, 60_000)
      await kill(first)
      await blocker.query('rollback')
      start(url)
      await until('the message again', messages, (all) => all.length === 2, 60_000)
      await put(anIncident('i1', 'closed', { endedAt: 1 }))
      await until('the end', messages, (all) => all.length >= 3, 60_000)
      const [one = '', again, end] = messages()
      expect(again).toBe(one)
      expect([one, end]).toEqual([
        expect.stringMatching(/^incident\.opened i1 msg_/),
        expect.stringMatching(/^incident\.closed i1 msg_/),
      ])
      expect(messages()).toHaveLength(3)
    } finally {
      await blocker.end().catch(() => undefined)
      await Promise.all(workers.map(kill))
      await server.stop()
    }
  })
})
