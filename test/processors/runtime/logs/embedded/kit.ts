/** Temporary directories and segments to damage. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import { openAppender } from '../../../../../processors/runtime/logs/embedded/appender.ts'
import type { RecordParts } from '../../../../../processors/runtime/logs/embedded/frame.ts'
import { readRecords, sectionsOf } from '../../../../../processors/runtime/logs/embedded/frame.ts'
import {
  type Chunk,
  closeSegment,
  openSegment,
  readFrames,
  segmentPath,
} from '../../../../../processors/runtime/logs/embedded/segment.ts'

const made: string[] = []

/** A directory that is gone after the test. */
export const tempDir = (): string => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'chaos-segments-'))
  made.push(dir)
  return dir
}

afterEach(() => {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})

export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly RecordParts[]
}

/** Writes each batch as a group of its own; returns the segment's length after each. */
export const writeGroups = async (dir: string, batches: readonly Batch[]): Promise<number[]> => {
  const appender = await openAppender({ dir, commitIntervalMs: 0 })
  const lengths = [appender.tip.length]
  for (const { topic, partition, records } of batches) {
    await appender.append([{ head: appender.head(topic, partition), records }], false)
    lengths.push(appender.tip.length)
  }
  await appender.close()
  return lengths
}

/** One line per record, so that what was read can be compared with what was written. */
export const lineOf = (topic: string, partition: number, { key, value, timestamp }: RecordParts): string =>
  JSON.stringify([topic, partition, key, timestamp, value === null ? null : Buffer.from(value).toString('hex')])

export const linesOf = (batches: readonly Batch[]): string[] =>
  batches.flatMap(({ topic, partition, records }) => records.map((record) => lineOf(topic, partition, record)))

const linesIn = (chunk: Chunk): string[] => {
  const lines: string[] = []
  for (const { at, header } of chunk.frames)
    for (const section of sectionsOf(chunk.bytes, at, header))
      readRecords(chunk.bytes, section, (_, record) => lines.push(lineOf(section.topic, section.partition, record)))
  return lines
}

/** The records in the first `limit` bytes of segment 1. */
export const readLines = async (dir: string, limit: number): Promise<string[]> => {
  const segment = await openSegment(dir, 1)
  if (segment === undefined) return []
  const lines: string[] = []
  try {
    for (let from = 0; from < limit;) {
      const chunk = await readFrames(segment, { from, limit, verify: true })
      if (chunk.bad) throw new Error(`bad frame at ${chunk.end}`)
      lines.push(...linesIn(chunk))
      from = chunk.end
    }
  } finally {
    await closeSegment(segment)
  }
  return lines
}

export const segmentFile = (dir: string, number = 1): string => segmentPath(dir, number)
