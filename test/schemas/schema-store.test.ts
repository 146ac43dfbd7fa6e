/** The schemas on the log: whoever has read an event finds its schema there, however far the view has come. */
import { expect, test } from 'vitest'
import { logSchemaStore, readingSchemaStore } from '../../schemas/schema-store.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'

/** A log whose views stay at what they are given. */
const standing = (log: EventLog): EventLog => ({
  ...log,
  view: async (topic) => {
    const positions = (await log.ranges(topic)).map(({ end }) => end)
    const empty: Partial<View> = { get: () => undefined, positions: () => positions, close: async () => undefined }
    return empty as View
  },
})

test('given a view that has not come so far, a schema that is on the log is found, and none that is not', async () => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const [reader, writer] = await Promise.all([logSchemaStore(standing(log)), logSchemaStore(log)])
  const id = await writer.register('s', '"string"')
  expect(await reader.fetch(id)).toBe('"string"')
  expect(await reader.fetch(id + 1)).toBeUndefined()
  expect((await log.ranges(topicName('schemas')))[0]?.end).toBe(1)
  await Promise.all([reader.close(), writer.close()])
  await log.close()
})

test('who writes no schema reads what others wrote, once their log is there', async () => {
  const log = openMemoryLog()
  const reader = readingSchemaStore({ view: log.view })
  await expect(reader.fetch(1)).rejects.toThrow('no topic')
  await log.createTopics(topicSpecs(1))
  const writer = await logSchemaStore(log)
  const id = await writer.register('s', '"string"')
  expect(await reader.fetch(id)).toBe('"string"')
  expect(await reader.fetch(await reader.register('s', '"int"'))).toBe('"int"')
  expect((await log.ranges(topicName('schemas')))[0]?.end).toBe(1)
  await Promise.all([reader.close(), writer.close()])
  await log.close()
})
