/** The console's reader meets errors: those that pass it waits out, the others it tells and tries again. */
import { afterEach, expect, test } from 'vitest'
import { LogError, type EventLog } from '../../../schemas/log.ts'
import { topicName } from '../../../schemas/topics.ts'
import { startTail, type Tail } from '../../../sinks/console/tail.ts'
import { anEvent } from '../events.ts'
import { openTestLog, silent, until } from '../kit.ts'

let tail: Tail
afterEach(() => tail?.close())

const failing = async (failure: () => LogError | undefined) => {
  const at = await openTestLog()
  const log: EventLog = {
    ...at.log,
    read: (topic, options) => {
      const error = failure()
      if (error !== undefined) throw error
      return at.log.read(topic, options)
    },
  }
  const seen: string[] = []
  const onEvent = ({ id }: { readonly id: string }): void => void seen.push(id)
  tail = await startTail({ log, codecs: at.codecs, logger: silent, onEvent, mendedMs: 20 })
  /** Now: the tail looks back a minute. */
  const put = async (): Promise<void> => {
    const timestamp = Date.now()
    const value = at.codecs.encode('exchanges', anEvent(1, { at: timestamp * 1000 }))
    await at.log.append(topicName('exchanges'), [{ key: 'shop', value, timestamp }])
  }
  return { seen, put }
}

test('a damaged log is told while it lasts, and read on when it is mended', async () => {
  let failure: LogError | undefined = new LogError('corrupt', 'a checksum fails')
  const { put, seen } = await failing(() => failure)
  await until(
    'it is told',
    async () => tail.trouble(),
    (trouble) => trouble !== undefined,
  )
  expect(tail.trouble()).toBe('live traffic of partition 0 cannot be followed: a checksum fails')
  failure = undefined
  await put()
  await until(
    'it reads',
    async () => seen,
    (ids) => ids.length === 1,
  )
  expect(tail.trouble()).toBeUndefined()
  expect(tail.positions()).toEqual(new Map([[0, 1]]))
})

test('a log that is away is no trouble of its own', async () => {
  let failure: LogError | undefined = new LogError('unavailable', 'away')
  const { put, seen } = await failing(() => failure)
  await put()
  expect(tail.trouble()).toBeUndefined()
  failure = undefined
  await until(
    'it reads',
    async () => seen,
    (ids) => ids.length === 1,
  )
})
