import { describe, expect, it } from 'vitest'
import { roleOfNew } from '../../../../schemas/semantics/ghosts/elsewhere.ts'
import { roleOf, sortOf } from '../../../../schemas/semantics/ghosts/roles.ts'

const role = (name: string, ...roles: string[]) => roleOf({ name, roles: roles.map((one) => [one, 1]) })

describe('what a parameter does', () => {
  it.each(['_page', 'page', 'page_no', 'page[number]', 'pageIndex'])(
    'given %s, then it pages whatever equals it',
    (name) => expect(role(name, 'f:/albumId', 'i:/albumId', 'page')).toBe('page'),
  )

  it('given a limit that some field equals, then it limits', () => {
    expect(role('_limit', 'f:/userId', 'limit')).toBe('limit')
    expect(role('per_page', 'f:/userId', 'limit')).toBe('limit')
  })

  it('given a field of that name, then it filters', () => {
    expect(role('page', 'f:/page', 'page')).toBe('f:/page')
    expect(role('limit', 'f:/credit_limit', 'f:/limit', 'limit')).toBe('f:/limit')
  })

  it('given a name that may be anything, then the field counts', () => {
    expect(role('from', 'f:/origin', 'offset')).toBe('f:/origin')
    expect(role('count', 'f:/pieces', 'limit')).toBe('f:/pieces')
  })

  it('given nothing else that is left, then even a field of another name is believed', () => {
    expect(role('page', 'f:/sheet')).toBe('f:/sheet')
  })
})

describe('what a parameter does that no answer had yet', () => {
  const elsewhere = { hasField: (field: string) => field === '/price' }
  it.each([
    ['filter[price]', 'f:/price'],
    ['where[price][>=]', 'g:/price'],
    ['where[price][$lt]', 'L:/price'],
    ['price[gt]', 'G:/price'],
    ['filters[price][$contains]', 'c:/price'],
    ['where[price][$near]', undefined],
    ['where[weight][$lt]', undefined],
  ])('follows from the field and the operator that it names: %s', (name, expected) => {
    expect(roleOfNew(name, '5', elsewhere)).toBe(expected)
  })
  it('is nothing where another comparison with the field finds nothing', () => {
    const known = [{ name: 'price[$gt]', roles: [['none', 2]] as [string, number][] }]
    expect(roleOfNew('price[$lt]', '5', { ...elsewhere, known })).toBe('none')
  })
})

describe('keys to sort by', () => {
  const [age, id] = [
    { name: 'age', descending: true },
    { name: 'id', descending: false },
  ]
  it.each(['-age,id', 'age,DESC,id,ASC', 'age:desc,id:asc', 'age desc,id'])('are told apart: %s', (value) => {
    expect(sortOf(value)).toEqual([age, id])
  })
})
