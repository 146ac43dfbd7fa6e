/** A snapshot only speeds up a bad start: it keeps nobody waiting, and one that cannot be written costs nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSnapshot } from '../../../../processors/runtime/logs/kit/snapshot.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cp-snapshot-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const snapshotOf = (dir: string, entries: ReadonlyMap<string, Uint8Array>) =>
  openSnapshot({ dir, name: 't', everyMs: 60_000, entries: () => entries })

test('given many megabytes, they are written while the process goes on, and read back as they were', async () => {
  const entries = new Map(Array.from({ length: 64 }, (_, n) => [`k${n}`, Buffer.alloc(128 * 1024, n)]))
  const snapshot = snapshotOf(root, entries)
  let turns = 0
  let done = false
  const turn = (): void => {
    turns++
    if (!done) setImmediate(turn)
  }
  snapshot.changed()
  setImmediate(turn)
  await snapshot.close()
  done = true
  expect(turns).toBeGreaterThanOrEqual(8)
  const found = snapshotOf(root, new Map()).load()
  expect(found.map(([key]) => key)).toEqual([...entries.keys()])
  expect(found.every(([key, value]) => entries.get(key)?.equals(value))).toBe(true)
})

test('no entries are none', async () => {
  const snapshot = snapshotOf(root, new Map())
  snapshot.changed()
  await snapshot.close()
  expect(snapshot.load()).toEqual([])
})

test('given a folder that is none, nothing is thrown and nothing is found', async () => {
  writeFileSync(join(root, 'file'), '')
  const snapshot = snapshotOf(join(root, 'file', 'views'), new Map([['a', Uint8Array.of(1)]]))
  snapshot.changed()
  await snapshot.close()
  expect(snapshot.load()).toEqual([])
})
