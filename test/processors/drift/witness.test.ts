import { expect, test } from 'vitest'
import type { OpenSignal } from '../../../processors/drift/signal.ts'
import { shows, type Answer } from '../../../processors/drift/witness.ts'

const answer = (role: string): Answer => ({
  upstream: '',
  status: 200,
  json: { role },
  request: undefined,
  query: [],
  index: 1,
})
const widened = (value: string): OpenSignal =>
  ({ kind: 'enum_widened', pointer: '/role', httpStatus: 200, value, before: '' }) as OpenSignal

test.each([
  ['admin', 'admin', true],
  ['admin', 'admin, owner', true],
  ['owner', 'admin, owner', true],
  ['own', 'admin, owner', false],
  ['Berlin, Germany', 'Berlin, Germany', true],
  ['Berlin, Germany', 'Rome, Berlin, Germany', true],
  ['Germany and more', 'Berlin, Germany', false],
])('%j shows a set that was widened by %j: %j', (role, value, shown) => {
  expect(shows(widened(value), answer(role))).toBe(shown)
})
