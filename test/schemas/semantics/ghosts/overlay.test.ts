/** What ghosts gave out is counted for everybody as long as anything of it is there, and no longer. */
import { describe, expect, it } from 'vitest'
import { readRequest } from '../../../../schemas/semantics/ghosts/asked.ts'
import { NO_OBJECTS } from '../../../../schemas/semantics/ghosts/collection.ts'
import type { Knowledge } from '../../../../schemas/semantics/ghosts/model.ts'
import { changeKey, openOverlay } from '../../../../schemas/semantics/ghosts/overlay.ts'
import type { Change } from '../../../../schemas/semantics/ghosts/overlay.ts'

const change = (id: number, asker = 'cp_ann', type = '/notes'): Change => ({
  key: changeKey('shop', asker, type, String(id)),
  service: 'shop',
  asker,
  type,
  id: String(id),
  json: '{}',
  whole: true,
  paths: [type, '/'],
  at: id,
  write: `w${id}`,
  tick: 0,
})
const asked = readRequest({
  service: 'shop',
  method: 'GET',
  target: '/notes',
  headers: [],
  body: undefined,
  principal: '',
  at: 0,
})
const knowledge = { objects: () => NO_OBJECTS } as unknown as Knowledge

describe('what ghosts gave out', () => {
  it('is counted over everybody', () => {
    const overlay = openOverlay()
    overlay.put(change(7))
    overlay.put(change(9, 'cp_bob'))
    expect(overlay.over(knowledge, asked).given?.('shop', '/notes')).toMatchObject({ largest: 9, made: 2 })
    overlay.delete(change(9, 'cp_bob').key)
    expect(overlay.over(knowledge, asked).given?.('shop', '/notes')).toMatchObject({ largest: 9, made: 1 })
  })

  it('is forgotten with the last change of it', () => {
    const overlay = openOverlay()
    for (const id of [7, 8]) overlay.put(change(id))
    overlay.put(change(3, 'cp_ann', '/films'))
    overlay.put({ ...change(7), at: 100 })
    for (const id of [7, 8]) overlay.delete(change(id).key)
    const known = overlay.over(knowledge, asked)
    expect(known.given?.('shop', '/notes')).toMatchObject({ largest: 0, made: 0 })
    expect(known.given?.('shop', '/films')).toMatchObject({ largest: 3, made: 1 })
    overlay.delete(change(3, 'cp_ann', '/films').key)
    expect(overlay.over(knowledge, asked)).toBe(knowledge)
  })
})
