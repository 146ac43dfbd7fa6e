import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openEmbeddedLog, type EmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { eventLogContract } from './log.ts'

/** One writer for all topics, small segments, so that readers and processing cross many. */
const openFixture = async (segmentBytes: number) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'chaos-log-'))
  const ownership = () => 'processors' as const
  const opened: EmbeddedLog[] = []
  const open = async (writer?: 'processors'): Promise<EmbeddedLog> => {
    const log = await openEmbeddedLog({ dir, writer, ownership, segmentBytes, tombstoneMs: 0 })
    opened.push(log)
    return log
  }
  let log = await open('processors')
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await open('processors')
      return log
    },
    otherProcess: () => open(),
    secondOwner: () => open('processors'),
    compact: () => log.clean(),
    close: async () => {
      for (const one of opened) await one.close()
      fs.rmSync(dir, { recursive: true })
    },
  }
}

eventLogContract('embedded', () => openFixture(64 << 20))
eventLogContract('embedded, with tiny segments', () => openFixture(2_000))
