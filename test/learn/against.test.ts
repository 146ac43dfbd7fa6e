import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compareDocuments } from '../../deploy/learn/against/against.ts'
import { learn } from '../../deploy/learn/learn.ts'
import { run } from '../deploy/cli/run.ts'

const answer = (schema: object, status = '200') => ({ [status]: { content: { 'application/json': { schema } } } })
const documentOf = (paths: object, more: object = {}) => ({ openapi: '3.1.0', paths, ...more })
const learned = (schema: object, count = 40) =>
  documentOf({ '/users/{id}': { get: { responses: answer({ type: 'object', 'x-count': count, ...schema }) } } })
const told = (before: object, after: object) =>
  compareDocuments(before as never, after as never).changes.map(({ kind, pointer }) => `${kind} ${pointer}`)

const written = documentOf(
  {
    '/users/{userId}': {
      get: { responses: { '200': { $ref: '#/components/responses/User' }, default: { description: 'else' } } },
    },
    '/never': { post: { responses: {} } },
  },
  {
    servers: [{ url: 'https://api.example.com' }],
    components: {
      responses: { User: { content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } } } } },
      schemas: {
        Named: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        User: {
          allOf: [{ $ref: '#/components/schemas/Named' }],
          required: ['id'],
          properties: {
            id: { type: 'integer' },
            role: { type: 'string', enum: ['admin', 'guest'] },
            born: { type: 'string', format: 'date' },
            boss: { $ref: '#/components/schemas/User' },
            note: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
)
const x = { 'x-count': 40 }
const asWritten = {
  required: ['id', 'name'],
  properties: {
    id: { type: 'integer', ...x },
    name: { type: 'string', ...x },
    role: { type: 'string', enum: ['admin'], ...x },
    born: { type: 'string', format: 'date', ...x },
    note: { type: ['string', 'null'], ...x },
  },
}

describe('compareDocuments', () => {
  it('given traffic as it is described, then nothing, and what was not asked for is told apart', () => {
    const { changes, score, unasked } = compareDocuments(written, learned(asWritten))
    expect([changes, score, unasked]).toEqual([[], 0, ['POST /never']])
  })

  it.each([
    ['field_removed /name', { required: ['id'], properties: { id: { type: 'integer', ...x } } }],
    ['became_optional /name', { ...asWritten, required: ['id'] }],
    ['type_changed /id', { ...asWritten, properties: { ...asWritten.properties, id: { type: 'string', ...x } } }],
    [
      'became_nullable /id',
      { ...asWritten, properties: { ...asWritten.properties, id: { type: ['integer', 'null'], ...x } } },
    ],
    [
      'enum_widened /role',
      { ...asWritten, properties: { ...asWritten.properties, role: { type: 'string', enum: ['root'], ...x } } },
    ],
    ['format_changed /born', { ...asWritten, properties: { ...asWritten.properties, born: { type: 'string', ...x } } }],
    ['field_added /extra', { ...asWritten, properties: { ...asWritten.properties, extra: { type: 'string', ...x } } }],
    [
      'became_nullable /boss/id',
      {
        ...asWritten,
        properties: {
          ...asWritten.properties,
          boss: {
            type: 'object',
            ...x,
            required: ['id', 'name'],
            properties: { name: { type: 'string', ...x }, id: { type: ['integer', 'null'], ...x } },
          },
        },
      },
    ],
  ])('given %s, then it is told and nothing else', (change, schema) => {
    expect(told(written, learned(schema))).toEqual([change])
  })

  it('given an undescribed endpoint or status, then it is told; a word that a parameter takes is none', () => {
    const get = { get: { responses: { '200': {} } } }
    const before = documentOf({ '/users/{id}': get }, { servers: [{ url: '/v1' }] })
    const after = documentOf({
      '/v1/users/me': get,
      '/v1/orders': get,
      '/v1/users/{x}': { get: { responses: { '202': {} } } },
    })
    expect(told(before, after).sort()).toEqual(['endpoint_new ', 'status_new '])
  })

  it('given a description that was learned, then chance is no drift', () => {
    const few = learned({ properties: { a: { type: 'string', 'x-count': 5 } }, required: ['a'] }, 5)
    const rare = learned({ properties: { a: { type: 'string', 'x-count': 38 } } }, 40)
    expect(told(few, rare)).toEqual([])
    const many = learned({ properties: { a: { type: 'string', 'x-count': 400 } }, required: ['a'] }, 400)
    expect(told(many, learned({ properties: { a: { type: 'string', 'x-count': 20 } } }, 40))).toEqual([
      'became_optional /a',
    ])
    const seldom = learned({ properties: { a: { 'x-count': 20 }, b: { type: 'string', 'x-count': 400 } } }, 400)
    expect(told(seldom, learned({ properties: { b: { type: 'string', ...x } } }))).toEqual([])
  })

  it.each([
    {},
    { paths: 1 },
    { openapi: '3', paths: { '/a': { $ref: '#/paths/~1a' } } },
    { paths: { '/a': { get: null } } },
  ])('given a document that makes no sense (%j), then it says nothing and does not throw', (document) => {
    expect(compareDocuments(document as never, learned(asWritten)).changes.map(({ kind }) => kind)).toEqual([
      'endpoint_new',
    ])
  })
})

describe('learn --against', () => {
  let dir: string
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'cp-against-'))))
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const traffic = (name: string, body: (i: number) => object): string => {
    const file = join(dir, name)
    const line = (i: number) =>
      JSON.stringify({
        time: 1_760_000_000 + i,
        method: 'GET',
        path: `/users/${i}`,
        status: 200,
        response_body: body(i),
      })
    writeFileSync(file, Array.from({ length: 60 }, (_, i) => line(i)).join('\n'))
    return file
  }

  it('given an earlier folder or an OpenAPI file, then tells what changed, and exits with 3 when it is too much', async () => {
    const old = traffic('old.jsonl', (i) => ({ id: i, user_name: `n${i}` }))
    const fresh = traffic('new.jsonl', (i) => ({ id: i, userName: `n${i}` }))
    const out = join(dir, 'old')
    await learn({ files: [old], out })
    const same = await run('learn', old, '--against', out, '--fail-over', '0')
    expect([same.code, same.out]).toEqual([0, expect.stringContaining('no drift against')])
    const drifted = await run('learn', fresh, '--against', join(out, 'openapi.json'), '--fail-over', '50')
    expect(drifted.code).toBe(3)
    expect(drifted.out).toContain('field_removed /user_name')
    const json = await run('learn', fresh, '--against', out, '--json', '-o', join(dir, 'new'))
    expect(JSON.parse(json.out)).toMatchObject({ exchanges: 60, against: { score: expect.any(Number) as number } })
    expect(JSON.parse(readFileSync(join(dir, 'new', 'openapi.json'), 'utf8'))).toHaveProperty('paths')
  })

  it('given what is no description, then says so', async () => {
    const file = traffic('a.jsonl', () => ({}))
    writeFileSync(join(dir, 'x.yaml'), 'a: [')
    writeFileSync(join(dir, 'y.yaml'), 'a: 1')
    for (const name of ['none.yaml', 'x.yaml', 'y.yaml']) {
      const ran = await run('learn', file, '--against', join(dir, name))
      expect([ran.code, ran.err.includes(name)], ran.err).toEqual([2, true])
    }
    expect((await run('learn', file)).code).toBe(2)
  })
})
