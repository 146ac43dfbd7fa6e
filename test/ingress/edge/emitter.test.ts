import { expect, test } from 'vitest'
import { openEmitter } from '../../../ingress/edge/emitter.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { NewRecord, Spool } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { eventually } from '../kit/stand.ts'

test('given a full disk, then events are lost and told once, until there is room: no back and forth', async () => {
  let room = false
  let refused = 0
  const appended: NewRecord[] = []
  const append = async (_topic: string, records: readonly NewRecord[]): Promise<number[]> => {
    if (!room) throw new Error(`full, ${++refused}`)
    appended.push(...records)
    return records.map((_, n) => n)
  }
  const spool: Spool = {
    push: async () => {
      throw new Error('full')
    },
    peek: async () => [],
    drop: async () => undefined,
    size: { records: 0, bytes: 0 },
    close: async () => undefined,
  }
  const states: string[] = []
  const codecs = await openCodecs(memorySchemaStore())
  const emitter = openEmitter({
    log: { append },
    codecs,
    spool,
    instance: 'i',
    onState: (state) => states.push(state),
    onDefect: () => undefined,
    linger: 1,
  })
  const emit = (): void => emitter.emit({ key: 'shop', id: 'x', at: 1, service: 'shop' })
  for (let n = 1; n <= 5; n++) {
    emit()
    await eventually('one more refusal', () => refused >= n)
    await eventually('it is lost', () => emitter.status().dropped >= n)
  }
  expect(states).toEqual(['losing'])
  room = true
  await eventually('how many were lost is appended', () => appended.length === 1)
  const { signal } = codecs.decode('exchanges', appended[0]?.value as Uint8Array)
  expect(signal).toMatchObject({ kind: 'gap', count: emitter.status().dropped })
  expect(states).toEqual(['losing', 'direct'])
  await emitter.close(1000)
})
