/** The promises of `EventLog.process`, with a task whose every output shows what it saw. */
import { expect, test } from 'vitest'
import type { Change, EventLog, LogRecord, ProcessingEvent, ProcessOptions, Task } from '../../schemas/log.ts'
import {
  bytes,
  codeOf,
  eventually,
  type LogFixture,
  need,
  newTopic,
  numbered,
  readAll,
  record,
  text,
  unique,
  values,
} from './fixture.ts'

/** Counts its records; emits `<partition>:<offset>=<count so far>` for each, and keeps the count and a key that comes and goes. */
const countingTask = (partition: number, output: string, restored: Change[] = []): Task => {
  let count = 0
  return {
    restore: (changes) => {
      restored.push(...changes)
      for (const { key, value } of changes) if (key === 'count') count = Number(text(value))
    },
    step: (records) => {
      const outputs = records.map((r) => {
        count++
        return {
          topic: output,
          ...record(r.key, `${partition}:${r.offset}=${count}`, { timestamp: r.timestamp, partition: 0 }),
        }
      })
      const odd = { key: 'odd', value: count % 2 === 1 ? bytes('yes') : null }
      return { outputs, changes: [odd, { key: 'count', value: bytes(String(count)) }] }
    },
  }
}

interface Bench {
  readonly input: string
  readonly output: string
  readonly app: string
}

const bench = async (log: EventLog, partitions = 1): Promise<Bench> => ({
  input: await newTopic(log, 'delete', partitions),
  output: await newTopic(log),
  app: unique('app'),
})

const counting = ({ input, output, app }: Bench, more: Partial<ProcessOptions> = {}): ProcessOptions => ({
  app,
  input,
  createTask: (partition) => countingTask(partition, output),
  commitIntervalMs: 20,
  commitRecords: 50,
  ...more,
})

const caughtUp = async (log: EventLog, { app, input }: Bench): Promise<boolean> => {
  const positions = await log.committed(app, input)
  const ends = await log.ranges(input)
  return ends.every(({ end }, n) => (positions[n] as number) >= end || end === 0)
}

/** What an undisturbed run over everything that is in the input would have put out for one partition. */
const expectedOutputs = async (log: EventLog, input: string, partition: number): Promise<string[]> =>
  (await readAll(log, input, partition)).map(({ offset }, n) => `${partition}:${offset}=${n + 1}`)

/** Kafka marks the end of a transaction partition by partition: outputs may be readable a moment after their position. */
const expectOutputs = async (log: EventLog, { input, output }: Bench, partition: number): Promise<void> => {
  const expected = await expectedOutputs(log, input, partition)
  const readable = async (): Promise<boolean> => (await outputsOf(log, output, partition)).length >= expected.length
  await eventually('the outputs are readable', readable)
  expect(await outputsOf(log, output, partition)).toEqual(expected)
}

const outputsOf = async (log: EventLog, output: string, partition: number): Promise<(string | null)[]> =>
  values(await readAll(log, output)).filter((value) => value?.startsWith(`${partition}:`))

export const processContract = (current: () => LogFixture): void => {
  test('every record is stepped once, in order, per partition; positions are committed and can be asked for', async () => {
    const { log } = current()
    const names = await bench(log, 2)
    expect(await log.committed(names.app, names.input)).toEqual([0, 0])
    const events: ProcessingEvent[] = []
    const processing = await log.process(counting(names, { onEvent: (event) => events.push(event) }))
    for (let n = 0; n < 10; n++) await log.append(names.input, numbered(30, n * 30))
    await eventually('it catches up', () => caughtUp(log, names))
    for (const partition of [0, 1]) await expectOutputs(log, names, partition)
    const committed = await log.committed(names.app, names.input)
    expect(committed.map((_, partition) => processing.positions().get(partition))).toEqual(committed)
    await processing.close()
    await processing.done
    const assigned = events.filter((event) => event.kind === 'assigned').map((event) => event.partition)
    expect(assigned.toSorted()).toEqual([0, 1])
    const steps = events.filter((event) => event.kind === 'committed').reduce((sum, event) => sum + event.records, 0)
    expect(steps).toBe(300)
  })

  test('a step is at most commitRecords long, and prepare is awaited before it', async () => {
    const { log } = current()
    const names = await bench(log)
    await log.append(names.input, numbered(120))
    const lengths: number[] = []
    let prepared: readonly LogRecord[] = []
    const createTask = (partition: number): Task => {
      const task = countingTask(partition, names.output)
      return {
        ...task,
        prepare: async (records) => {
          await Promise.resolve()
          prepared = records
        },
        step: (records) => {
          if (records !== prepared) throw new Error('step without prepare')
          lengths.push(records.length)
          return task.step(records)
        },
      }
    }
    const processing = await log.process(counting(names, { createTask }))
    await eventually('it catches up', () => caughtUp(log, names))
    expect(Math.max(...lengths)).toBeLessThanOrEqual(50)
    expect(lengths.reduce((a, b) => a + b, 0)).toBe(120)
    await processing.close()
  })

  test('a step may look at what stands on the input before it, and return later', async () => {
    const { log } = current()
    const names = await bench(log)
    await log.append(names.input, numbered(60))
    const found: number[] = []
    const createTask = (partition: number): Task => {
      const task = countingTask(partition, names.output)
      const count = async (before: number): Promise<number> => {
        let seen = 0
        const until = { kind: 'offset', offset: before } as const
        for await (const batch of log.read(names.input, { partition, from: { kind: 'start' }, until }))
          seen += batch.length
        return seen
      }
      return {
        ...task,
        step: async (records) => {
          found.push(await count((records.at(-1) as LogRecord).offset + 1))
          return task.step(records)
        },
      }
    }
    const processing = await log.process(counting(names, { createTask, commitRecords: 20 }))
    await eventually('it catches up', () => caughtUp(log, names))
    await expectOutputs(log, names, 0)
    expect(found.at(-1)).toBe(60)
    await processing.close()
  })

  test('a new owner restores the state as it was committed and goes on from there', async (context) => {
    const fixture = current()
    const reopen = need(context, fixture, 'reopen')
    const names = await bench(fixture.log)
    await fixture.log.append(names.input, numbered(101))
    await fixture.log.process(counting(names))
    await eventually('it catches up', () => caughtUp(fixture.log, names))
    const log = await reopen()
    await log.append(names.input, numbered(20, 101))
    const restored: Change[] = []
    const createTask = (partition: number): Task => countingTask(partition, names.output, restored)
    const processing = await log.process(counting(names, { createTask }))
    await eventually('it catches up again', () => caughtUp(log, names))
    const last = new Map(restored.map(({ key, value }) => [key, text(value)]))
    expect([...last.keys()].every((key) => !key.startsWith('__'))).toBe(true)
    expect([last.get('count'), last.get('odd')]).toEqual(['101', 'yes'])
    await expectOutputs(log, names, 0)
    await processing.close()
  })

  test('restarted again and again while records come, nothing is lost and nothing doubled', async (context) => {
    const fixture = current()
    const reopen = need(context, fixture, 'reopen')
    const names = await bench(fixture.log, 2)
    let { log } = fixture
    for (let n = 0; n < 5; n++) {
      const processing = await log.process(counting(names, { commitRecords: 7 }))
      await log.append(names.input, numbered(60, n * 60))
      await eventually('it has begun', () => [...processing.positions().values()].some((position) => position > n * 20))
      log = await reopen()
    }
    const processing = await log.process(counting(names))
    await eventually('it catches up', () => caughtUp(log, names))
    for (const partition of [0, 1]) await expectOutputs(log, names, partition)
    await processing.close()
  })

  test('a step that throws commits nothing and ends the processing', async () => {
    const { log } = current()
    const names = await bench(log)
    await log.append(names.input, numbered(10))
    const failing = (partition: number): Task => ({
      ...countingTask(partition, names.output),
      step: () => {
        throw new Error('a bug in a reducer')
      },
    })
    const processing = await log.process(counting(names, { createTask: failing }))
    await expect(processing.done).rejects.toThrow('a bug in a reducer')
    expect(await log.committed(names.app, names.input)).toEqual([0])
    expect(await readAll(log, names.output)).toEqual([])
    await processing.close()
  })

  test('an output that the log does not take commits nothing of its step', async () => {
    const { log } = current()
    const names = await bench(log)
    await log.append(names.input, numbered(10))
    const astray = (partition: number): Task => {
      const task = countingTask(partition, names.output)
      return {
        ...task,
        step: async (records) => {
          const result = await task.step(records)
          return { ...result, outputs: [...result.outputs, { topic: unique('nobody'), ...record('k', 'v') }] }
        },
      }
    }
    const processing = await log.process(counting(names, { createTask: astray }))
    await expect(processing.done).rejects.toThrow()
    expect(await readAll(log, names.output)).toEqual([])
    expect(await log.committed(names.app, names.input)).toEqual([0])
    await processing.close()
  })

  test('of two owners one commits: the other is fenced or refused, and nothing is doubled', async (context) => {
    const fixture = current()
    const secondOwner = need(context, fixture, 'secondOwner')
    const { log } = fixture
    const names = await bench(log)
    const first = await log.process(counting(names, { commitRecords: 5 }))
    await log.append(names.input, numbered(50))
    await eventually('the first works', () => (first.positions().get(0) ?? 0) > 0)
    const ending = codeOf(first.done)
    const refused = await codeOf(secondOwner().then((other) => other.process(counting(names))))
    await log.append(names.input, numbered(50, 50))
    await eventually('one of them catches up', () => caughtUp(log, names))
    await expectOutputs(log, names, 0)
    if (refused === 'no error') {
      // A second instance of a group may also share the work instead; then the first lives on and ends by its close.
      await first.close()
      expect(['fenced', 'no error']).toContain(await ending)
    } else {
      expect(refused).toBe('locked')
      await first.close()
    }
  })

  test('committed is known to another process', async (context) => {
    const fixture = current()
    const other = await need(context, fixture, 'otherProcess')()
    const { log } = fixture
    const names = await bench(log, 2)
    const processing = await log.process(counting(names))
    await log.append(names.input, numbered(40))
    await eventually('it catches up', () => caughtUp(log, names))
    await eventually('the other knows', () => caughtUp(other, names))
    expect(await other.committed(names.app, names.input)).toEqual(await log.committed(names.app, names.input))
    await processing.close()
  })

  test('process wants an input that exists', async () => {
    const { log } = current()
    const output = await newTopic(log)
    const names = { input: unique('nobody'), output, app: unique('app') }
    expect(await codeOf(log.process(counting(names)))).toBe('unknown-topic')
  })
}
