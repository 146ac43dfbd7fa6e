/** After a split, endpoints know what a topology would know that had read them apart from the beginning. */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/events.ts'
import { createTask, type ProcessorTask } from '../../processors/runtime/task.ts'
import { pastOf, withPast } from '../../processors/runtime/past.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { topology } from '../../processors/topology.ts'
import type { LogRecord, StepResult } from '../../schemas/log.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { anEvent, anExchange, aSignal, json, NOON, SECOND } from '../processors/kit/builders.ts'
import { codecs, recordOf } from '../processors/kit/given.ts'
import { runTopology } from './run.ts'

const NAMES =
  'maple falcon otter basil amber coral iris willow aspen garnet prism onyx jasmine dahlia quill pearl'.split(' ')
const WIDE = 'shop GET /users/{id}'
const NARROW = 'shop GET /users/maple'

let made = 0
const next = (over: Partial<Event>): Event => {
  made++
  return anEvent({ id: `e${made}`, at: NOON + made * (SECOND / 10), ...over })
}

const get = (target: string, value: unknown): Event => next({ exchange: anExchange({ target, ...json(value) }) })
const people = (rounds: number): Event[] =>
  Array.from({ length: rounds }, (_, round) =>
    NAMES.map((name, i) =>
      get(`/users/${name}`, { name, about: { age: 20 + i + round, ...(name === 'maple' && { admin: round }) } }),
    ),
  ).flat()
const split = (): Event =>
  next({ command: { kind: 'endpoints.split', subject: WIDE, by: 'test', value: JSON.stringify({ words: ['maple'] }) } })
const later = (): Event => {
  made += 20
  return next({ signal: aSignal() })
}

/** What is said, step by step, over a log that holds the events. */
const openLearner = async () => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(1))
  const task: ProcessorTask = createTask({ topology, codecs })
  const read = pastOf(log, codecs)
  let offset = 0
  const send = async (events: readonly Event[]): Promise<StepResult> => {
    const records: LogRecord[] = events.map((event) => recordOf(event, offset++))
    await log.append(topicName('exchanges'), records)
    return withPast(task.steps(records), read)
  }
  const said = <T extends 'shapes' | 'drift'>(topic: T, { outputs }: StepResult) =>
    outputs.flatMap(({ topic: on, key, value }) =>
      on === topicName(topic) && value !== null ? [{ key, value: codecs.decode(topic, value) }] : [],
    )
  return { send, said }
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
}

const fieldsOf = (parts: readonly { direction: string; schema: string }[]): string[] => {
  const answer = parts.find(({ direction }) => direction === 'response')
  const { properties } = JSON.parse(answer?.schema ?? '{}') as Schema
  return Object.keys(properties?.['about']?.properties ?? {}).sort()
}

describe('an endpoint that turns out to be two', () => {
  it('given both shapes learned as one, when split, then each learns its own from the log', async () => {
    const { send, said } = await openLearner()
    const before = said('shapes', await send([...people(5), later()]))
    expect(fieldsOf(before.findLast(({ key }) => key === WIDE)?.value.parts ?? [])).toEqual(['admin', 'age'])
    const after = said('shapes', await send([split(), later()]))
    expect(fieldsOf(after.findLast(({ key }) => key === WIDE)?.value.parts ?? [])).toEqual(['age'])
    expect(fieldsOf(after.findLast(({ key }) => key === NARROW)?.value.parts ?? [])).toEqual(['admin', 'age'])
  })

  it('given a split, then nobody is told of drift, and a change after it is told against what was learned again', async () => {
    const { send, said } = await openLearner()
    await send(people(20))
    expect(said('drift', await send([split(), ...people(1)]))).toEqual([])
    const changed = Array.from({ length: 120 }, () => get('/users/maple', { name: 'maple', about: { age: 20 } }))
    const told = said('drift', await send(changed))
    expect(told.map(({ key, value }) => `${key} ${value.kind} ${value.pointer}`)).toEqual([
      `${NARROW} field_removed /about/admin`,
    ])
  })

  it('gives the same state and outputs, however the steps are cut', async () => {
    const events = [...people(8), split(), ...people(3), later()]
    const records = events.map((event, offset) => recordOf(event, offset))
    expect(await runTopology(records, 7)).toEqual(await runTopology(records, 2000))
  })

  it('given a processor that cannot learn again, then the split stands, and a dead letter says so', async () => {
    const broken = {
      name: 'broken',
      open: () => ({
        relearn: () => {
          throw new Error('no')
        },
      }),
    }
    const task = createTask({ topology: { ...topology, processors: [...topology.processors, broken] }, codecs })
    const records = [...people(5), split()].map((event, offset) => recordOf(event, offset))
    const log = openMemoryLog()
    await log.createTopics(topicSpecs(1))
    await log.append(topicName('exchanges'), records)
    const { outputs } = await withPast(task.steps(records), pastOf(log, codecs))
    const letters = outputs.filter(({ topic }) => topic === topicName('dead-letters'))
    expect(letters.map(({ value }) => codecs.decode('dead-letters', value as Uint8Array).reason)).toEqual([
      'learning again: Error: no',
    ])
    const endpoints = outputs.filter(({ topic }) => topic === topicName('endpoints')).map(({ key }) => key)
    expect(endpoints).toContain(NARROW)
  })
})
