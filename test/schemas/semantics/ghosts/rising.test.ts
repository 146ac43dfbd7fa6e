/** Numbers that rise with everything that is made. */
import { expect, it } from 'vitest'
import type { Rising } from '../../../../schemas/semantics/ghosts/counted.ts'
import { learnRising, nextIn } from '../../../../schemas/semantics/ghosts/rising.ts'
import type { Json } from '../../../../schemas/semantics/ghosts/model.ts'

const learned = (values: readonly Json[], askers: readonly string[] = ['own:a', 'own:b']): Rising => {
  const known = values.reduce<Rising | undefined>(
    (rising, value, i) => learnRising(rising, value, askers[i % askers.length] ?? ''),
    undefined,
  )
  if (known === undefined) throw new Error('none of the values has a number')
  return known
}

it.each<[string, readonly Json[], number, Json | undefined]>([
  ['the next number', [7, 8, 9, 10], 0, 11],
  ['after what ghosts made since', [7, 8, 9, 10], 2, 13],
  ['a number at the end of a text, as wide', ['INV-0008', 'INV-0009', 'INV-0010', 'INV-0011'], 0, 'INV-0012'],
  ['where others make things too', [7, 9, 12, 13], 0, 14],
  ['nothing where it was seen too seldom', [7, 8, 9], 0, undefined],
  ['nothing where it falls as well', [7, 8, 3, 9, 10, 11], 0, undefined],
])('%s', (_, values, since, next) => {
  expect(nextIn(learned(values), since, 'own:c')).toBe(next)
})

it('the text before a number is told only to whom it was shown, and to others once two persons saw it', () => {
  const mine = learned(['ann-1', 'ann-2', 'ann-3', 'ann-4'], ['own:ann'])
  expect(nextIn(mine, 0, 'own:ann')).toBe('ann-5')
  expect(nextIn(mine, 0, 'own:bob')).toBeUndefined()
})

it('of times nothing is said', () => {
  expect(learnRising(undefined, 1_700_000_000, 'a')).toBeUndefined()
})
