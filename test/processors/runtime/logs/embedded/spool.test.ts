import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSpool } from '../../../../../processors/runtime/logs/embedded/spool.ts'
import type { Spool, SpooledRecord } from '../../../../../schemas/log.ts'
import { codeOf } from '../../../../contract/fixture.ts'
import { tempDir } from './kit.ts'

/** Files end in whole blocks while they are written. */
const BLOCK = 4096

const record = (n: number, size = 20): SpooledRecord => ({
  topic: n % 3 === 0 ? 'signals' : 'exchanges',
  key: `key-${n}`,
  value: n % 10 === 7 ? null : new Uint8Array(size).fill(n),
  timestamp: n,
  ...(n % 2 === 0 ? { partition: n % 4 } : {}),
})
const recordsFrom = (first: number, count: number, size?: number): SpooledRecord[] =>
  Array.from({ length: count }, (_, n) => record(first + n, size))

const shown = (records: readonly SpooledRecord[]) =>
  records.map((r) => ({ ...r, value: r.value === null ? null : Buffer.from(r.value).toString('hex') }))

const drain = async (spool: Spool, limit = 100): Promise<SpooledRecord[]> => {
  const all: SpooledRecord[] = []
  for (;;) {
    const some = await spool.peek(limit)
    if (some.length === 0) return all
    all.push(...some)
    await spool.drop(some.length)
  }
}

const sizeOnDisk = (dir: string): number =>
  fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + fs.statSync(path.join(dir, name)).size, 0)

describe('the spool', () => {
  test('gives back what was pushed, first in first out, everything about it kept', async () => {
    const spool = await openSpool({ dir: tempDir(), maxBytes: 1 << 20 })
    await Promise.all([spool.push(recordsFrom(0, 30)), spool.push(recordsFrom(30, 1)), spool.push([])])
    expect(spool.size.records).toBe(31)
    expect(shown(await spool.peek(5))).toEqual(shown(recordsFrom(0, 5)))
    expect(shown(await spool.peek(5))).toEqual(shown(recordsFrom(0, 5)))
    await spool.drop(3)
    expect(shown(await drain(spool, 4))).toEqual(shown(recordsFrom(3, 28)))
    expect(spool.size.records).toBe(0)
    await spool.push(recordsFrom(50, 2))
    expect(shown(await drain(spool))).toEqual(shown(recordsFrom(50, 2)))
    await spool.close()
    expect(await codeOf(spool.push(recordsFrom(0, 1)))).toBe('closed')
    expect(await codeOf(spool.peek(1))).toBe('closed')
  })

  test('any pushes, peeks, drops and restarts: it stays a queue', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 60 }) }),
        fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 80 }) }),
        fc.record({ kind: fc.constant('reopen' as const), count: fc.constant(0) }),
      ),
      { minLength: 5, maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const options = { dir: tempDir(), maxBytes: 400_000, commitIntervalMs: 0 }
        let spool = await openSpool(options)
        let pushed = 0
        let taken = 0
        for (const { kind, count } of given) {
          if (kind === 'push') {
            await spool.push(recordsFrom(pushed, count, 300))
            pushed += count
          } else if (kind === 'take') {
            const some = await spool.peek(count)
            expect(shown(some)).toEqual(shown(recordsFrom(taken, Math.min(count, pushed - taken), 300)))
            await spool.drop(some.length)
            taken += some.length
          } else {
            await spool.close()
            spool = await openSpool(options)
          }
          expect(spool.size.records).toBe(pushed - taken)
        }
        await spool.close()
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  test('it is bounded on disk, refuses when full, and takes again what was made room for', async () => {
    const dir = tempDir()
    const maxBytes = 300_000
    const spool = await openSpool({ dir, maxBytes, commitIntervalMs: 0 })
    let pushed = 0
    let refused = 'no error'
    while (refused === 'no error') {
      refused = await codeOf(spool.push(recordsFrom(pushed, 10, 500)))
      if (refused === 'no error') pushed += 10
      expect(sizeOnDisk(dir)).toBeLessThanOrEqual(maxBytes + BLOCK)
    }
    expect(refused).toBe('spool-full')
    expect(pushed * 500).toBeGreaterThan(maxBytes * 0.8)
    expect(spool.size.records).toBe(pushed)
    expect(shown(await drain(spool))).toEqual(shown(recordsFrom(0, pushed, 500)))
    await expect.poll(() => spool.size.bytes, { timeout: 5_000 }).toBeLessThan(maxBytes / 4)
    await spool.push(recordsFrom(0, 10, 500))
    expect((await drain(spool)).length).toBe(10)
    await spool.close()
  })

  test('after a crash nothing that was acknowledged is missing, and a torn record loses only itself', async () => {
    const dir = tempDir()
    const crashed = await openSpool({ dir, maxBytes: 1 << 20, commitIntervalMs: 0 })
    for (let n = 0; n < 10; n++) await crashed.push(recordsFrom(n, 1))
    // The copy is what a crash leaves: no close, and a half-written group at the end.
    const left = tempDir()
    fs.cpSync(dir, left, { recursive: true })
    fs.rmSync(path.join(left, 'lock'))
    const segment = path.join(left, '0000000001.log')
    const before = fs.readFileSync(segment)
    fs.writeFileSync(segment, Buffer.concat([before, before.subarray(-60, -20)]))
    const spool = await openSpool({ dir: left, maxBytes: 1 << 20 })
    expect(spool.size.records).toBe(10)
    expect(shown(await drain(spool))).toEqual(shown(recordsFrom(0, 10)))
    await spool.close()
    await crashed.close()
  })

  test('a lost or damaged position repeats, it does not lose', async () => {
    const dir = tempDir()
    const spool = await openSpool({ dir, maxBytes: 1 << 20 })
    await spool.push(recordsFrom(0, 10))
    await spool.drop((await spool.peek(4)).length)
    await spool.close()
    fs.writeFileSync(path.join(dir, 'position'), '{"segm')
    const again = await openSpool({ dir, maxBytes: 1 << 20 })
    expect(shown(await drain(again))).toEqual(shown(recordsFrom(0, 10)))
    await again.close()
  })

  test('the newest segment, damaged after it was written, is put aside too, and what comes next is kept', async () => {
    const dir = tempDir()
    const told: string[] = []
    const onDamage = (error: Error): void => void told.push(error.message)
    const spool = await openSpool({ dir, maxBytes: 200_000, commitIntervalMs: 0, onDamage })
    await spool.push(recordsFrom(0, 3, 500))
    const file = path.join(dir, fs.readdirSync(dir).find((name) => name.endsWith('.log')) as string)
    const handle = fs.openSync(file, 'r+')
    fs.writeSync(handle, Buffer.from('damage'), 0, 6, 400)
    fs.closeSync(handle)
    expect(await spool.peek(10)).toEqual([])
    await spool.push(recordsFrom(3, 2))
    expect(shown(await drain(spool))).toEqual(shown(recordsFrom(3, 2)))
    expect(told).toEqual([expect.stringContaining(`${file} is damaged at byte`)])
    expect(fs.existsSync(`${file}.damaged`)).toBe(true)
    expect(spool.size.records).toBe(0)
    await spool.close()
  })

  test('a damaged segment is put aside and told of; the others come', async () => {
    const dir = tempDir()
    const options = { dir, maxBytes: 200_000, commitIntervalMs: 0 }
    const spool = await openSpool(options)
    for (let n = 0; n < 100; n++) await spool.push(recordsFrom(n, 1, 500))
    await spool.close()
    const [first, second] = fs.readdirSync(dir).filter((name) => name.endsWith('.log'))
    const file = path.join(dir, first as string)
    const damaged = fs.readFileSync(file)
    damaged[400] = (damaged[400] as number) ^ 1
    fs.writeFileSync(file, damaged)
    const told: string[] = []
    const again = await openSpool({ ...options, onDamage: (error) => told.push(error.message) })
    const keys = (await drain(again)).map(({ key }) => Number(key.slice(4)))
    expect(second).toBeDefined()
    expect(keys.at(-1)).toBe(99)
    expect(keys.length).toBeGreaterThan(50)
    expect(keys).toEqual(keys.toSorted((a, b) => a - b))
    expect(told).toEqual([expect.stringContaining(`${file} is damaged at byte`)])
    expect(fs.existsSync(`${file}.damaged`)).toBe(true)
    expect(again.size.records).toBe(0)
    await again.push(recordsFrom(100, 2))
    expect(again.size.records).toBe(2)
    await again.close()
    const last = await openSpool(options)
    expect(last.size.records).toBe(2)
    expect(shown(await drain(last))).toEqual(shown(recordsFrom(100, 2)))
    await last.close()
  })

  test('it is one process’s: a second is refused', async () => {
    const dir = tempDir()
    const spool = await openSpool({ dir, maxBytes: 1 << 20 })
    expect(await codeOf(openSpool({ dir, maxBytes: 1 << 20 }))).toBe('locked')
    await spool.close()
  })
})
