/** What ghosts make up is of its form, follows from its seed, and is nobody else's. */
import { describe, expect, it } from 'vitest'
import { readRequest } from '../../../../schemas/semantics/ghosts/asked.ts'
import { drawsFrom } from '../../../../schemas/semantics/ghosts/draws.ts'
import { newSecret } from '../../../../schemas/semantics/ghosts/issued.ts'
import { formOf, freshIn } from '../../../../schemas/semantics/ghosts/mint.ts'

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e'
const uuidForm = formOf(UUID) ?? ''
const COUNT = 5000
const seeds = Array.from({ length: COUNT }, (_, i) => `1700000000000000 cp_ann /notes ${i}`)

describe('what is made from a seed', () => {
  it('is the same for the same seed', () => {
    expect(freshIn(uuidForm, 'a')).toBe(freshIn(uuidForm, 'a'))
    expect(freshIn(uuidForm, 'a')).not.toBe(freshIn(uuidForm, 'b'))
  })

  it('is another for every other seed, and a UUID of version 4', () => {
    const made = seeds.map((seed) => freshIn(uuidForm, seed) ?? '')
    expect(new Set(made).size).toBe(COUNT)
    expect(made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
      true,
    )
  })

  it('has every letter in every place about as often', () => {
    const made = seeds.map((seed) => freshIn(uuidForm, seed) ?? '')
    for (const place of [0, 7, 9, 35]) {
      const counts = [...'0123456789abcdef'].map((letter) => made.filter((id) => id[place] === letter).length)
      // Sixteen letters over 5,000 texts: 312 each, give or take 17; six of those are far beyond chance.
      expect(Math.min(...counts)).toBeGreaterThan(210)
      expect(Math.max(...counts)).toBeLessThan(415)
    }
  })

  it('keeps to the alphabets and the beginning of its form', () => {
    const form = formOf('ord_7h2kq9zx') ?? ''
    const made = seeds.map((seed) => freshIn(form, seed, 'ord_') ?? '')
    expect(made.every((id) => /^ord_[0-9a-z]{8}$/.test(id))).toBe(true)
  })

  it('draws numbers from 0 to below 1', () => {
    const draw = drawsFrom('x')
    const drawn = seeds.map(() => draw())
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThan(1)
    expect(new Set(drawn).size).toBeGreaterThan(0.99 * COUNT)
  })
})

describe('a credential of the ghosts’ own', () => {
  const login = (user: string) =>
    readRequest({
      service: 'shop',
      method: 'POST',
      target: '/login',
      headers: [],
      body: Buffer.from(JSON.stringify({ user, password: `cp_${user}` })),
      principal: '',
      at: 1_700_000_000_000_000,
    })

  it('is another for each of those who log in at one moment', () => {
    const tokens = seeds.map((_, i) => newSecret(login(`user ${i}`), '/token'))
    expect(new Set(tokens).size).toBe(COUNT)
    expect(newSecret(login('ann'), '/token')).toBe(newSecret(login('ann'), '/token'))
    expect(newSecret(login('ann'), '/token')).not.toBe(newSecret(login('ann'), '/refresh'))
  })
})
