import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openFrames, readFrames } from '../../../../ingress/edge/http2/frames.ts'
import { frame, PREFACE, through, uint32, type WireFrame } from '../../kit/frames.ts'

const DROPPED = 6
const GROWTH = 8

const wireFrame: fc.Arbitrary<WireFrame> = fc.oneof(
  fc.record({
    type: fc.constantFrom(0, 1, DROPPED, 9, 77),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    payload: fc.uint8Array({ maxLength: 40 }),
  }),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((by) => ({ type: GROWTH, payload: uint32(by) })),
)

const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...cuts.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

it('sees every frame and leaves out what is dropped, however the bytes are cut', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.array(wireFrame, { maxLength: 12 }), cuts, (frames, where) => {
      const bytes = Buffer.concat([PREFACE, ...frames.map(frame)])
      const { passed, heads, growth } = through(cut(bytes, where), (type) => type === DROPPED)
      const wanted = frames.filter(({ type }) => type !== DROPPED)
      expect(passed).toEqual(Buffer.concat([PREFACE, ...wanted.map(frame)]))
      expect(heads).toEqual(frames.map((it) => `${it.type} ${it.flags ?? 0} ${it.stream ?? 0} ${it.payload?.length}`))
      const isGrowth = ({ type, stream = 0 }: WireFrame): boolean => type === GROWTH && stream === 0
      expect(growth).toEqual(frames.filter(isGrowth).map(({ payload }) => Buffer.from(payload ?? []).readUInt32BE()))
    }),
  )
})

it('passes nothing of a frame that stops it, nor anything behind it', () => {
  const one = frame({ type: 0, stream: 1, payload: Buffer.from('well') })
  const bytes = Buffer.concat([PREFACE, one, frame({ type: 77, payload: Buffer.from('ill') }), one])
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (where) => {
      const reader = openFrames()
      const passed: Uint8Array[] = []
      for (const piece of cut(bytes, where))
        readFrames(reader, piece, {
          judge: ({ type }) => (type === 77 ? 'stop' : 'pass'),
          grown: () => true,
          pass: (some) => passed.push(some.slice()),
        })
      const got = Buffer.concat(passed)
      expect(Buffer.concat([PREFACE, one]).subarray(0, got.length)).toEqual(got)
      expect(got.length).toBeLessThanOrEqual(PREFACE.length + one.length)
    }),
  )
})

it('does not copy what comes whole', () => {
  const reader = openFrames()
  const bytes = Buffer.concat([PREFACE, frame({ type: 0, stream: 1, payload: Buffer.alloc(1000) })])
  const passed: Uint8Array[] = []
  readFrames(reader, bytes, { judge: () => 'pass', grown: () => true, pass: (some) => passed.push(some) })
  expect(passed).toHaveLength(1)
  expect(passed[0]).toBe(bytes)
})
