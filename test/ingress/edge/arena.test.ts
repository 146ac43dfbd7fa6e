import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openArena, type Piece } from '../../../ingress/edge/arena.ts'

it('keeps every piece as it was until it is given back, in whatever order that is', () => {
  const steps = fc.array(fc.record({ length: fc.integer({ min: 0, max: 200_000 }), back: fc.nat() }), { maxLength: 40 })
  fc.assert(
    fc.property(steps, (given) => {
      const arena = openArena()
      const held: { piece: Piece; length: number; fill: number }[] = []
      for (const [n, { length, back }] of given.entries()) {
        const fill = n + 1
        held.push({ piece: arena.keep(new Uint8Array(length).fill(fill)), length, fill })
        if (back % 3 > 0) for (const { piece } of held.splice(back % held.length, 1)) arena.giveBack(piece.chunk)
        for (const { piece, length: expected, fill: byte } of held) {
          expect(piece.bytes.length).toBe(expected)
          expect([piece.bytes[0], piece.bytes.at(-1)]).toEqual(expected === 0 ? [undefined, undefined] : [byte, byte])
        }
      }
    }),
    { numRuns: 200 },
  )
})

it('uses the memory of what was given back again', () => {
  const arena = openArena()
  const memories = new Set<ArrayBufferLike>()
  for (let n = 0; n < 1000; n++) {
    const { bytes, chunk } = arena.keep(new Uint8Array(50_000))
    memories.add(bytes.buffer)
    arena.giveBack(chunk)
  }
  expect(memories.size).toBeLessThan(5)
})
