import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical, selectionOf, type Selected } from '../../../schemas/semantics/graphql-selection.ts'

const brief = (selected: readonly Selected[] | undefined): unknown =>
  selected?.map(({ key, name, on, kids }) => [
    key,
    on === '' ? name : `${name} on ${on}`,
    ...(kids ? [brief(kids)] : []),
  ])

test.each([
  [
    'arguments and variables',
    'query ($id: ID!) { b: book(id: $id) { id } }',
    { id: 7 },
    [['b', 'book({"id":7})', [['id', 'id']]]],
  ],
  ['defaults', 'query ($n: Int = 3, $m: [Int!] = [1]) { a(n: $n, m: $m) }', {}, [['a', 'a({"m":[1],"n":3})']]],
  ['literals in any order', '{ a(z: {y: E, x: "1"}, b: null) }', {}, [['a', 'a({"b":null,"z":{"x":"1","y":"E"}})']]],
  [
    'fragments',
    '{ a { ...f ... on T { y } } } fragment f on F { x }',
    {},
    [
      [
        'a',
        'a',
        [
          ['x', 'x on F'],
          ['y', 'y on T'],
        ],
      ],
    ],
  ],
  [
    'a field twice',
    '{ a { x } a { y } }',
    {},
    [
      [
        'a',
        'a',
        [
          ['x', 'x'],
          ['y', 'y'],
        ],
      ],
    ],
  ],
  ['what is left out', 'query ($s: Boolean) { a @skip(if: $s) b @include(if: false) c }', { s: true }, [['c', 'c']]],
])('%s', (_, text, variables, expected) => {
  expect(brief(selectionOf(text, '', variables))).toEqual(expected)
})

test.each([
  '{ a { ...f } } fragment f on F { ...f }',
  '{ ...nowhere }',
  '{ a(',
  '{ a(b: "\\q") }',
  `{ a(b: ${'['.repeat(10_000)}${']'.repeat(9_000)}) }`,
  'nothing',
  '',
])('%.60s selects nothing', (text) => {
  expect(selectionOf(text, '', {})).toBeUndefined()
})

test('variables that are nested without end select nothing', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as never
  expect(selectionOf('query ($v: V) { a(b: $v) }', '', { v: deep })).toBeUndefined()
})

test('never throws, and the order of names says nothing', () => {
  const part = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    'a',
    ':',
    '$v',
    '...',
    'on',
    '"t"',
    '@skip',
    '[',
    ']',
    '1',
    'query ',
    'fragment ',
  )
  fc.assert(fc.property(fc.array(part, { maxLength: 40 }), (parts) => void selectionOf(parts.join(' '), '', { v: 1 })))
  expect(canonical({ b: 1, a: [{ d: 1, c: 2 }] })).toBe(canonical({ a: [{ c: 2, d: 1 }], b: 1 }))
})
