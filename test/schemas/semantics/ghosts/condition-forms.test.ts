import { describe, expect, it } from 'vitest'
import { conditionsIn, operatorOf } from '../../../../schemas/semantics/ghosts/condition-forms.ts'
import { meets } from '../../../../schemas/semantics/ghosts/conditions.ts'

describe('conditions', () => {
  const atLeast5 = { name: 'price', operator: 'ge', value: '5' }
  it.each([
    'price ge 5',
    '(price>=5)',
    'price=ge=5',
    'price||$gte||5',
    'price:gte:5',
    'price~ge~5',
    'ge(price, 5)',
    '["price",">=",5]',
    '[{"name":"price","op":"ge","val":5}]',
    '[{"field":"price","operator":">=","value":"5"}]',
  ])('are read in whatever form: %s', (text) => {
    expect(conditionsIn(text)).toEqual([atLeast5])
  })
  it('are several that all hold', () => {
    const both = [atLeast5, { name: 'kind', operator: 'eq', value: 'cow' }]
    expect(conditionsIn("price ge 5 and kind eq 'cow'")).toEqual(both)
    expect(conditionsIn('price=ge=5;kind==cow')).toEqual(both)
    expect(conditionsIn('[["price",">=",5],["kind","=","cow"]]')).toEqual(both)
  })
  it.each(['amy', 'role||of||x', 'a:b', '2026-01-01T10:00', '[1,2,3]', '[]', '{"a":1}', 'f(x)', 'x'.repeat(3000)])(
    'are not seen in %s',
    (text) => {
      expect(conditionsIn(text)).toBeUndefined()
    },
  )
  it('compare what items have', () => {
    const item = { id: 1, attributes: { pages: 200, title: 'The lamp' } }
    expect(meets('pages||$gt||100', item)).toBe(true)
    expect(meets('pages||$lt||100', item)).toBe(false)
    expect(meets('[{"name":"title","op":"like","val":"%lamp%"}]', item)).toBe(true)
    expect(meets('title:starts:lamp', item)).toBe(false)
    expect(meets('rating ge 1', item)).toBe(false)
  })
  it('know operators by their spellings', () => {
    expect(['$gte', '_lte', '=lt=', 'GT', '<>'].map(operatorOf)).toEqual(['ge', 'le', 'lt', 'gt', 'ne'])
    expect(operatorOf('desc')).toBeUndefined()
  })
})
