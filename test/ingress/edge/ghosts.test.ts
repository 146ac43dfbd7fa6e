import { expect, it } from 'vitest'
import { createConsult } from '../../../ingress/edge/ghosts.ts'
import { openGhostBook } from '../../../schemas/semantics/ghosts/book.ts'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { testKeyed } from '../../kit/keyed.ts'
import { contextOf } from '../kit/context.ts'

it('ends the walk when what is made of a gathered body throws, which nobody else would catch', () => {
  const { gather } = createConsult(
    openGhostBook(),
    createRedactor(testKeyed, { headers: [], fields: [], pii: 'pseudonymise' }),
  )
  const context = contextOf()
  const failed: unknown[] = []
  context.fail = (error) => void failed.push(error)
  const defect = new Error('boom')
  gather(context, () => {
    throw defect
  })
  expect(failed).toEqual([defect])
})
