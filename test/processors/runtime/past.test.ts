/** What a task asks of the log behind it: what nothing can be made of is no reason to stop. */
import { expect, test } from 'vitest'
import { openMemoryLog } from '../../../processors/runtime/logs/memory.ts'
import { observationOf } from '../../../processors/runtime/observe.ts'
import { pastOf } from '../../../processors/runtime/past.ts'
import type { Event } from '../../../schemas/events.ts'
import type { LogRecord } from '../../../schemas/log.ts'
import { topicName, topicSpecs } from '../../../schemas/topics.ts'
import { anEvent, anExchange } from '../kit/builders.ts'
import { codecs, recordOf } from '../kit/given.ts'

test('a record that cannot be decoded, or that the locator cannot place, is left out of the past', async () => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const asks = ['/a', '/bad', '/b'].map((target, i) =>
    recordOf(anEvent({ id: `e${i}`, exchange: anExchange({ target }) }), i),
  )
  const undecodable = { key: 'shop', value: Uint8Array.of(7), timestamp: 0 }
  await log.append(topicName('exchanges'), [...asks, undecodable])
  const sift = (event: Event, record: LogRecord) => {
    if (event.exchange?.target === '/bad') throw new TypeError('no place for it')
    return event.exchange === null ? undefined : observationOf(event, event.exchange, record)
  }
  const past = await pastOf(log, codecs)({ partition: 0, before: 4, sift })
  expect(past.map(({ path }) => path)).toEqual(['/a', '/b'])
  await log.close()
})
