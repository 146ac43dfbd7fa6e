import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Claim, spread } from '../../../../../processors/runtime/logs/kafka/process/assigner.ts'

const claims = fc
  .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 })
  .chain((members) =>
    fc.tuple(
      ...members.map((member) =>
        fc.array(fc.nat(20), { maxLength: 20 }).map((owned): Claim => ({ member, owned: [...new Set(owned)] })),
      ),
    ),
  )

describe('the assigner', () => {
  it('gives every partition to exactly one member, evenly, whatever is claimed', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 0, max: 16 }), (members, count) => {
        const shares = [...spread(members, count).values()]
        expect(shares.flat().sort((a, b) => a - b)).toEqual([...Array(count).keys()])
        const sizes = shares.map((share) => share.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('does not depend on the order in which members are listed', () => {
    fc.assert(
      fc.property(claims, (members) => {
        expect([...spread(members.toReversed(), 12)].sort()).toEqual([...spread(members, 12)].sort())
      }),
    )
  })

  it('moves nothing when nothing has changed, and only what it must when a member comes', () => {
    const first = spread(
      ['a', 'b'].map((member) => ({ member, owned: [] })),
      6,
    )
    const again = [...first].map(([member, owned]) => ({ member, owned }))
    expect(spread(again, 6)).toEqual(first)
    const third = spread([...again, { member: 'c', owned: [] }], 6)
    for (const [member, owned] of first) expect(owned).toEqual(expect.arrayContaining(third.get(member) ?? []))
    expect(third.get('c')).toHaveLength(2)
  })
})
