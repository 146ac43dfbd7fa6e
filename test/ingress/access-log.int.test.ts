import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openAccessLog } from '../../ingress/edge/access-log.ts'
import { createRedactor } from '../../schemas/semantics/redaction.ts'
import { openKeys } from '../../ingress/edge/keys.ts'
import { contextOf } from './kit/context.ts'
import { eventually, get, openStand, type Stand } from './kit/stand.ts'

let dir: string
let stand: Stand | undefined
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'cp-access-'))))
afterEach(async () => {
  await stand?.close()
  stand = undefined
  rmSync(dir, { recursive: true, force: true })
})

const linesIn = (file: string): Record<string, unknown>[] => {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

it('tells each request in one line, secrets redacted, also refused ones', async () => {
  const file = join(dir, 'access.log')
  stand = await openStand({ backend: (_req, res) => res.end('hello'), options: { accessLog: file } })
  const headers = { authorization: 'Bearer hunter2', 'user-agent': 'test/1\u00ff "x"', 'x-request-id': 'abc' }
  await (await fetch(`${stand.url}/books?token=t0ken&q=1`, { headers })).text()
  await eventually('a line', () => linesIn(file).length === 1)
  const [line] = linesIn(file)
  expect(line).toMatchObject({
    request_id: 'abc',
    client: '127.0.0.1',
    principal: expect.stringMatching(/^cp_/) as string,
    service: 'shop',
    method: 'GET',
    target: expect.stringMatching(/^\/books\?token=cp_[\w-]+&q=1$/) as string,
    protocol: 'HTTP/1.1',
    status: 200,
    answered_by: 'upstream',
    why: 'live',
    upstream: `http://127.0.0.1:${stand.backendPort}`,
    attempts: 1,
    bytes_in: 0,
    bytes_out: 5,
    complete: true,
    faults: [],
    ghost: '',
    user_agent: 'test/1\u00ff "x"',
  })
  expect(Number(line?.['duration_ms'])).toBeGreaterThan(0)
  expect(Date.now() - Date.parse(String(line?.['time']))).toBeLessThan(60_000)
  expect(JSON.stringify(line)).not.toMatch(/hunter2|t0ken/)
  await stand.stopBackend()
  const { body } = await get(`${stand.url}/again`)
  await eventually('another line', () => linesIn(file).length === 2)
  expect(linesIn(file)[1]).toMatchObject({ answered_by: 'self', first_byte_ms: null, bytes_out: body.length })
})

it('goes on in a new file when the old one was moved away, and loses nothing', async () => {
  const file = join(dir, 'access.log')
  stand = await openStand({ backend: (_req, res) => res.end(), options: { accessLog: file } })
  for (let i = 0; i < 20; i++) await get(`${stand.url}/${i}`)
  await eventually('the first lines', () => linesIn(file).length > 0)
  renameSync(file, `${file}.1`)
  stand.ingress.reload([{ name: 'shop', match: '/*', upstreams: [{ url: `http://127.0.0.1:${stand.backendPort}` }] }])
  await get(`${stand.url}/last`)
  await eventually('the last line', () => linesIn(file).some((line) => line['target'] === '/last'))
  expect(linesIn(file).length + linesIn(`${file}.1`).length).toBe(21)
})

it('drops lines, and says so once, when the file cannot be written', async () => {
  const errors: string[] = []
  const say = (_: object, message: string): void => void errors.push(message)
  const logger = { debug: say, info: say, warn: say, error: say }
  const redactor = createRedactor(openKeys(new TextEncoder().encode('a secret for tests only')), {
    headers: [],
    fields: [],
    pii: 'pseudonymise',
  })
  const log = openAccessLog({ file: join(dir, 'no', 'such', 'folder'), redactor, clock: () => 0, logger })
  await eventually('the complaint', () => errors.length === 1)
  for (let i = 0; i < 25_000; i++) log.note(contextOf())
  expect(log.dropped()).toBe(5000)
  await eventually('the rest', () => log.dropped() === 25_000)
  await log.close()
  expect(errors).toEqual(['the access log cannot be written; its lines are dropped until it can'])
})
