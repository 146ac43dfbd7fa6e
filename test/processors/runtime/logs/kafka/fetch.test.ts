import { describe, expect, it } from 'vitest'
import type { FetchedMessage } from '../../../../../processors/runtime/logs/kafka/cluster.ts'
import { committedOnly } from '../../../../../processors/runtime/logs/kafka/fetch.ts'

const message = (offset: number, producerId: string, more: Partial<FetchedMessage> = {}): FetchedMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: Buffer.from('k'),
  value: Buffer.from(String(offset)),
  isControlRecord: false,
  batchContext: { firstOffset: String(offset), lastOffsetDelta: 0, producerId, inTransaction: producerId !== '-1' },
  ...more,
})

const marker = (offset: number, producerId: string, type: 0 | 1): FetchedMessage =>
  message(offset, producerId, { isControlRecord: true, key: Buffer.from([0, 0, 0, type]) })

const offsets = (messages: readonly FetchedMessage[], aborted: readonly [string, number][]): number[] =>
  committedOnly({
    partition: 0,
    lastStableOffset: '100',
    abortedTransactions: aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
    messages,
  }).map(({ offset }) => Number(offset))

describe('reading committed records', () => {
  it('given two interleaved transactions, when one was aborted, then only its records are left out', () => {
    const messages = [message(0, 'a'), message(1, 'b'), message(2, 'a'), marker(3, 'a', 0), marker(4, 'b', 1)]
    expect(offsets(messages, [['a', 0]])).toEqual([1])
  })

  it('given an aborted transaction, then the same producer’s next one counts', () => {
    const messages = [message(0, 'a'), marker(1, 'a', 0), message(2, 'a'), marker(3, 'a', 1)]
    expect(offsets(messages, [['a', 0]])).toEqual([2])
  })

  it('given two aborts of one producer, listed in any order, then both are left out', () => {
    const messages = [message(0, 'a'), marker(1, 'a', 0), message(2, 'a'), marker(3, 'a', 0), message(4, '-1')]
    expect(offsets(messages, [['a', 2], ['a', 0]])).toEqual([4]) // prettier-ignore
  })

  it('given a fetch that begins within an aborted transaction, then its rest is left out', () => {
    expect(offsets([message(5, 'a'), message(6, '-1'), marker(7, 'a', 0)], [['a', 2]])).toEqual([6])
  })

  it('never shows a marker', () => {
    expect(offsets([marker(0, 'a', 1), message(1, '-1')], [])).toEqual([1])
  })
})
