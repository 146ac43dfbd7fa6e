/** What the embedded log promises beyond the contract: journals of several writers, retention, indexes, damage. */
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  openEmbeddedLog,
  type EmbeddedLog,
  type EmbeddedLogOptions,
} from '../../../../../processors/runtime/logs/embedded/log.ts'
import { openMemoryLog } from '../../../../../processors/runtime/logs/memory.ts'
import { logSchemaStore, schemaIdOf } from '../../../../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../../../../schemas/topics.ts'
import type { EventLog, From, LogRecord } from '../../../../../schemas/log.ts'
import { codeOf, eventually, numbered, readAll, record, text, values } from '../../../../contract/fixture.ts'
import { tempDir } from './kit.ts'

const all = (options: Partial<EmbeddedLogOptions> & { dir: string }): Promise<EmbeddedLog> =>
  openEmbeddedLog({ writer: 'processors', ownership: () => 'processors', ...options })

const segmentsIn = (dir: string, writer = 'processors'): string[] =>
  fs.readdirSync(path.join(dir, writer)).filter((name) => name.endsWith('.log'))

const collect = async (log: EventLog, from: From): Promise<(string | null)[]> => {
  const read: LogRecord[] = []
  for await (const batch of log.read('t', { partition: 0, from, until: { kind: 'end' } })) read.push(...batch)
  return read.map(({ offset, value }) => `${offset}:${text(value)}`)
}

describe('several writers on one profile', () => {
  test('each writes its own topics and reads the others’; another’s topic is refused with its owner’s name', async () => {
    const dir = tempDir()
    const ingress = await openEmbeddedLog({ dir, writer: 'ingress' })
    const console = await openEmbeddedLog({ dir, writer: 'console' })
    const processors = await openEmbeddedLog({ dir, writer: 'processors' })
    for (const log of [processors, ingress, console]) await log.createTopics(topicSpecs(2))
    const exchanges = topicName('exchanges')
    await ingress.append(exchanges, numbered(20))
    await console.append(topicName('control'), [record('mode', 'mock')])
    await processors.append(topicName('drift'), [record('shop GET /', 'changed')])
    for (const log of [ingress, console, processors]) {
      const counts = await Promise.all([0, 1].map(async (p) => (await readAll(log, exchanges, p)).length))
      expect((counts[0] as number) + (counts[1] as number)).toBe(20)
      const view = await log.view(topicName('control'))
      expect(text(view.get('mode'))).toBe('mock')
      expect(values(await readAll(log, topicName('drift')))).toEqual(['changed'])
      await view.close()
    }
    await expect(processors.append(exchanges, numbered(1))).rejects.toThrow(
      /written by ingress; this process writes for processors/,
    )
    expect(await codeOf(openEmbeddedLog({ dir, writer: 'processors' }))).toBe('locked')
    const reader = await openEmbeddedLog({ dir })
    await expect(reader.append(exchanges, numbered(1))).rejects.toThrow(/only reads/)
    for (const log of [ingress, console, processors, reader]) await log.close()
  })

  test('schemas are written by every writer, each to its own partition; every store finds them all', async () => {
    const dir = tempDir()
    const ingress = await openEmbeddedLog({ dir, writer: 'ingress' })
    const processors = await openEmbeddedLog({ dir, writer: 'processors' })
    for (const log of [ingress, processors]) await log.createTopics(topicSpecs(1))
    const stores = await Promise.all([ingress, processors].map((log) => logSchemaStore(log)))
    await stores[0]?.register('a', '"string"')
    await stores[1]?.register('b', '"bytes"')
    for (const store of stores)
      for (const schema of ['"string"', '"bytes"'])
        await eventually('the schema is known', async () => (await store.fetch(schemaIdOf(schema))) === schema)
    expect((await ingress.ranges(topicName('schemas'))).map(({ end }) => end)).toEqual([1, 1, 0])
    for (const store of stores) await store.close()
    for (const log of [ingress, processors]) await log.close()
  })

  test('a topic of a writer that has not started yet reads as empty and then follows', async () => {
    const dir = tempDir()
    const processors = await openEmbeddedLog({ dir, writer: 'processors' })
    await processors.createTopics(topicSpecs(1))
    const exchanges = topicName('exchanges')
    expect(await processors.ranges(exchanges)).toEqual([{ partition: 0, start: 0, end: 0 }])
    const seen: LogRecord[] = []
    const abort = new AbortController()
    const following = (async () => {
      const options = { partition: 0, from: { kind: 'end' }, signal: abort.signal } as const
      for await (const batch of processors.read(exchanges, options)) seen.push(...batch)
    })()
    const ingress = await openEmbeddedLog({ dir, writer: 'ingress' })
    await ingress.createTopics(topicSpecs(1))
    await ingress.append(exchanges, numbered(5))
    await eventually('the reader follows', () => seen.length === 5)
    abort.abort()
    await following
    for (const log of [ingress, processors]) await log.close()
  })
})

describe('retention and compaction', () => {
  test('old segments of a delete topic go by age; offsets go on, followers too', async () => {
    const dir = tempDir()
    let log = await all({ dir, segmentBytes: 2_000 })
    await log.createTopics([
      { name: 't', partitions: 1, cleanup: 'delete', retentionMs: 0 },
      { name: 'kept', partitions: 1, cleanup: 'compact' },
    ])
    await log.append('kept', [record('k', 'old'), record('k', 'kept')])
    const follower = log.read('t', { partition: 0, from: { kind: 'start' } })[Symbol.asyncIterator]()
    await log.append('t', numbered(100))
    expect((await follower.next()).done).toBe(false)
    for (let n = 1; n < 5; n++) await log.append('t', numbered(100, n * 100))
    await eventually(
      'the clock moves on',
      () => Date.now() > fs.statSync(path.join(dir, 'processors', 'tip')).mtimeMs + 2,
    )
    await log.clean()
    expect(await log.ranges('t')).toEqual([{ partition: 0, start: 500, end: 500 }])
    expect(values(await readAll(log, 'kept'))).toEqual(['kept'])
    await log.close()
    log = await all({ dir, segmentBytes: 2_000 })
    expect(await log.append('t', numbered(1, 500))).toEqual([500])
    expect(values(await readAll(log, 't'))).toEqual(['500'])
    await log.close()
  })

  test('by size: the oldest go until the rest fits', async () => {
    const dir = tempDir()
    const log = await all({ dir, segmentBytes: 10_000, retentionBytes: 50_000, commitIntervalMs: 0 })
    await log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }])
    for (let n = 0; n < 200; n++) await log.append('t', [record('k', 'x'.repeat(900))])
    await log.clean()
    const bytes = segmentsIn(dir).reduce((sum, name) => sum + fs.statSync(path.join(dir, 'processors', name)).size, 0)
    expect(bytes).toBeLessThan(65_000)
    const [range] = await log.ranges('t')
    expect(range?.end).toBe(200)
    expect(range?.start).toBeGreaterThan(100)
    expect((await readAll(log, 't')).length).toBe(200 - (range?.start as number))
    await log.close()
  })

  test('readers that lag while segments are merged under them miss nothing that is kept', async () => {
    const dir = tempDir()
    const log = await all({ dir, segmentBytes: 3_000 })
    await log.createTopics([
      { name: 't', partitions: 1, cleanup: 'delete' },
      { name: 'c', partitions: 1, cleanup: 'compact' },
    ])
    const reader = await openEmbeddedLog({ dir, ownership: () => 'processors' })
    const slow = reader.read('t', { partition: 0, from: { kind: 'start' }, until: { kind: 'offset', offset: 600 } })
    const seen: LogRecord[] = []
    const reading = (async () => {
      for await (const batch of slow) {
        seen.push(...batch)
        if (seen.length % 3 === 0) await log.clean()
      }
    })()
    for (let n = 0; n < 60; n++) {
      await log.append('t', numbered(10, n * 10))
      await log.append('c', numbered(10, n * 10))
    }
    await reading
    expect(values(seen)).toEqual(Array.from({ length: 600 }, (_, n) => String(n)))
    await log.clean()
    expect(new Set((await readAll(reader, 'c')).map(({ key }) => key)).size).toBe(7)
    expect(segmentsIn(dir).length).toBeLessThan(20)
    await reader.close()
    await log.close()
  })

  test.each([
    ['is cleaned', 20, true],
    ['is not read for the few there are among others', 1, false],
  ])('of its own accord a segment with records to compact %s', async (_, compacted, cleaned) => {
    const dir = tempDir()
    const log = await all({ dir, segmentBytes: 10_000, commitIntervalMs: 0 })
    await log.createTopics([
      { name: 't', partitions: 1, cleanup: 'delete' },
      { name: 'c', partitions: 1, cleanup: 'compact' },
    ])
    for (let n = 0; n < compacted; n++) await log.append('c', [record('k', String(n))])
    await log.append('t', numbered(600))
    await log.append('t', numbered(1))
    await log.close()
    expect(segmentsIn(dir)).toHaveLength(2)
    expect(fs.existsSync(path.join(dir, 'processors', 'cleaned'))).toBe(cleaned)
    const again = await all({ dir })
    expect(values(await readAll(again, 'c'))).toEqual([String(compacted - 1)])
    expect(await readAll(again, 't')).toHaveLength(601)
    await again.close()
  })

  test('a key whose tombstone was dropped stays deleted', async () => {
    const dir = tempDir()
    const log = await all({ dir, segmentBytes: 500, tombstoneMs: -1 })
    await log.createTopics([{ name: 'c', partitions: 1, cleanup: 'compact' }])
    for (let n = 0; n < 20; n++) await log.append('c', numbered(7))
    await log.append('c', [record('k3', null)])
    for (let n = 0; n < 4; n++) {
      await log.clean()
      const live = new Map((await readAll(log, 'c')).map(({ key, value }) => [key, text(value)]))
      expect(live.get('k3') ?? null).toBeNull()
      await log.append('c', [record(`other${n}`, 'x')])
    }
    expect((await readAll(log, 'c')).some(({ key }) => key === 'k3')).toBe(false)
    await log.close()
  })
})

describe('reading', () => {
  test('by offset and by time it equals the log in memory, across segments, restarts and damaged indexes', async () => {
    const step = fc.record({
      times: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 15 }),
      next: fc.constantFrom('nothing', 'clean', 'reopen', 'no indexes', 'damaged indexes'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const dir = tempDir()
        const model = openMemoryLog()
        let log = await all({ dir, segmentBytes: 700, commitIntervalMs: 0 })
        for (const either of [model, log]) await either.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }])
        for (const { times, next } of steps) {
          const records = times.map((timestamp, n) => record(`k${n}`, `v${timestamp}`, { timestamp }))
          expect(await log.append('t', records)).toEqual(await model.append('t', records))
          if (next === 'clean') await log.clean()
          if (next === 'nothing' || next === 'clean') continue
          await log.close()
          for (const name of fs.readdirSync(path.join(dir, 'processors')).filter((file) => file.endsWith('.index'))) {
            const file = path.join(dir, 'processors', name)
            if (next === 'no indexes') fs.unlinkSync(file)
            if (next === 'damaged indexes')
              fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"offsets":[0', '"offsets":[9'))
          }
          log = await all({ dir, segmentBytes: 700, commitIntervalMs: 0 })
        }
        const froms: From[] = [{ kind: 'start' }, { kind: 'end' }]
        for (let n = 0; n < 1000; n += 90) froms.push({ kind: 'time', time: n }, { kind: 'offset', offset: n / 9 })
        for (const from of froms) expect(await collect(log, from)).toEqual(await collect(model, from))
        expect(await log.ranges('t')).toEqual(await model.ranges('t'))
        await log.close()
      }),
      { numRuns: 15 },
    )
  }, 60_000)

  test('a closed segment that is damaged is reported with its file and place; what is before it is read', async () => {
    const dir = tempDir()
    const log = await all({ dir, segmentBytes: 2_000, commitIntervalMs: 0 })
    await log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }])
    for (let n = 0; n < 100; n++) await log.append('t', numbered(1, n))
    const file = path.join(dir, 'processors', segmentsIn(dir)[2] as string)
    const content = fs.readFileSync(file)
    content[1_000] = (content[1_000] as number) ^ 4
    fs.writeFileSync(file, content)
    const seen: LogRecord[] = []
    const reading = (async () => {
      for await (const batch of log.read('t', { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } }))
        seen.push(...batch)
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`${file} is damaged at byte`) as string,
    })
    expect(values(seen)).toEqual(Array.from({ length: seen.length }, (_, n) => String(n)))
    expect(seen.length).toBeGreaterThan(20)
    await log.close()
  })
})
