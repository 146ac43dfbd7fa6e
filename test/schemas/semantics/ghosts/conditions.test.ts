import { describe, expect, it } from 'vitest'
import { equalIn, isOperation, operates } from '../../../../schemas/semantics/ghosts/conditions.ts'
import { allows, candidates } from '../../../../schemas/semantics/ghosts/roles.ts'

describe('a condition in a value', () => {
  it.each([
    [5, 'eq.5', true],
    [5, 'neq.5', false],
    [5, 'gte.5', true],
    [50, 'gt.6', true],
    [50, 'lt.6', false],
    [null, 'lt.6', false],
    [null, 'is.null', true],
    [true, 'is.null', false],
    [4, 'in.(3,4)', true],
    ['a b', 'in.("x","a b")', true],
    [4, 'not.in.(3,4)', false],
    ['Ivy 4', 'ilike.*ivy*', true],
    ['Ivy 4', 'like.*ivy*', false],
    ['ab', 'like.ab*b', false],
    ['Ivy 4', 'like.Ivy%', true],
    ['Ivy 4', 'like.Ivy', false],
    [undefined, 'neq.4', false],
  ])('%j %s: %s', (field, value, holds) => {
    expect(operates(field, value)).toBe(holds)
  })
  it('is told from other values', () => {
    expect(['eq.5', 'in.(1)', 'not.is.null'].every(isOperation)).toBe(true)
    expect(['eq', 'price.desc', 'min.5', ''].some(isOperation)).toBe(false)
    expect([equalIn('eq.a.b'), equalIn('gt.5')]).toEqual(['a.b', undefined])
  })
  it('is not judged by items that do not show the field', () => {
    expect(candidates('kind', 'eq.cow', [{ id: 1 }])).toContain('o:/kind')
    expect(allows('o:/kind', 'eq.cow', [{ id: 1, kind: null }])).toBeUndefined()
    expect(allows('o:/kind', 'eq.cow', [{ id: 1, kind: 'goat' }])).toBe(false)
  })
})
