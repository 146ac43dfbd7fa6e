/** What a process appends through another one: whole appends only, whatever the pipe cuts, and clear words when it breaks. */
import { once } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Frame, Head } from '../../../../../processors/runtime/logs/embedded/builder.ts'
import { FRAME_BYTES } from '../../../../../processors/runtime/logs/embedded/builder.ts'
import { readRecords, type RecordParts, sectionsOf } from '../../../../../processors/runtime/logs/embedded/frame.ts'
import { headIn } from '../../../../../processors/runtime/logs/embedded/heads.ts'
import { receive } from '../../../../../processors/runtime/logs/embedded/receiver.ts'
import { openSender } from '../../../../../processors/runtime/logs/embedded/sender.ts'
import { LogError } from '../../../../../schemas/log.ts'
import { codeOf } from '../../../../contract/fixture.ts'

/** Two ends; `cut` says how many bytes of what is left come at once. */
const pipe = (cut: (left: number) => number): { readonly near: Duplex; readonly far: Duplex } => {
  const there = new PassThrough()
  const back = new PassThrough()
  const pieces = new PassThrough()
  there.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length;) {
      const end = at + Math.max(1, cut(bytes.length - at))
      pieces.write(bytes.subarray(at, end))
      at = end
    }
  })
  there.on('end', () => pieces.end())
  const far = Duplex.from({ writable: there, readable: back })
  const near = Duplex.from({ writable: back, readable: pieces })
  // What is destroyed says so at both ends.
  for (const one of [there, back, pieces, near, far]) one.on('error', () => undefined)
  return { near, far }
}

/** Keeps what is adopted as lines: partition, offset, record. */
const keeper = (failing = false) => {
  const heads = new Map<string, Head[]>()
  const lines: string[] = []
  const adopt = async (frames: readonly Frame[]): Promise<void> => {
    if (failing) throw new LogError('disk-full', 'No room.')
    for (const { buffer, sections } of frames)
      for (const section of sectionsOf(buffer, 0, { sections }))
        readRecords(buffer, section, (offset, record) => lines.push(lineOf(section.partition, offset, record)))
  }
  return {
    lines,
    adopt,
    headOf: ({ topic, partition }: Head | { topic: string; partition: number }) => headIn(heads, topic, partition),
  }
}

const lineOf = (partition: number, offset: number, { key, value, timestamp }: RecordParts): string =>
  JSON.stringify([partition, offset, key, timestamp, value === null ? null : Buffer.from(value).toString('hex')])

const record = fc.record({
  key: fc.string(),
  value: fc.option(fc.uint8Array({ maxLength: 40 })),
  timestamp: fc.integer({ min: 0, max: 2 ** 48 }),
})
const call = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.array(record, { minLength: 1, maxLength: 5 })), {
  minLength: 1,
  maxLength: 4,
})

it('every append arrives whole and in order, wherever the pipe cuts it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 6 }), fc.integer({ min: 1, max: 300 }), async (calls, size) => {
      const { near, far } = pipe(() => size)
      const kept = keeper()
      void receive(near, kept)
      const sender = openSender('ingress', far)
      const expected: string[] = []
      const next = [0, 0, 0, 0]
      const answers = calls.map(async (parts) => {
        const own = parts.filter(([partition], n) => parts.findIndex(([other]) => other === partition) === n)
        const firsts = own.map(([partition]) => next[partition])
        for (const [partition, records] of own)
          for (const one of records) expected.push(lineOf(partition, (next[partition] as number)++, one))
        const given = own.map(([partition, records]) => ({ head: sender.head('topic', partition), records }))
        expect(await sender.append(given, false)).toEqual(firsts)
      })
      await Promise.all(answers)
      expect(kept.lines).toEqual(expected)
      await sender.close()
    }),
    { numRuns: 30 },
  )
})

it('an append of several frames has offsets without a gap, though others append meanwhile', async () => {
  const kept = keeper()
  const large = Array.from({ length: 5 }, (_, n) => ({
    key: 'a',
    value: new Uint8Array(FRAME_BYTES / 2),
    timestamp: n,
  }))
  const small = [{ key: 'b', value: null, timestamp: 9 }]
  const senders = [large, small].map((records) => {
    const { near, far } = pipe((left) => Math.min(left, 60_000))
    void receive(near, kept)
    const sender = openSender('ingress', far)
    return { sender, append: () => sender.append([{ head: sender.head('topic', 0), records }], false) }
  })
  const firsts = (await Promise.all(senders.map(({ append }) => append()))).map(([first]) => first as number)
  expect(firsts.toSorted((a, b) => a - b)).toEqual([0, firsts[0] === 0 ? 5 : 1])
  const offsets = kept.lines.map((line) => (JSON.parse(line) as [number, number])[1])
  expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
  await Promise.all(senders.map(({ sender }) => sender.close()))
})

it('what the writer refuses is refused here, with its code', async () => {
  const { near, far } = pipe((left) => left)
  void receive(near, keeper(true))
  const sender = openSender('ingress', far)
  const append = sender.append(
    [{ head: sender.head('topic', 0), records: [{ key: 'a', value: null, timestamp: 1 }] }],
    false,
  )
  expect(await codeOf(append)).toBe('disk-full')
  await sender.close()
})

it('when the writer goes away, what waits is refused, and what comes later', async () => {
  const { near, far } = pipe((left) => left)
  near.once('data', () => far.destroy())
  const sender = openSender('ingress', far)
  const parts = [{ head: sender.head('topic', 0), records: [{ key: 'a', value: null, timestamp: 1 }] }]
  expect(await codeOf(sender.append(parts, false))).toBe('unavailable')
  expect(await codeOf(sender.append(parts, false))).toBe('unavailable')
})

it('half an append is dropped when its process dies', async () => {
  const away = pipe((left) => left)
  const sent = once(away.near, 'data') as Promise<[Buffer]>
  const sender = openSender('ingress', away.far)
  const records = [{ key: 'a', value: new Uint8Array(1000), timestamp: 1 }]
  const lost = codeOf(sender.append([{ head: sender.head('topic', 0), records }], false))
  const [bytes] = await sent
  away.far.destroy()
  expect(await lost).toBe('unavailable')

  const { near, far } = pipe((left) => left)
  const kept = keeper()
  const received = receive(near, kept)
  far.write(Buffer.concat([bytes, bytes.subarray(0, bytes.length - 1)]))
  await once(far, 'data')
  near.destroy()
  await received
  expect(kept.lines.length).toBe(1)
})

it('bytes of another version end the pipe with a cure', async () => {
  const { near, far } = pipe((left) => left)
  const refused = receive(near, keeper())
  far.write(Buffer.alloc(100, 'x'))
  await expect(refused).rejects.toThrow('restart all processes')
})
