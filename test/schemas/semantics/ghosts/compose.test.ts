import { expect, it } from 'vitest'
import { openGhostBook } from '../../../../schemas/semantics/ghosts/book.ts'
import { objectKey } from '../../../../schemas/semantics/ghosts/objects.ts'
import { START } from '../../../processors/ghosts/given.ts'
import { openOffline } from '../../../processors/ghosts/offline.ts'

const book = (id: number): string => JSON.stringify({ id, title: `Book ${id}` })

it('tells a judge of an exact answer what is known of its object, though the answer does not hang on that', () => {
  const judged: Uint8Array[] = []
  const known = openGhostBook((_service, evidence) => void judged.push(evidence()))
  const offline = openOffline((key, part) => known.apply(key, part ?? undefined))
  for (const id of [1, 2, 3, 4, 5, 6])
    offline.feed({ at: START + id * 1_000_000, target: `/books/${id}`, responseBody: book(id) })
  offline.advance(START + 3_600_000_000)
  const ask = () =>
    known.answer({
      service: 'shop',
      method: 'GET',
      target: '/books/3',
      headers: [],
      body: undefined,
      principal: '',
      at: START + 3_600_000_000,
    })
  expect(ask()).toMatchObject({ rule: 'exact', status: 200 })
  known.apply(objectKey('shop', '/books', '3'), undefined)
  expect(ask()).toMatchObject({ rule: 'exact', status: 200 })
  const [before, after] = judged
  expect(before).toHaveLength(after?.length ?? 0)
  expect(before).not.toEqual(after)
})
