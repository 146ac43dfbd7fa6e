import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newestOutputs } from '../../../../processors/runtime/logs/kit/newest.ts'
import type { Output } from '../../../../schemas/log.ts'

const output = fc
  .record({ topic: fc.constantFrom('table', 'stream'), key: fc.constantFrom('a', 'b', 'c'), n: fc.nat() })
  .map(({ topic, key, n }): Output => ({ topic, key, value: new Uint8Array([n % 256]), timestamp: n }))

test('of a compacted topic the newest record of each key is left, of others all, in their order', () => {
  fc.assert(
    fc.property(fc.array(output), (outputs) => {
      const left = newestOutputs(outputs, new Set(['table']))
      const table = outputs.filter(({ topic }) => topic === 'table')
      const newest = table.filter(({ key }, i) => table.findLastIndex((other) => other.key === key) === i)
      const expected = outputs.filter((one) => one.topic === 'stream' || newest.includes(one))
      expect(left).toEqual(expected)
    }),
  )
  expect(newestOutputs([{ topic: 'table', key: 'a', value: null, timestamp: 0 }])).toHaveLength(1)
})
