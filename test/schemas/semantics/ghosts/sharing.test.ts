import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactHeaders } from '../../../../schemas/semantics/ghosts/headers.ts'
import type { AnswerSet } from '../../../../schemas/semantics/ghosts/model.ts'
import { openSharing } from '../../../../schemas/semantics/ghosts/sharing.ts'
import { fromUtf8, toBody } from '../../../../schemas/semantics/ghosts/text.ts'

const setOf = (id: number, headers: AnswerSet['variants'][number]['headers']): AnswerSet => ({
  key: `answer ${id}`,
  service: 'shop',
  endpoint: 'shop GET /books/{id}',
  variants: [
    {
      headersKey: '',
      varyKey: 'accept:\n',
      status: 200,
      headers,
      body: `{"id":${id}}`,
      binary: false,
      coding: '',
      at: id,
    },
  ],
  at: id,
  tick: 0,
})

describe('what parts have in common', () => {
  it('is held once, and says what it said', () => {
    const sharing = openSharing()
    const json = (): { name: string; value: string }[] => [{ name: 'Content-Type', value: 'application/json' }]
    const [a, b] = [1, 2].map((id) => sharing.answers(`answer ${id}`, setOf(id, json())))
    expect(a).toEqual(setOf(1, json()))
    expect(b).toEqual(setOf(2, json()))
    expect(a?.variants[0]?.headers).toBe(b?.variants[0]?.headers)
  })

  it('lets no field pass that an exact answer may not have, whoever had it before', () => {
    const name = fc.constantFrom('content-type', 'ETag', 'Set-Cookie', 'connection', 'x-a', 'X-A', 'content-length')
    const value = fc.constantFrom('a', 'b', 'x-a', 'cp_secret', 'a\r\nb', '', 'x'.repeat(300))
    const lists = fc.array(fc.array(fc.record({ name, value }), { maxLength: 4 }), { maxLength: 20 })
    fc.assert(
      fc.property(lists, (all) => {
        const sharing = openSharing()
        for (const headers of all) {
          const [variant] = sharing.answers('answer 1', setOf(1, headers)).variants
          expect(exactHeaders(variant?.headers ?? [])).toEqual(exactHeaders(headers))
        }
      }),
    )
  })
})

it('bodies in shared memory stay what they were, however many follow', () => {
  const text = fc
    .tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 4000 }))
    .map(([one, times]) => one.repeat(times))
  fc.assert(
    fc.property(fc.array(text, { minLength: 20, maxLength: 40 }), (texts) => {
      expect(texts.map(toBody).map(fromUtf8)).toEqual(texts)
    }),
    { numRuns: 20 },
  )
})
