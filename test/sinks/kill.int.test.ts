/** F9: the sinks are killed, and so is Postgres, while events flow: each offset is there exactly once. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { migrate, openDatabase } from '../../sinks/sinks.ts'
import { startPostgres, withoutPostgres } from '../kit/postgres.ts'
import { anEvent } from './events.ts'
import { count, offsets, silent, until, upTo } from './kit.ts'

const TOTAL = 4_000
const STEP = 100
const worker = fileURLToPath(new URL('./sink-worker.ts', import.meta.url))

const startWorker = (dir: string, url: string): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', worker, dir, url], { stdio: ['ignore', 'ignore', 'inherit'] })

const kill = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe.skipIf(withoutPostgres())('over a server', () => {
  test('both in the middle of it', { timeout: 120_000 }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cp-sink-kill-'))
    const server = await startPostgres()
    const url = await server.newDatabase()
    const database = await openDatabase({ url, logger: silent })
    const log = await openEmbeddedLog({ dir, writer: ['ingress', 'processors', 'console'] })
    let child: ChildProcess | undefined
    try {
      await migrate(database)
      await log.createTopics(topicSpecs(1))
      const codecs = await openCodecs(memorySchemaStore())
      const put = (from: number): Promise<unknown> =>
        log.append(
          topicName('exchanges'),
          upTo(STEP).map((n) => ({
            key: 'shop',
            value: codecs.encode('exchanges', anEvent(from + n)),
            timestamp: Date.now(),
          })),
        )
      const stored = (): Promise<number> => count(database, 'exchanges').catch(() => -1)
      const feed = async (from: number, to: number): Promise<void> => {
        for (let at = from; at < to; at += STEP) await put(at)
      }
      child = startWorker(dir, url)
      const feeding = feed(0, TOTAL)
      await until('some', stored, (n) => n > 0, 60_000)
      await Promise.all([server.kill(), kill(child)])
      child = startWorker(dir, url)
      await server.start()
      await feeding
      await until('all', stored, (n) => n >= TOTAL, 60_000)
      expect(await offsets(database)).toEqual(upTo(TOTAL))
      const position = `select position from sink_offsets where topic = 'exchanges'`
      expect(await database.query(position)).toEqual([{ position: TOTAL }])
    } finally {
      if (child !== undefined) await kill(child)
      await Promise.all([database.close(), log.close()])
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
