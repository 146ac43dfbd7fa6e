import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closeFile, openFile } from '../../../../../processors/runtime/logs/embedded/files.ts'
import { openOutput } from '../../../../../processors/runtime/logs/embedded/output.ts'
import { tempDir } from './kit.ts'

const opened = async (cached: boolean) => {
  const file = path.join(tempDir(), 'file')
  const fd = await openFile(file, 'w+')
  const output = await openOutput(file, fd, cached)
  const close = async (): Promise<void> => {
    await output.close()
    await closeFile(fd)
  }
  return { file, fd, output, close }
}

const steps = fc.array(
  fc.record({
    lengths: fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 4 }),
    /** How much of the group a failure takes back, as its writer does: the file is cut, and gone on with from there. */
    lost: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 4 }),
  }),
  { maxLength: 12 },
)

describe.each([
  ['past the page cache', false],
  ['through the page cache', true],
])('an output %s', (_name, cached) => {
  test('what is written in pieces at any place is what the file begins with; zeros may follow, less than a block', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (groups) => {
        const { file, fd, output, close } = await opened(cached)
        let expected = Buffer.alloc(0)
        for (const [n, { lengths, lost }] of groups.entries()) {
          const buffers = lengths.map((length, i) => Buffer.alloc(length, 1 + ((7 * n + i) % 255)))
          await output.write(buffers, expected.length)
          const written = Buffer.concat(buffers)
          const kept = lost === null ? written.length : Math.floor(written.length * (1 - lost))
          expected = Buffer.concat([expected, written.subarray(0, kept)])
          if (lost !== null) fs.ftruncateSync(fd, expected.length)
        }
        const found = fs.readFileSync(file)
        await close()
        expect(found.subarray(0, expected.length).equals(expected)).toBe(true)
        expect(found.length - expected.length).toBeLessThan(4096)
        expect(found.subarray(expected.length).every((byte) => byte === 0)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('a group that is larger than the memory for it comes whole, and what follows stands behind it', async () => {
    const { file, output, close } = await opened(cached)
    const large = Buffer.alloc(3_500_001, 'large ')
    await output.write([Buffer.from('head'), large], 0)
    await output.write([Buffer.from('tail')], 4 + large.length)
    const found = fs.readFileSync(file)
    await close()
    const expected = Buffer.concat([Buffer.from('head'), large, Buffer.from('tail')])
    expect(found.subarray(0, expected.length).equals(expected)).toBe(true)
  })

  test('begun in the middle of a block, it leaves what was there before', async () => {
    const { file, output, close } = await opened(cached)
    fs.writeFileSync(file, 'x'.repeat(5_000))
    await output.write([Buffer.from('and more')], 5_000)
    const found = fs.readFileSync(file, 'latin1')
    await close()
    expect(found.slice(0, 5_008)).toBe('x'.repeat(5_000) + 'and more')
  })
})
