import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ghost } from '../../../schemas/events.ts'
import { openGhostBook } from '../../../schemas/semantics/ghosts/book.ts'
import type { GhostRequest } from '../../../schemas/semantics/ghost-port.ts'
import { given } from '../../processors/ghosts/given.ts'

const taught = () =>
  given([
    ...[1, 2, 3].map((id) => ({ target: `/books/${id}`, responseBody: JSON.stringify({ id, t: `b${id}` }) })),
    { target: '/books', responseBody: '[{"id":1,"t":"b1"},{"id":4,"t":"b4"}]' },
    { target: '/me', principal: 'cp_a', responseBody: '{"name":"a"}' },
    { target: '/books/3', method: 'DELETE', status: 204 },
    { target: '/none', status: 404 },
  ]).offline.parts
const parts = [...taught()]
const ask: GhostRequest = {
  service: 'shop',
  method: 'GET',
  target: '/books/1',
  headers: [],
  body: undefined,
  principal: '',
  at: 1,
}
const targets = ['/books', '/books/1', '/books/4', '/books/9', '/me', '/none', '/__proto__', '/%', '?', '']

const questions = targets.flatMap((target) =>
  ['', 'cp_a', '__proto__'].flatMap((principal) =>
    ['GET', 'HEAD', 'POST', '__proto__'].map((method) => ({ ...ask, target, principal, method, writes: true })),
  ),
)

const asksAll = (book: ReturnType<typeof openGhostBook>): void => {
  for (const question of questions) {
    const verdict = book.answer(question)
    if (verdict.kind === 'refuse') continue
    expect(verdict.status).toBeGreaterThanOrEqual(100)
    for (const { name, value } of verdict.headers) expect(/[\r\n\0]/.test(name + value)).toBe(false)
  }
}

describe('a ghost book', () => {
  it('an empty one knows nothing', () => {
    expect(openGhostBook().answer(ask)).toMatchObject({ kind: 'refuse', reason: 'unknown-endpoint' })
  })

  it('says the same whatever the order of the parts', () => {
    const straight = openGhostBook()
    const reversed = openGhostBook()
    for (const [key, part] of parts) straight.apply(key, part)
    for (const [key, part] of [...parts].reverse()) reversed.apply(key, part)
    for (const target of targets)
      expect(reversed.answer({ ...ask, target })).toEqual(straight.answer({ ...ask, target }))
  })

  it('forgets what went', () => {
    const book = openGhostBook()
    for (const [key, part] of parts) book.apply(key, part)
    expect(book.answer(ask).kind).toBe('answer')
    for (const [key] of parts) book.apply(key, undefined)
    expect(book.answer(ask)).toMatchObject({ reason: 'unknown-endpoint' })
  })

  it.each([
    ['of another version', (g: Ghost) => ({ ...g, version: 1 })],
    ['that is no JSON', (g: Ghost) => ({ ...g, payload: Buffer.from('{') })],
    ['that is no UTF-8', (g: Ghost) => ({ ...g, payload: Buffer.from([0xff, 0xfe]) })],
    ['of an unknown kind', (g: Ghost) => ({ ...g, payload: Buffer.from('{"kind":"constructor","value":{}}') })],
    ['under another key', (g: Ghost) => ({ ...g, key: `${g.key}x` })],
  ])('refuses a part %s', (_, spoil) => {
    const book = openGhostBook()
    for (const [key, part] of parts) book.apply(key, spoil(part))
    expect(book.answer(ask)).toMatchObject({ kind: 'refuse' })
  })

  it('never throws and never lets a control out, whatever stands in the payloads', () => {
    const spoiled = fc.tuple(
      fc.nat({ max: parts.length - 1 }),
      fc.nat(),
      fc.constantFrom(
        'null',
        '"\\r\\nx: y"',
        '-1',
        '1e999',
        '[]',
        '{"__proto__":{"polluted":1}}',
        '"__proto__"',
        'true',
        '{}',
      ),
    )
    fc.assert(
      fc.property(fc.array(spoiled, { maxLength: 6 }), (spoils) => {
        const book = openGhostBook()
        for (const [key, part] of parts) book.apply(key, part)
        for (const [i, at, text] of spoils) {
          const [key, part] = parts[i] as [string, Ghost]
          const payload = Buffer.from(part.payload).toString()
          const values = [
            ...payload.matchAll(/(?<=[:[,])("(?:[^"\\]|\\.)*"|-?\d+|null|true|false|\[\]|\{\})(?=[,\]}])/g),
          ]
          const hit = values[at % Math.max(1, values.length)]
          if (hit === undefined) continue
          const bytes = Buffer.from(payload.slice(0, hit.index) + text + payload.slice(hit.index + hit[0].length))
          book.apply(key, { ...part, payload: bytes })
        }
        asksAll(book)
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })
})
