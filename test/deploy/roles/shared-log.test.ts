import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { pack, unpack } from '../../../deploy/roles/shared-log.ts'

const record = fc.record(
  {
    key: fc.string(),
    value: fc.option(fc.uint8Array({ maxLength: 50 })),
    timestamp: fc.integer({ min: 0, max: 2 ** 48 }),
    partition: fc.integer({ min: 0, max: 100 }),
  },
  { requiredKeys: ['key', 'value', 'timestamp'] },
)

it('records are the same after the pipe', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      const there = unpack(deserialize(serialize(pack('topic', records))) as ReturnType<typeof pack>)
      const plain = there.map(({ value, ...rest }) => ({
        ...rest,
        value: value === null ? null : new Uint8Array(value),
      }))
      expect(plain).toEqual(records.map((one) => ({ ...one })))
    }),
  )
})
