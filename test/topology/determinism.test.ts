import { describe, expect, it } from 'vitest'
import { createTask, type ProcessorTask } from '../../processors/runtime/task.ts'
import { topology } from '../../processors/topology.ts'
import type { Change, LogRecord, Output } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { codecs } from '../processors/kit/given.ts'
import { runTopology } from './run.ts'
import { random, recording } from './recording.ts'

const SEEDS = [1, 20251, 777]
const input = topicName('exchanges')

const asRead = (seed: number, count: number): LogRecord[] =>
  recording(codecs, { seed, count }).map((record, offset) => ({ ...record, topic: input, partition: 0, offset }))

interface Result {
  readonly outputs: readonly Output[]
  readonly state: readonly Change[]
}

const inOneGo = (records: readonly LogRecord[]): Result => {
  const task = createTask({ topology, codecs })
  const { outputs } = task.step(records)
  return { outputs, state: task.dump() }
}

/** As a log would: every task sees some steps, then dies; the next is restored from the compacted changelog. */
const cutAtRandom = (records: readonly LogRecord[], next: () => number): Result => {
  const changelog = new Map<string, Uint8Array | null>()
  const outputs: Output[] = []
  let task: ProcessorTask | undefined
  let at = 0
  while (at < records.length) {
    if (task === undefined) {
      task = createTask({ topology, codecs })
      task.restore(Array.from(changelog, ([key, value]) => ({ key, value })))
    }
    const end = at + 1 + Math.floor(next() * 400)
    const step = task.step(records.slice(at, end))
    for (const { key, value } of step.changes) changelog.set(key, value)
    outputs.push(...step.outputs)
    if (next() < 0.4) task = undefined
    at = end
  }
  task ??= createTask({ topology, codecs })
  const last = createTask({ topology, codecs })
  last.restore(Array.from(changelog, ([key, value]) => ({ key, value })))
  return { outputs, state: last.dump() }
}

const hex = (changes: readonly { key: string; value: Uint8Array | null }[]): string[] =>
  changes.map(({ key, value }) => `${key} ${value === null ? 'null' : Buffer.from(value).toString('base64')}`)

describe('the topology is a fold', () => {
  it.each(SEEDS)('seed %i: cut and restored anywhere, state and outputs are the same bytes', (seed) => {
    const records = asRead(seed, 3000)
    const whole = inOneGo(records)
    const cut = cutAtRandom(records, random(seed + 1))
    expect(hex(cut.outputs)).toEqual(hex(whole.outputs))
    expect(hex(cut.state)).toEqual(hex(whole.state))
    expect(whole.state.length).toBeGreaterThan(50)
    for (const topic of ['endpoints', 'shapes', 'windows', 'dead-letters'] as const)
      expect(whole.outputs.filter((o) => o.topic === topicName(topic)).length, topic).toBeGreaterThan(0)
  })
})

describe('a replay from zero', () => {
  it('gives the same state and the same outputs, however the steps are cut', async () => {
    const records = recording(codecs, { seed: 4, count: 3000 })
    expect(await runTopology(records, 97)).toEqual(await runTopology(records, 2000))
  })
})
