import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resourceOf } from '../../../ingress/phases/emit.ts'
import { createRouter } from '../../../ingress/phases/route.ts'
import { openService } from '../../../ingress/services.ts'
import { given } from '../kit/services.ts'

const service = (match: string) =>
  openService({ name: match, match, upstreams: [{ url: 'http://127.0.0.1:1' }] }, given)

describe('route', () => {
  it.each([
    ['/api/v2/books', '/api/v2/*'],
    ['/api/v1/books', '/api/*'],
    ['/api', '/api/*'],
    ['/apis', '/*'],
    ['/', '/*'],
  ])('%s goes to %s', (path, match) => {
    const find = createRouter(['/*', '/api/*', '/api/v2/*'].map(service))
    expect(find(path)?.match).toBe(match)
  })

  it('does not depend on the order of the configuration', () => {
    const matches = ['/*', '/a/*', '/a/b/*', '/b/*']
    const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }).map((parts) => '/' + parts.join('/'))
    fc.assert(
      fc.property(fc.shuffledSubarray(matches, { minLength: 4 }), path, (order, asked) => {
        expect(createRouter(order.map(service))(asked)?.match).toBe(createRouter(matches.map(service))(asked)?.match)
      }),
    )
  })

  it('has none where nothing matches', () => expect(createRouter([service('/api/*')])('/')).toBeUndefined())

  it.each([
    ['match', { match: 'api' }, /is no path prefix/],
    ['upstreams', { upstreams: [] }, /has no upstream/],
    ['an upstream', { upstreams: [{ url: 'localhost:1' }] }, /write it as http/],
    ['a path', { upstreams: [{ url: 'http://a/b' }] }, /has a path/],
  ])('tells what is wrong with %s and how it is right', (_name, wrong, message) => {
    const right = { name: 's', match: '/*', upstreams: [{ url: 'http://a' }] }
    expect(() => openService({ ...right, ...wrong }, given)).toThrow(message)
  })
})

it('finds the resource behind prefixes that name none', () => {
  expect(['/api/v1/books/7', '/books', '/', '/v2', '/rest/api/carts/'].map(resourceOf)).toEqual([
    'books',
    'books',
    '',
    '',
    'carts',
  ])
})
