import { expect, it } from 'vitest'
import { redactedOf } from '../../../ingress/phases/capture.ts'
import { openContext, type Arrival, type Context } from '../../../ingress/phases/context.ts'
import { openNotes } from '../../../ingress/phases/notes.ts'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { testKeyed } from '../../kit/keyed.ts'
import { contextOf } from '../kit/context.ts'

const plain = createRedactor(testKeyed, { headers: [], fields: [], pii: 'pseudonymise' })
const LINES = ['Host', 'shop.test', 'Authorization', 'Bearer canary']

const withNotes = (notes: Arrival['notes'], lines = LINES): Context =>
  openContext({ ...contextOf().arrival, rawHeaders: lines, notes }, 1024)

const counting = () => {
  const redactor = { ...plain, lines: (lines: readonly string[]) => (looks.push(lines), plain.lines(lines)) }
  const looks: (readonly string[])[] = []
  return { redactor, looks }
}

it('looks through fields once that come again with each request of a connection', () => {
  const { redactor, looks } = counting()
  const notes = openNotes(LINES)
  const [first, second] = [1, 2].map(() => redactedOf(withNotes(notes), redactor))
  expect(looks).toEqual([LINES])
  expect(second).toEqual(first)
  expect(first).toEqual(redactedOf(withNotes(undefined), plain))
})

it('does not take notes of other fields for those in force', () => {
  const { redactor } = counting()
  const notes = openNotes(LINES)
  redactedOf(withNotes(notes), redactor)
  const own = withNotes(notes)
  own.arrival.rawHeaders = ['Host', 'shop.test']
  expect(redactedOf(own, redactor)).toEqual(redactedOf(withNotes(undefined, ['Host', 'shop.test']), plain))
})
