/** A disk that fills up, on a real 1 MiB file system: an error to the caller, no damage, and on when there is room again. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test, type TestContext } from 'vitest'
import { openEmbeddedLog } from '../../../../../processors/runtime/logs/embedded/log.ts'
import { openSpool } from '../../../../../processors/runtime/logs/embedded/spool.ts'
import { bytes, codeOf, readAll, record } from '../../../../contract/fixture.ts'
import { tempDir } from './kit.ts'

const mounted: string[] = []

const smallDisk = (context: TestContext): string => {
  const dir = tempDir()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'pipe' })
  } catch (error) {
    context.skip(`a small file system cannot be mounted here (needs root): ${(error as Error).message.split('\n')[0]}`)
  }
  mounted.push(dir)
  return dir
}

afterEach(() => {
  for (const dir of mounted.splice(0)) execFileSync('umount', ['-l', dir])
})

const filler = (dir: string): (() => void) => {
  const file = path.join(dir, 'filler')
  fs.writeFileSync(file, Buffer.alloc(600_000))
  return () => fs.unlinkSync(file)
}

test('the log says disk-full, keeps what was acknowledged, and goes on when there is room', async (context) => {
  const disk = smallDisk(context)
  const makeRoom = filler(disk)
  const dir = path.join(disk, 'profile')
  const options = { dir, writer: 'processors', segmentBytes: 60_000, commitIntervalMs: 0 } as const
  const log = await openEmbeddedLog(options)
  await log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }])
  const acknowledged: string[] = []
  const append = async (n: number): Promise<string> => {
    const value = `${n}-${'x'.repeat(9_000)}`
    const code = await codeOf(log.append('t', [record('k', value)]))
    if (code === 'no error') acknowledged.push(value)
    return code
  }
  let n = 0
  let code = await append(n++)
  while (code === 'no error') code = await append(n++)
  expect(code).toBe('disk-full')
  expect(acknowledged.length).toBeGreaterThan(10)
  for (let tries = 0; tries < 5; tries++) expect(await append(n++)).toBe('disk-full')
  expect((await readAll(log, 't')).map(({ value }) => Buffer.from(value as Uint8Array).toString())).toEqual(
    acknowledged,
  )
  makeRoom()
  for (let more = 0; more < 20; more++) expect(await append(n++)).toBe('no error')
  const check = async (opened: typeof log): Promise<void> => {
    const read = await readAll(opened, 't')
    expect(read.map(({ value }) => Buffer.from(value as Uint8Array).toString())).toEqual(acknowledged)
    const offsets = read.map(({ offset }) => offset)
    expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b))
  }
  await check(log)
  await log.close()
  const again = await openEmbeddedLog(options)
  await check(again)
  await again.close()
})

test('processing stops at a full disk without a doubled or lost output, and goes on by itself', async (context) => {
  const disk = smallDisk(context)
  const dir = path.join(disk, 'profile')
  const log = await openEmbeddedLog({ dir, writer: 'processors', ownership: () => 'processors', commitIntervalMs: 0 })
  await log.createTopics([
    { name: 'in', partitions: 1, cleanup: 'delete' },
    { name: 'out', partitions: 1, cleanup: 'delete' },
  ])
  await log.append(
    'in',
    Array.from({ length: 60 }, (_, n) => record('k', String(n))),
  )
  const makeRoom = filler(disk)
  const lost: string[] = []
  const processing = await log.process({
    app: 'app',
    input: 'in',
    commitRecords: 2,
    commitIntervalMs: 0,
    createTask: () => ({
      restore: () => undefined,
      step: (records) => ({
        outputs: records.map((r) => ({
          topic: 'out',
          key: String(r.offset),
          value: new Uint8Array(14_000),
          timestamp: 0,
        })),
        changes: [{ key: 'state', value: bytes('x'.repeat(100)) }],
      }),
    }),
    onEvent: (event) => {
      if (event.kind !== 'lost') return
      if (lost.length === 0) makeRoom()
      lost.push(event.reason)
    },
  })
  await expect.poll(async () => (await log.committed('app', 'in'))[0], { timeout: 15_000 }).toBe(60)
  expect(lost[0]).toMatch(/No room/)
  expect((await readAll(log, 'out')).map(({ key }) => key)).toEqual(Array.from({ length: 60 }, (_, n) => String(n)))
  await processing.close()
  await log.close()
})

test('the spool says disk-full and takes on when there is room', async (context) => {
  const disk = smallDisk(context)
  const makeRoom = filler(disk)
  const options = { dir: path.join(disk, 'spool'), maxBytes: 64 << 20, commitIntervalMs: 0 }
  const spool = await openSpool(options)
  const pushed: string[] = []
  const push = async (n: number): Promise<string> => {
    const code = await codeOf(spool.push([{ topic: 't', ...record(`k${n}`, 'x'.repeat(8_000)) }]))
    if (code === 'no error') pushed.push(`k${n}`)
    return code
  }
  let n = 0
  let code = await push(n++)
  while (code === 'no error') code = await push(n++)
  expect(code).toBe('disk-full')
  makeRoom()
  for (let more = 0; more < 10; more++) expect(await push(n++)).toBe('no error')
  await spool.close()
  const again = await openSpool(options)
  expect((await again.peek(1_000)).map(({ key }) => key)).toEqual(pushed)
  await again.close()
})
