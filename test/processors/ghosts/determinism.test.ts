import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { START } from './given.ts'
import { openOffline } from './offline.ts'
import type { Told } from './offline.ts'

const exchange = fc.record({
  target: fc.constantFrom(
    '/books',
    '/books?page=2',
    '/books/1',
    '/books/2',
    '/books/3',
    '/books/44',
    '/me',
    '/none',
    '/__proto__',
  ),
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
  status: fc.constantFrom(200, 200, 200, 201, 204, 401, 404, 500),
  principal: fc.constantFrom('', '', 'cp_a', 'cp_b'),
  responseBody: fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.constantFrom('{"id":1,"t":"a"}', '{"id":2,"t":"b"}', '[{"id":3,"t":"c"}]', '', 'text'),
  ),
  requestBody: fc.constantFrom('', '{"t":"z"}'),
})
const history = fc.array(fc.tuple(exchange, fc.boolean(), fc.nat({ max: 4_000_000 })), { minLength: 1, maxLength: 60 })

const run = (events: readonly (readonly [Omit<Told, 'at'>, boolean, number])[], restarts: boolean) => {
  const offline = openOffline()
  let at = START
  for (const [told, restart, gap] of events) {
    at += gap
    if (restart && restarts) offline.restart()
    if (gap > 3_000_000) offline.advance(at)
    offline.feed({ ...told, at })
  }
  const emitted = JSON.stringify(offline.emitted, (_, v) =>
    v instanceof Uint8Array ? Buffer.from(v).toString('latin1') : v,
  )
  return { emitted, state: offline.dump() }
}

describe('the ghosts processor', () => {
  it('gives the same outputs and state again, and across restarts', () => {
    fc.assert(
      fc.property(history, (events) => {
        const once = run(events, false)
        expect(run(events, false)).toEqual(once)
        expect(run(events, true)).toEqual(once)
      }),
      { numRuns: 150 },
    )
  })
})
