import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { learn } from '../../deploy/learn/learn.ts'
import type { OpenApi } from '../../schemas/semantics/openapi/document.ts'
import { complaints } from '../schemas/semantics/openapi/kit.ts'
import { readTime } from '../../deploy/learn/input.ts'

const folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'chaos-learn-'))
  folders.push(made)
  return made
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
})

const rows = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const NAMES =
  'maple falcon otter basil amber coral iris willow aspen garnet prism onyx jasmine dahlia quill pearl'.split(' ')
const line = (path: string, i: number, more: object = {}) =>
  JSON.stringify({
    time: 1_760_000_000 + i,
    method: 'GET',
    path,
    status: 200,
    response_body: { id: i, name: 'x' },
    ...more,
  })

describe('learn', () => {
  it('given user names, then the first is told its path when it came and the template at the end', async () => {
    const out = folder()
    const file = join(out, 'in.jsonl')
    writeFileSync(file, [...NAMES, ...NAMES].map((name, i) => line(`/users/${name}?x=1`, i)).join('\n'))
    const summary = await learn({ files: [file], out, checkpoints: [1, 32, 999], service: 'shop' })
    const exchanges = rows(join(out, 'exchanges.jsonl'))
    expect(exchanges.map((row) => row['index'])).toEqual([...exchanges.keys()])
    expect(exchanges[0]).toEqual({
      index: 0,
      method: 'GET',
      path: '/users/maple',
      endpoint_online: 'shop GET /users/maple',
      endpoint_at_1: 'shop GET /users/maple',
      endpoint_at_32: 'shop GET /users/{id}',
      endpoint: 'shop GET /users/{id}',
      strangeness: 0,
      alarm: false,
    })
    expect(exchanges[2]).not.toHaveProperty('endpoint_at_1')
    const endpoints = rows(join(out, 'endpoints.jsonl'))
    expect(endpoints).toMatchObject([{ id: 'shop GET /users/{id}', template: '/users/{id}', count: 32 }])
    expect(summary).toMatchObject({ exchanges: 32, badLines: 0, deadLetters: 0, endpoints: 1 })
    for (const name of ['drift.jsonl', 'anomalies.jsonl']) expect(existsSync(join(out, name))).toBe(true)
  })

  it('given lines that cannot be used, then each is told with file and line, and the others are learned', async () => {
    const out = folder()
    const file = join(out, 'in.jsonl.gz')
    const bad = [
      '{',
      '[]',
      '{"time":1,"method":"GET","path":"x","status":200}',
      '{"time":1,"method":"GET","path":"/x","status":"200"}',
      'null',
    ]
    writeFileSync(file, gzipSync([line('/a', 0), ...bad, '', line('/a', 1)].join('\n')))
    const told: string[] = []
    const summary = await learn({ files: [file], out, onBadLine: (one) => told.push(`${one.line}: ${one.reason}`) })
    expect(summary).toMatchObject({ exchanges: 2, badLines: bad.length })
    expect(told.map((one) => one.slice(0, one.indexOf(' ')))).toEqual(['2:', '3:', '4:', '5:', '6:'])
    expect(told[2]).toContain('must start with /')
  })

  it('given a HAR, then its entries are exchanges', async () => {
    const out = folder()
    const file = join(out, 'site.har')
    const entry = (url: string) => ({
      startedDateTime: '2025-10-01T10:00:00.000Z',
      time: 12.5,
      request: { method: 'GET', url, headers: [{ name: 'Accept', value: '*/*' }] },
      response: { status: 200, headers: [], content: { mimeType: 'application/json', text: '{"id":1}' } },
    })
    writeFileSync(
      file,
      JSON.stringify({
        log: { entries: [entry('https://x.test/a/1?q=/z'), entry('https://x.test'), entry('nonsense')] },
      }),
    )
    const summary = await learn({ files: [file], out })
    expect(summary).toMatchObject({ exchanges: 2, badLines: 1 })
    expect(rows(join(out, 'exchanges.jsonl')).map((row) => row['endpoint'])).toEqual(['api GET /a/{id}', 'api GET /'])
  })

  it('given bodies, then the API is described, also for each service, with the last second in it', async () => {
    const out = folder()
    const file = join(out, 'in.jsonl')
    const more = { response_body: { id: 1, name: 'x', late: true } }
    const lines = [line('/a/1', 0), line('/a/2', 0), line('/a/3', 0, more), line('/b', 0, { service: 'blog' })]
    writeFileSync(file, lines.join('\n'))
    await learn({ files: [file], out, service: 'shop' })
    const read = (name: string): OpenApi => JSON.parse(readFileSync(join(out, name), 'utf8')) as OpenApi
    expect(Object.keys(read('openapi.json').paths)).toEqual(['/a/{id}', '/b'])
    expect(Object.keys(read('openapi.blog.json').paths)).toEqual(['/b'])
    const shop = read('openapi.shop.json')
    expect(JSON.stringify(shop.paths['/a/{id}'])).toContain('"late":{"type":"boolean"')
    expect(await complaints(shop)).toBe('')
  })

  it('given the same file twice, then the same bytes', async () => {
    const [one, two] = [folder(), folder()]
    const file = join(one, 'in.jsonl')
    writeFileSync(file, NAMES.map((name, i) => line(`/users/${name}/orders/${i}`, i)).join('\n'))
    for (const out of [one, two]) await learn({ files: [file], out, checkpoints: [5] })
    for (const name of ['exchanges.jsonl', 'endpoints.jsonl', 'openapi.json'])
      expect(readFileSync(join(two, name))).toEqual(readFileSync(join(one, name)))
  })
})

describe('readTime', () => {
  it.each([
    [1_760_000_000.5, 1_760_000_000_500_000],
    [1_760_000_000_500, 1_760_000_000_500_000],
    [1_760_000_000_500_000, 1_760_000_000_500_000],
    ['2025-10-09T08:53:20.5Z', 1_760_000_000_500_000],
    ['yesterday', undefined],
    [null, undefined],
  ])('%s', (time, micros) => {
    expect(readTime(time)).toBe(micros)
  })
})
