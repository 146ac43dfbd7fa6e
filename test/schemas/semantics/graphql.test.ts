import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { graphqlOperation } from '../../../schemas/semantics/graphql.ts'

const ask = (query: string, operationName?: string) => graphqlOperation({ query, operationName })

describe('graphqlOperation', () => {
  it.each([
    ['{ user(id: 1) { name } }', 'Query.user'],
    ['query GetUser($id: ID! = "}") @cached(ttl: 5) { user(id: $id) { name } }', 'Query.user'],
    ['mutation { addBook(input: { title: "a { b" }) { id } }', 'Mutation.addBook'],
    ['subscription OnBook { bookAdded { id } }', 'Subscription.bookAdded'],
    ['{ me: user(id: 1) { id } books { id } }', 'Query.books+user'],
    ['{ __typename user { id } }', 'Query.user'],
    ['{ __typename }', 'Query.__typename'],
    ['{ a b c d e f }', 'Query.a+b+c+d+2more'],
    ['query { ...Root } fragment Root on Query { user { id } ...Root }', 'Query.user'],
    ['query { ... on Query @include(if: $x) { user { id } } ... { books } }', 'Query.books+user'],
    ['# a comment {\n query { user(text: """a " } b""") { id } }', 'Query.user'],
  ])('given %s, then %s', (query, name) => {
    expect(ask(query)).toBe(name)
  })

  it('given several operations, then the one that is named', () => {
    const document = 'query A { user { id } } query B { books { id } }'
    expect(ask(document, 'B')).toBe('Query.books')
    expect(ask(document)).toBe('Query.user')
  })

  it('given a persisted query, then its name, since there is nothing else', () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab' } }
    expect(graphqlOperation({ operationName: 'GetUser', extensions })).toBe('GetUser')
    expect(graphqlOperation({ extensions })).toBeUndefined()
  })

  it.each([
    { query: 'shoes' },
    { query: 'a {b' },
    { query: '{ }' },
    { query: 'select { x }' },
    { query: '{ a ] }' },
    [],
    null,
    'x',
    5,
  ])('given what is no GraphQL (%j), then nothing', (json) => {
    expect(graphqlOperation(json)).toBeUndefined()
  })

  it('never throws, and ends, whatever the text', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '...',
      'on',
      'a',
      ':',
      '@',
      '"',
      '"""',
      'query',
      'fragment',
      '[',
      '#',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        ask(`{${tokens.join(' ')}`)
      }),
    )
    expect(ask(`{${'...{'.repeat(20_000)}`)).toBeUndefined()
  })
})
