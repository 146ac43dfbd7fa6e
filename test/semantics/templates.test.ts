import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compileTemplates,
  matchParts,
  openTemplates,
  pathSegments,
  type TemplateEndpoint,
} from '../../schemas/semantics/templates.ts'

const endpoint = (method: string, template: string, ...kinds: string[]): TemplateEndpoint => ({
  id: `s ${method} ${template}`,
  method,
  template,
  parameters: kinds.map((kind, i) => ({ name: `p${i}`, kind })),
})

const matcher = compileTemplates([
  endpoint('GET', '/users/{id}', 'string'),
  endpoint('GET', '/users/me'),
  endpoint('DELETE', '/users/{id}', 'string'),
  endpoint('GET', '/orders/{id}', 'integer'),
  endpoint('GET', '/orders/{name}', 'word'),
  endpoint('GET', '/files/{id}', 'word'),
  endpoint('GET', '/files/{id}.json', 'word'),
  endpoint('GET', '/compare/{base}...{head}', 'word', 'word'),
  endpoint('GET', '/a/b/c'),
  endpoint('GET', '/a/{id}/d', 'word'),
])
const found = (method: string, path: string) => {
  const match = matcher.match(method, path)
  return match && [match.endpoint.template, ...match.values]
}

describe('compileTemplates', () => {
  it.each([
    ['GET', '/users/me', ['/users/me']],
    ['GET', '/users/17', ['/users/{id}', '17']],
    ['DELETE', '/users/me', ['/users/{id}', 'me']],
    ['GET', '/orders/17', ['/orders/{id}', '17']],
    ['GET', '/orders/next', ['/orders/{name}', 'next']],
    ['GET', '/files/x.json', ['/files/{id}.json', 'x']],
    ['GET', '/files/.json', ['/files/{id}', '.json']],
    ['GET', '/compare/main...dev?x=1', ['/compare/{base}...{head}', 'main', 'dev']],
    ['GET', '/a/b/d/', ['/a/{id}/d', 'b']],
    ['GET', '//a//b/c', ['/a/b/c']],
    ['GET', '/users/%7B%20', ['/users/{id}', '%7B%20']],
    ['POST', '/users/17', undefined],
    ['GET', '/users', undefined],
    ['GET', '/users/17/x', undefined],
  ])('%s %s', (method, path, expected) => {
    expect(found(method, path)).toEqual(expected)
  })

  it('tells operations apart that share a path, and asks for them only where there are some', () => {
    const book = openTemplates<TemplateEndpoint>()
    const user = endpoint('POST', '/{tenant}/graphql#Query.user', 'word')
    book.set(endpoint('GET', '/users'))
    book.set(user)
    const never = () => expect.unreachable()
    expect(book.match('GET', '/users', never)?.endpoint.template).toBe('/users')
    const asked = (operation: string | undefined) => book.match('POST', '/acme/graphql', () => operation)
    expect(asked('Query.user')).toEqual({ endpoint: user, values: ['acme'] })
    expect(asked('Query.other')).toBeUndefined()
    expect(asked(undefined)).toBeUndefined()
    expect(book.match('POST', '/acme/graphql')).toBeUndefined()
    expect(book.methods('/acme/graphql')).toEqual(['POST'])
    const plain = endpoint('POST', '/{tenant}/graphql', 'word')
    book.set(plain)
    expect(asked('Query.other')?.endpoint).toBe(plain)
    book.delete(user)
    expect(asked('Query.user')?.endpoint).toBe(plain)
  })

  it('says which methods a path has, and forgets what is deleted', () => {
    const one = endpoint('PUT', '/x/{id}', 'word')
    const book = openTemplates<TemplateEndpoint>()
    book.set(one)
    book.set(endpoint('GET', '/x/y'))
    expect(book.methods('/x/y')).toEqual(['GET', 'PUT'])
    book.delete(one)
    expect(book.match('PUT', '/x/y')).toBeUndefined()
    expect(book.methods('/x/y')).toEqual(['GET'])
  })

  it('gives back the values that a template was filled with', () => {
    const value = fc.stringMatching(/^[a-z0-9%_-]{1,8}$/)
    const part = fc.oneof(
      fc.constantFrom('users', 'a', 'b'),
      fc.constant('{}'),
      fc.constantFrom('{}.json', '{}:run', "at('{}')"),
    )
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.array(value, { minLength: 5, maxLength: 5 }),
        (parts, values) => {
          const holes = parts.filter((one) => one.includes('{}')).length
          let next = 0
          const path = `/${parts.join('/').replaceAll('{}', () => values[next++] ?? '')}`
          const template = `/${parts.join('/').replaceAll('{}', '{p}')}`
          const kinds = Array.from({ length: holes }, () => 'word')
          const match = compileTemplates([endpoint('GET', template, ...kinds)]).match('GET', path)
          expect(match?.values).toEqual(values.slice(0, holes))
        },
      ),
    )
  })

  it('never throws, whatever the path', () => {
    fc.assert(fc.property(fc.string(), (path) => void matcher.match('GET', path)))
  })
})

describe('matchParts', () => {
  it('puts the segment together again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[.:a-c]{0,3}$/), { minLength: 2, maxLength: 4 }),
        fc.string(),
        (parts, text) => {
          const values = matchParts(parts, text)
          if (values === undefined) return
          expect(values).toHaveLength(parts.length - 1)
          expect(parts.map((one, i) => one + (values[i] ?? '')).join('')).toBe(text)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('pathSegments', () => {
  it('drops the query and empty segments', () => {
    expect(pathSegments('//a/b/?c=/d')).toEqual(['a', 'b'])
  })
})
