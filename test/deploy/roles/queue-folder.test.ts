/** Folders of kept writes: one per process, and those of the dead are found by the living. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openQueueFolder, type QueueFolder } from '../../../deploy/roles/queue-folder.ts'

let root: string
let held: QueueFolder[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cp-folders-'))
  held = []
})
afterEach(() => {
  for (const folder of held) folder.release()
  rmSync(root, { recursive: true, force: true })
})

const open = (): QueueFolder => {
  const folder = openQueueFolder(root, 1000)
  held.push(folder)
  return folder
}
const fill = ({ options: { dir } }: QueueFolder): void => writeFileSync(join(dir, 'journal'), 'something')
const orphansOf = ({ options }: QueueFolder) => options.orphans?.() ?? []

it('gives each process a folder of its own, the first that is free', () => {
  const [first, second] = [open(), open()]
  expect([first, second].map(({ options }) => basename(options.dir))).toEqual(['1', '2'])
  first.release()
  expect(basename(open().options.dir)).toBe('1')
})

it('shows what the dead left, to one at a time, until it is taken', () => {
  const [dead, living, other] = [open(), open(), open()]
  fill(dead)
  expect(orphansOf(living)).toEqual([])
  dead.release()
  const [orphan] = orphansOf(living)
  expect(orphan?.dir).toBe(dead.options.dir)
  expect(orphansOf(other)).toEqual([])
  orphan?.over(false)
  const [again] = orphansOf(other)
  expect(again?.dir).toBe(dead.options.dir)
  again?.over(true)
  expect(existsSync(join(dead.options.dir, 'journal'))).toBe(false)
  expect(orphansOf(living)).toEqual([])
})
