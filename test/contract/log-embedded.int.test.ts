import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  openEmbeddedLog,
  type EmbeddedLog,
  type EmbeddedLogOptions,
} from '../../processors/runtime/logs/embedded/log.ts'
import { openPipe, type Pipe } from '../processors/runtime/logs/embedded/pipe.ts'
import { eventLogContract } from './log.ts'

/** One writer for all topics, small segments, so that readers and processing cross many. */
const openFixture = async (segmentBytes: number) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'chaos-log-'))
  const ownership = () => 'processors' as const
  const opened: EmbeddedLog[] = []
  const open = async (writer?: 'processors', sender?: EmbeddedLogOptions['sender']): Promise<EmbeddedLog> => {
    const log = await openEmbeddedLog({ dir, writer, sender, ownership, segmentBytes, tombstoneMs: 0 })
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
    otherProcess: (sender?: EmbeddedLogOptions['sender']) => open(undefined, sender),
    secondOwner: () => open('processors'),
    compact: () => log.clean(),
    close: async () => {
      for (const one of opened) await one.close()
      fs.rmSync(dir, { recursive: true })
    },
  }
}

/** What another process appends comes through a pipe to the one that writes. */
const openSending = async () => {
  const fixture = await openFixture(64 << 20)
  const pipes: Pipe[] = []
  const sending = async (log: EmbeddedLog): Promise<EmbeddedLog> => {
    const pipe = await openPipe()
    pipes.push(pipe)
    void log.receive('processors', pipe.near)
    const other = await fixture.otherProcess({ writer: 'processors', stream: pipe.far })
    const createTopics: EmbeddedLog['createTopics'] = async (topics) => {
      await log.createTopics(topics)
      await other.createTopics(topics)
    }
    return { ...log, createTopics, append: other.append }
  }
  return {
    ...fixture,
    log: await sending(fixture.log),
    reopen: async () => sending(await fixture.reopen()),
    close: async () => {
      await fixture.close()
      for (const pipe of pipes) pipe.close()
    },
  }
}

eventLogContract('embedded', () => openFixture(64 << 20))
eventLogContract('embedded, with tiny segments', () => openFixture(2_000))
eventLogContract('embedded, written through another process', openSending)
