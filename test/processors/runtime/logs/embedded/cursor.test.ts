/** What a reader leaves unread. */
import fs from 'node:fs'
import { expect, it } from 'vitest'
import { readPartition } from '../../../../../processors/runtime/logs/embedded/cursor.ts'
import { saveIndex } from '../../../../../processors/runtime/logs/embedded/index.ts'
import { openJournal } from '../../../../../processors/runtime/logs/embedded/journal.ts'
import { closeSegment, openSegment, type SegmentFile } from '../../../../../processors/runtime/logs/embedded/segment.ts'
import { eventually } from '../../../../contract/fixture.ts'
import { segmentFile, tempDir, writeGroups } from './kit.ts'

const of = (topic: string, key: string) => ({ topic, partition: 0, records: [{ key, value: null, timestamp: 1 }] })

const overwrite = (dir: string, from: number, to: number): void => {
  const content = fs.readFileSync(segmentFile(dir))
  content.fill(0, from, to)
  fs.writeFileSync(segmentFile(dir), content)
}

it('an index that was begun while a segment grew is not gone on with when its writer has saved a whole one', async () => {
  const dir = tempDir()
  const [, first = 0, second = 0, third = 0] = await writeGroups(dir, [of('t', 'a'), of('t', 'b'), of('t', 'c')])
  fs.truncateSync(segmentFile(dir), third)
  const segment = (await openSegment(dir, 1)) as SegmentFile
  const [early, whole] = [openJournal(dir), openJournal(dir)]
  early.announce({ segment: 1, length: first })
  expect((await early.index(segment)).bytes).toBe(first)
  await saveIndex(dir, 1, await whole.index(segment))
  overwrite(dir, first, second)
  early.announce({ segment: 2, length: 0 })
  expect((await early.index(segment)).bytes).toBe(third)
  await closeSegment(segment)
  early.close()
  whole.close()
})

it('a follower of a quiet topic does not read what others get, where its writer is in this process', async () => {
  const dir = tempDir()
  const [, first = 0, second = 0, third = 0] = await writeGroups(dir, [
    of('quiet', 'a'),
    of('busy', 'b'),
    of('quiet', 'c'),
  ])
  overwrite(dir, first, second)
  const journal = openJournal(dir)
  let asked = 0
  let written = 1
  const announce = (length: number): void => journal.announce({ segment: 1, length }, () => (asked++, written))
  announce(first)
  const ending = new AbortController()
  const how = { from: { kind: 'start' }, signal: ending.signal } as const
  const batches = readPartition(journal, { topic: 'quiet', partition: 0 }, how)
  const next = async (): Promise<string[]> =>
    ((await batches.next()).value ?? []).map(({ key }: { key: string }) => key)
  expect(await next()).toEqual(['a'])
  const later = next()
  await eventually('it has come to the end', () => asked >= 2)
  asked = 0
  announce(second)
  await eventually('it has seen that there is more, and that it is not for it', () => asked >= 2)
  written = 2
  announce(third)
  expect(await later).toEqual(['c'])
  ending.abort()
  await batches.return(undefined)
  journal.close()
})
