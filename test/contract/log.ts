/**
 * The promises of schemas/log.ts, each held by a test, for any adapter: `eventLogContract('embedded', openFixture)`.
 * Topics have fresh names, so adapters may share one broker or directory between cases.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventLog, LogRecord } from '../../schemas/log.ts'
import {
  bytes,
  codeOf,
  eventually,
  type LogFixture,
  need,
  newTopic,
  numbered,
  type OpenLog,
  readAll,
  record,
  text,
  unique,
  values,
} from './fixture.ts'
import { processContract } from './process.ts'

export type { LogFixture, OpenLog } from './fixture.ts'

type Current = () => LogFixture

const topicsContract = (current: Current): void => {
  test('createTopics leaves what is there, and says so when it has fewer partitions', async () => {
    const { log } = current()
    const name = await newTopic(log, 'delete', 2)
    await log.append(name, [record('a', '1', { partition: 1 })])
    await log.createTopics([{ name, partitions: 2, cleanup: 'delete' }])
    await log.createTopics([{ name, partitions: 1, cleanup: 'delete' }])
    expect(values(await readAll(log, name, 1))).toEqual(['1'])
    expect(await codeOf(log.createTopics([{ name, partitions: 3, cleanup: 'delete' }]))).toBe('topic-mismatch')
  })

  test('a topic that nobody created is unknown, wherever it is named', async () => {
    const { log } = current()
    const name = unique('nobody')
    expect(await codeOf(log.append(name, [record('a', '1')]))).toBe('unknown-topic')
    expect(await codeOf(readAll(log, name))).toBe('unknown-topic')
    expect(await codeOf(log.ranges(name))).toBe('unknown-topic')
    expect(await codeOf(log.view(name))).toBe('unknown-topic')
  })
}

const appendContract = (current: Current): void => {
  test('records come back as they were: keys, times, bytes, tombstones, empty values', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const large = new Uint8Array(300_000).map((_, n) => n * 7)
    const given = [
      record('', 'empty key', { timestamp: 1 }),
      record('ключ/🔑', null, { timestamp: 1_700_000_000_123 }),
      record('k', ''),
      { key: 'large', value: large, timestamp: 5 },
    ]
    await log.append(name, given)
    const read = await readAll(log, name)
    expect(read.map(({ key, timestamp }) => [key, timestamp])).toEqual(given.map((r) => [r.key, r.timestamp]))
    expect(read.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(given.map(() => `${name}/0`))
    expect(values(read.slice(0, 3))).toEqual(['empty key', null, ''])
    expect(Buffer.compare(read[3]?.value as Uint8Array, large)).toBe(0)
  })

  test('offsets rise in the order of the calls and of the array, also when calls overlap', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const calls = Array.from({ length: 40 }, (_, n) => log.append(name, numbered(25, n * 25)))
    const offsets = (await Promise.all(calls)).flat()
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
    expect(new Set(offsets).size).toBe(1000)
    const read = await readAll(log, name)
    expect(read.map((r) => r.offset)).toEqual(offsets)
    expect(values(read)).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)))
  })

  test('the key chooses the partition as Kafka does, unless the record does', async () => {
    const { log } = current()
    const name = await newTopic(log, 'delete', 3)
    // From org.apache.kafka.common.utils.UtilsTest: murmur2('21') = -973932308, ('foobar') = -790332482, ('abc') = 479470107.
    await log.append(
      name,
      ['21', 'foobar', 'abc'].map((key) => record(key, key)),
    )
    await log.append(name, [record('21', 'chosen', { partition: 2 })])
    const placed = await Promise.all([0, 1, 2].map(async (partition) => values(await readAll(log, name, partition))))
    const expected: string[][] = [[], [], []]
    for (const [key, hash] of [
      ['21', -973_932_308],
      ['foobar', -790_332_482],
      ['abc', 479_470_107],
    ] as const)
      expected[(hash & 0x7fffffff) % 3]?.push(key)
    expected[2]?.push('chosen')
    expect(placed).toEqual(expected)
  })

  test('what was handed over may be changed afterwards', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const value = bytes('before')
    await log.append(name, [{ key: 'k', value, timestamp: 1 }])
    value.fill(0)
    expect(values(await readAll(log, name))).toEqual(['before'])
    expect(await log.append(name, [])).toEqual([])
  })

  test('what was acknowledged is there after a restart, and offsets go on', async (context) => {
    const fixture = current()
    const reopen = need(context, fixture, 'reopen')
    const name = await newTopic(fixture.log)
    const before = await fixture.log.append(name, numbered(500))
    const log = await reopen()
    const after = await log.append(name, numbered(10, 500))
    expect(after[0]).toBeGreaterThan(before.at(-1) as number)
    expect(values(await readAll(log, name))).toEqual(Array.from({ length: 510 }, (_, n) => String(n)))
  })
}

/** Reads on until `enough` records came or the reader ends. */
const take = async (reading: AsyncIterable<readonly LogRecord[]>, enough: number): Promise<LogRecord[]> => {
  const taken: LogRecord[] = []
  for await (const batch of reading) {
    taken.push(...batch)
    if (taken.length >= enough) break
  }
  return taken
}

const readContract = (current: Current): void => {
  test('read begins at an offset, a time, the start; ends before an offset, at the end', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const offsets = await log.append(name, numbered(200))
    const from = async (how: Parameters<EventLog['read']>[1]['from'], until = offsets[150] as number) => {
      const options = { partition: 0, from: how, until: { kind: 'offset', offset: until } } as const
      return values(await take(log.read(name, options), Infinity))
    }
    const expected = (first: number): string[] => Array.from({ length: 150 - first }, (_, n) => String(first + n))
    expect(await from({ kind: 'start' })).toEqual(expected(0))
    expect(await from({ kind: 'offset', offset: offsets[40] as number })).toEqual(expected(40))
    expect(await from({ kind: 'time', time: 1_100 })).toEqual(expected(100))
    expect(await from({ kind: 'time', time: 0 })).toEqual(expected(0))
    expect((await readAll(log, name)).length).toBe(200)
  })

  test('a reader from the end sees only what comes, and follows; abort ends it without an error', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const old = await log.append(name, numbered(10))
    const abort = new AbortController()
    const seen: LogRecord[] = []
    const reading = (async () => {
      const options = { partition: 0, from: { kind: 'end' }, signal: abort.signal } as const
      for await (const batch of log.read(name, options)) seen.push(...batch)
    })()
    let count = 0
    await eventually('the reader sees a new record', async () => {
      await log.append(name, [record('k', `new ${count++}`)])
      return seen.length >= 3
    })
    expect(seen.every(({ offset }) => offset > (old.at(-1) as number))).toBe(true)
    expect(values(seen).every((value) => value?.startsWith('new'))).toBe(true)
    abort.abort()
    await reading
    const done = new AbortController()
    done.abort()
    expect(await take(log.read(name, { partition: 0, from: { kind: 'start' }, signal: done.signal }), 1)).toEqual([])
  })

  test('a reader waits for an offset that is still to come', async () => {
    const { log } = current()
    const name = await newTopic(log)
    const [first] = await log.append(name, [record('k', '0')])
    const until = { kind: 'offset', offset: (first as number) + 3 } as const
    const reading = take(log.read(name, { partition: 0, from: { kind: 'start' }, until }), Infinity)
    for (let n = 1; n < 4; n++) await log.append(name, [record('k', String(n))])
    expect(values(await reading)).toEqual(['0', '1', '2'])
  })

  test('ranges say what is held, also before anything came', async () => {
    const { log } = current()
    const name = await newTopic(log, 'delete', 2)
    expect(await log.ranges(name)).toEqual([0, 1].map((partition) => ({ partition, start: 0, end: 0 })))
    await log.append(name, [record('a', '1', { partition: 1 }), record('a', '2', { partition: 1 })])
    const [none, two] = await log.ranges(name)
    expect(none).toEqual({ partition: 0, start: 0, end: 0 })
    expect(two?.start).toBe(0)
    expect(two?.end).toBeGreaterThanOrEqual(2)
  })

  test('another process reads what was acknowledged, and follows', async (context) => {
    const fixture = current()
    const other = await need(context, fixture, 'otherProcess')()
    const name = await newTopic(fixture.log)
    await fixture.log.append(name, numbered(100))
    expect(values(await readAll(other, name)).length).toBe(100)
    const reading = take(other.read(name, { partition: 0, from: { kind: 'start' } }), 150)
    for (let n = 0; n < 50; n++) await fixture.log.append(name, numbered(1, 100 + n))
    expect(values(await reading)).toEqual(Array.from({ length: 150 }, (_, n) => String(n)))
  })
}

const viewContract = (current: Current): void => {
  test('a view holds the last value of each key at once, then follows', async () => {
    const { log } = current()
    const name = await newTopic(log, 'compact', 2)
    await log.append(name, [record('a', '1'), record('b', '1'), record('c', '1'), record('a', '2'), record('b', null)])
    const view = await log.view(name)
    const heard: string[] = []
    const stop = view.subscribe((key, value) => heard.push(`${key}=${text(value)}`))
    expect(heard.toSorted()).toEqual(['a=2', 'c=1'])
    expect([...view.entries()].map(([key, value]) => `${key}=${text(value)}`).toSorted()).toEqual(['a=2', 'c=1'])
    expect(view.size).toBe(2)
    await log.append(name, [record('c', null), record('d', '1')])
    await eventually('the view follows', () => heard.includes('d=1') && heard.includes('c=null'))
    expect([text(view.get('d')), view.get('c'), text(view.get('a'))]).toEqual(['1', undefined, '2'])
    const ends = (await log.ranges(name)).map(({ end }) => end)
    await eventually('its positions reach the end', () =>
      view.positions().every((p, n) => p >= (ends[n] as number) - 1),
    )
    stop()
    await log.append(name, [record('e', '1')])
    await eventually('the view goes on', () => view.get('e') !== undefined)
    expect(heard).not.toContain('e=1')
    await view.close()
  })

  test('compaction keeps the last value of each key, and positions go on', async (context) => {
    const fixture = current()
    const compact = need(context, fixture, 'compact')
    const { log } = fixture
    const name = await newTopic(log, 'compact')
    const early = await log.view(name)
    for (let round = 0; round < 5; round++)
      await log.append(
        name,
        ['a', 'b', 'c'].map((key) => record(key, `${key}${round}`)),
      )
    await log.append(name, [record('b', null)])
    const before = await log.ranges(name)
    await compact(name)
    const read = await readAll(log, name)
    const live = new Map(read.map(({ key, value }) => [key, text(value)]))
    expect([live.get('a'), live.get('c'), live.get('b') ?? null]).toEqual(['a4', 'c4', null])
    expect(read.length).toBeLessThan(5)
    const [offset] = await log.append(name, [record('a', 'after')])
    expect(offset).toBeGreaterThanOrEqual(before[0]?.end as number)
    await eventually('an old view follows on', () => text(early.get('a')) === 'after')
    const late = await log.view(name)
    expect([...late.entries()].map(([key, value]) => `${key}=${text(value)}`).toSorted()).toEqual(['a=after', 'c=c4'])
    await early.close()
    await late.close()
  })
}

const closeContract = (current: Current): void => {
  test('a closed log says so', async () => {
    const { log } = current()
    const name = await newTopic(log, 'compact')
    await log.append(name, [record('a', '1')])
    const view = await log.view(name)
    await log.close()
    expect(await codeOf(log.append(name, [record('a', '1')]))).toBe('closed')
    expect(await codeOf(readAll(log, name))).toBe('closed')
    expect(await codeOf(log.ranges(name))).toBe('closed')
    expect(text(view.get('a'))).toBe('1')
    await view.close()
    await log.close()
  })
}

/** Runs the whole contract over what `open` opens, anew for each case. */
export const eventLogContract = (name: string, open: OpenLog): void => {
  describe(`the log's contract: ${name}`, () => {
    let fixture: LogFixture | undefined
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(async () => {
      await fixture?.close()
      fixture = undefined
    })
    const current: Current = () => fixture as LogFixture
    describe('topics', () => topicsContract(current))
    describe('append', () => appendContract(current))
    describe('read', () => readContract(current))
    describe('view', () => viewContract(current))
    describe('process', () => processContract(current))
    describe('close', () => closeContract(current))
  })
}
