/** What a reader leaves unread. */
import fs from 'node:fs'
import { expect, it } from 'vitest'
import { readPartition } from '../../../../../processors/runtime/logs/embedded/cursor.ts'
import { openJournal } from '../../../../../processors/runtime/logs/embedded/journal.ts'
import { eventually } from '../../../../contract/fixture.ts'
import { segmentFile, tempDir, writeGroups } from './kit.ts'

it('a follower of a quiet topic does not read what others get, where its writer is in this process', async () => {
  const dir = tempDir()
  const of = (topic: string, key: string) => ({ topic, partition: 0, records: [{ key, value: null, timestamp: 1 }] })
  const [, first = 0, second = 0, third = 0] = await writeGroups(dir, [
    of('quiet', 'a'),
    of('busy', 'b'),
    of('quiet', 'c'),
  ])
  const content = fs.readFileSync(segmentFile(dir))
  content.fill(0, first, second)
  fs.writeFileSync(segmentFile(dir), content)

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
