import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../../schemas/semantics/openapi/schema.ts'
import { openApiOf } from '../../../../schemas/semantics/openapi/document.ts'
import { aPart, anEndpoint, complaints, documentOf, type Known } from './kit.ts'

const book = {
  type: 'object',
  properties: { id: { type: 'integer', 'x-range': [3, 9] }, mail: { type: 'string', format: 'email' } },
  required: ['id'],
}
const answers = { 'x-statuses': { 200: 18, 204: 2 }, 'x-media-types': { 'application/json': 18, 'text/html': 1 } }
const shop: Known = {
  'shop GET /api/books/{id}': [
    aPart('query', '', {
      type: 'object',
      properties: { page: { type: 'integer' }, tag: { type: 'array', items: { type: 'string' } } },
      required: ['page'],
    }),
    aPart('response', '2xx', { ...book, ...answers }),
    aPart('response', '4xx', { 'x-statuses': { 404: 1 }, 'x-count': 0 }),
    aPart('headers', '', {
      type: 'object',
      properties: {
        authorization: { type: 'string', format: 'password' },
        'x-api-key': { type: 'string', format: 'password' },
        'x-version': { type: 'integer' },
      },
    }),
    aPart('headers', '2xx', { type: 'object', properties: { 'x-total': { type: 'integer' } }, required: ['x-total'] }),
  ],
  'shop POST /api/books': [
    aPart('query', '', { type: 'object', properties: {} }, 20),
    aPart('request', '', { ...book, 'x-media-types': { 'multipart/form-data': 20 } }, 20),
  ],
}

const operation = (document: Json, path: string, method: string): Json =>
  ((document['paths'] as Json)[path] as Json)[method] as Json

describe('the OpenAPI document', () => {
  it('pleases the strict validator', async () => {
    expect(await complaints(documentOf(shop))).toBe('')
    expect(await complaints(documentOf({}))).toBe('')
    // The validator is one that complains.
    expect(
      await complaints({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: { '/a/{b}': { get: {} } } }),
    ).not.toBe('')
  })
  it('says what an endpoint takes', () => {
    const get = operation(documentOf(shop), '/api/books/{id}', 'get')
    expect(get).toMatchObject({
      operationId: 'getApiBooksById',
      tags: ['books'],
      parameters: [
        { name: 'id', in: 'path', required: true },
        { name: 'page', in: 'query', required: true, schema: { type: 'integer' } },
        { name: 'tag', in: 'query', schema: { type: 'array' } },
        { name: 'x-version', in: 'header' },
      ],
      security: [{ authorization: [] }, { 'x-api-key': [] }, {}],
    })
    expect(operation(documentOf(shop), '/api/books', 'post')).toMatchObject({
      requestBody: { required: true, content: { 'multipart/form-data': { schema: book } } },
      responses: { default: {} },
    })
  })
  it('says what it answers, by status, with an example', () => {
    const get = operation(documentOf(shop), '/api/books/{id}', 'get')
    expect(get['responses']).toMatchObject({
      200: {
        description: 'OK',
        headers: { 'x-total': { required: true, schema: { type: 'integer' } } },
        content: {
          'application/json': { schema: book, example: { id: 3, mail: 'user@example.com' } },
          'text/html': {},
        },
      },
      204: { description: 'No Content' },
      404: { description: 'Not Found' },
    })
    expect((get['responses'] as Json)['204']).not.toHaveProperty('content')
    expect((get['responses'] as Json)['404']).not.toHaveProperty('content')
  })
  it('is of one service where one is asked for, and leaves out what was merged away', () => {
    const endpoints = [
      anEndpoint('shop GET /a'),
      anEndpoint('blog GET /b'),
      anEndpoint('shop GET /c', { mergedInto: 'shop GET /a' }),
    ]
    const shapeOf = () => undefined
    expect(Object.keys(openApiOf({ endpoints, shapeOf }).paths)).toEqual(['/a', '/b'])
    const one = openApiOf({ endpoints, shapeOf, service: 'blog', servers: ['http://localhost:8080'] })
    expect(one).toMatchObject({
      info: { title: 'blog' },
      paths: { '/b': {} },
      servers: [{ url: 'http://localhost:8080' }],
    })
    expect(Object.keys(one.paths)).toEqual(['/b'])
  })
  it('makes one path of those that differ in names of parameters only, and names what has no place', async () => {
    const endpoints = [
      anEndpoint('shop GET /users/{id}/books/{id}', { count: 5 }),
      anEndpoint('shop PUT /users/{userId}/books/{bookId}'),
      anEndpoint('shop GET /users/{name}/books/{x}', { count: 9 }),
      anEndpoint('shop PROPFIND /users/{id}'),
      anEndpoint('blog PUT /users/{userId}/books/{bookId}', { count: 0 }),
      anEndpoint('shop GET /files/{name}.{ext}'),
      anEndpoint('shop GET /'),
    ]
    const document = documentOf({}, endpoints)
    expect(Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item as object)])).toEqual([
      ['/', ['get']],
      ['/files/{name}.{ext}', ['get']],
      ['/users/{userId}/books/{bookId}', ['put', 'get']],
    ])
    expect((document['info'] as Json)['x-left-out']).toEqual([
      'blog PUT /users/{userId}/books/{bookId}',
      'shop GET /users/{id}/books/{id}',
      'shop PROPFIND /users/{id}',
    ])
    expect(await complaints(document)).toBe('')
  })
  it('passes over a schema that it cannot read', async () => {
    const broken = [{ direction: 'response', status: '2xx', count: 1, schema: '{' } as const]
    const odd = [
      aPart('response', '2xx', { properties: 7, required: 'x', 'x-statuses': [], 'x-media-types': { 'no type': 1 } }),
      aPart('query', '', { properties: { a: 7, b: true } }),
    ]
    expect(await complaints(documentOf({ 'shop GET /a': broken, 'shop GET /b': odd }))).toBe('')
  })
  it('pleases the strict validator whatever the templates are', async () => {
    const segment = fc.constantFrom(
      'users',
      '{id}',
      '{id}.json',
      '{a}...{b}',
      '{}',
      'x y',
      'é',
      'a%7Bb%7D',
      '~',
      '{id}:go',
    )
    const template = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
    const endpoint = fc
      .tuple(fc.constantFrom('GET', 'POST', 'HEAD', 'QUERY', 'OPTIONS'), template, fc.nat(3))
      .map(([method, path, count]) => anEndpoint(`shop ${method} ${path}`, { template: path, count }))
    await fc.assert(
      fc.asyncProperty(fc.array(endpoint, { maxLength: 8 }), async (endpoints) => {
        expect(await complaints(documentOf({}, endpoints))).toBe('')
      }),
      { numRuns: 20 },
    )
  })

  it('shows the operations of GraphQL as one entry of their path, each under its name', async () => {
    const asked = (field: string): Known[string] => [
      aPart('request', '', { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] }, 10),
      aPart('response', '2xx', {
        type: 'object',
        properties: { data: { type: 'object', properties: { [field]: { type: 'object' } } } },
        'x-statuses': { 200: 20 },
        'x-media-types': { 'application/json': 20 },
      }),
    ]
    const document = documentOf({
      'shop POST /graphql#Query.user': asked('user'),
      'shop POST /graphql#Mutation.addUser': asked('addUser'),
      'shop GET /users': [],
    })
    expect(Object.keys(document.paths)).toEqual(['/graphql', '/users'])
    const post = operation(document, '/graphql', 'post')
    expect(post['x-graphql-operations']).toEqual([
      { operation: 'Mutation.addUser', endpoint: 'shop POST /graphql#Mutation.addUser', count: 1 },
      { operation: 'Query.user', endpoint: 'shop POST /graphql#Query.user', count: 1 },
    ])
    const answer = JSON.stringify(post['responses'])
    expect(answer).toContain('"anyOf":[{"title":"Mutation.addUser"')
    expect(answer).toContain('"title":"Query.user"')
    expect(await complaints(document)).toBe('')
  })
})
