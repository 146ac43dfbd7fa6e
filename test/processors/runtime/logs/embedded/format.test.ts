/** The segment format: what is written comes back, and damage yields a prefix or an error, never another record. */
import fs from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../../../../processors/runtime/logs/embedded/crc32c.ts'
import { recover } from '../../../../../processors/runtime/logs/embedded/recovery.ts'
import { closeSegment, openSegment } from '../../../../../processors/runtime/logs/embedded/segment.ts'
import { LogError } from '../../../../../schemas/log.ts'
import { type Batch, linesOf, readLines, segmentFile, tempDir, writeGroups } from './kit.ts'

const records = fc.array(
  fc.record({
    key: fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ minLength: 100, maxLength: 300 })),
    value: fc.option(fc.uint8Array({ maxLength: 400 }), { freq: 4 }),
    timestamp: fc.double({ noNaN: true }),
  }),
  { minLength: 1, maxLength: 12 },
)
const batches = fc.array(
  fc.record({ topic: fc.constantFrom('a', 'a.longer.name', 'ü'), partition: fc.nat(3), records }),
  { minLength: 1, maxLength: 6 },
)

/** Four groups of a few records: some 1.5 kB, to be damaged at each byte. */
const sample: Batch[] = Array.from({ length: 4 }, (_, n) => ({
  topic: 'exchanges',
  partition: n % 2,
  records: Array.from({ length: 3 }, (_r, m) => ({
    key: `key-${m}`,
    value: m === 1 ? null : new Uint8Array(40 + n).fill(n * 16 + m),
    timestamp: 1_700_000_000_000 + n,
  })),
}))

const recoverIn = async (dir: string) => {
  const segment = await openSegment(dir, 1)
  if (segment === undefined) throw new Error('no segment')
  return recover(segment).finally(() => closeSegment(segment))
}

const isPrefix = (part: readonly string[], whole: readonly string[]): boolean =>
  part.every((line, n) => line === whole[n])

describe('crc32c', () => {
  test('the vectors of RFC 3720, B.4', () => {
    expect(crc32c(Buffer.alloc(32, 0))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, n) => n)))).toBe(0x46dd794e)
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.from('xx123456789x'), 2, 11)).toBe(0xe3069283)
  })
})

describe('segments', () => {
  test('any records come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const dir = tempDir()
        const lengths = await writeGroups(dir, given)
        expect(await readLines(dir, lengths.at(-1) as number)).toEqual(linesOf(given))
      }),
      { numRuns: 60 },
    )
  })

  test('a record of 5 MiB, and values that grow beyond one frame', async () => {
    const dir = tempDir()
    const given = [1, 5 << 20, 900_000, 900_000, 3].map((size, n) => ({
      topic: 'large',
      partition: 0,
      records: [{ key: `k${n}`, value: new Uint8Array(size).fill(n + 1), timestamp: n }],
    }))
    const lengths = await writeGroups(dir, given)
    expect(await readLines(dir, lengths.at(-1) as number)).toEqual(linesOf(given))
  })

  test('cut at any byte, a segment yields the groups that were whole before it', async () => {
    const dir = tempDir()
    const lengths = await writeGroups(dir, sample)
    const whole = fs.readFileSync(segmentFile(dir))
    for (let cut = 0; cut <= whole.length; cut++) {
      fs.writeFileSync(segmentFile(dir), whole.subarray(0, cut))
      const { length } = await recoverIn(dir)
      expect(length).toBe(lengths.findLast((end) => end <= cut) ?? 0)
      const kept = lengths.findIndex((end) => end === length)
      expect(await readLines(dir, length)).toEqual(linesOf(sample.slice(0, Math.max(0, kept))))
    }
  })

  test('with any byte flipped, a segment yields a prefix or says where it is corrupt, never a wrong record', async () => {
    const dir = tempDir()
    const lengths = await writeGroups(dir, sample)
    const lastGroup = lengths.at(-2) as number
    const whole = fs.readFileSync(segmentFile(dir))
    const lines = linesOf(sample)
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      fs.writeFileSync(segmentFile(dir), damaged)
      const outcome = await recoverIn(dir).catch((error: unknown) => error)
      if (outcome instanceof LogError) {
        const frame = lengths.findLast((end) => end <= at) ?? 0
        expect([outcome.code, outcome.message]).toEqual([
          'corrupt',
          expect.stringContaining(`${segmentFile(dir)} is damaged at byte ${frame}`),
        ])
        expect(at).toBeLessThan(lastGroup)
      } else {
        // Nothing was synced after the last group: damage there looks as a torn write does.
        expect(at).toBeGreaterThanOrEqual(lastGroup)
        expect(isPrefix(await readLines(dir, (outcome as { length: number }).length), lines)).toBe(true)
      }
    }
  })

  test('after any torn tail, writing goes on as if it had never been', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.uint8Array({ maxLength: 300 }), async (where, garbage) => {
        const dir = tempDir()
        const lengths = await writeGroups(dir, sample)
        const whole = fs.readFileSync(segmentFile(dir))
        const firstEnd = lengths[0] as number
        const cut = firstEnd + (where % (whole.length - firstEnd + 1))
        fs.writeFileSync(segmentFile(dir), Buffer.concat([whole.subarray(0, cut), garbage]))
        const after = await writeGroups(dir, sample.slice(0, 1))
        const kept = lengths.findLastIndex((end) => end <= cut)
        const expected = linesOf([...sample.slice(0, kept), ...sample.slice(0, 1)])
        expect(await readLines(dir, after.at(-1) as number)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})
