/** Each command as a person types it, within this process: what it prints, and its exit code. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loggerOf } from '../../../deploy/cli/logger.ts'
import { loadConfig } from '../../../deploy/config/load.ts'
import { openTheLog } from '../../../deploy/roles/open-log.ts'
import { topicName } from '../../../schemas/topics.ts'
import { startRegistry } from '../../kit/registry.ts'
import { anEvent } from '../../sinks/events.ts'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { run, type Ran } from './run.ts'

let dir: string
let data: readonly string[]
let server: Server
let url: string
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-commands-'))
  data = ['--data-dir', dir]
  server = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true, force: true })
})

const silent = loggerOf(() => undefined)
const nowhere = '127.0.0.1:1'

describe('topics', () => {
  test('are made, listed and described', async () => {
    expect(await run('topics', 'create', ...data)).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ topics/) })
    const listed = JSON.parse((await run('topics', 'list', '--json', ...data)).out) as { topic: string }[]
    expect(listed.map(({ topic }) => topic)).toContain(topicName('exchanges'))
    const { code, out } = await run('topics', 'describe', 'endpoints', ...data)
    expect([code, out]).toEqual([0, expect.stringContaining(topicName('endpoints'))])
  })

  test('tail shows values by the registry’s schemas, and what it cannot read as that', async () => {
    const registry = await startRegistry()
    vi.stubEnv('SCHEMA_REGISTRY_URL', registry.url)
    const { config } = loadConfig({
      environment: { CHAOS_PROXY_LOG__DIR: dir, SCHEMA_REGISTRY_URL: registry.url },
      flags: [],
    })
    const { log, codecs, close } = await openTheLog({ config, logger: silent }, 'ingress')
    const value = codecs.encode('exchanges', anEvent(1))
    expect(value[4]).toBeLessThan(100) // an id that the registry gave, not a hash
    const at = { key: 'shop', timestamp: 1_700_000_000_000 }
    await log.append(topicName('exchanges'), [
      { ...at, value },
      { ...at, value: Buffer.from('garbage') },
      { ...at, value: Buffer.from([0, 0, 0, 9, 9, 1]) },
      { ...at, value: null },
    ])
    await close()
    const { code, out } = await run('topics', 'tail', 'exchanges', '--from-start', '--count', '4', ...data)
    await registry.close()
    const lines = out.trim().split('\n')
    expect(code).toBe(0)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        offset: 0,
        time: '2023-11-14T22:13:20.000Z',
        value: expect.objectContaining({ service: 'shop' }),
      }),
      expect.objectContaining({ offset: 1, unreadable: expect.any(String), bytes: 7 }),
      expect.objectContaining({ offset: 2, unreadable: expect.any(String), bytes: 6 }),
      expect.objectContaining({ offset: 3, value: null }),
    ])
  })

  test.each([
    [['describe', 'endpoint'], 2, 'did you mean "endpoints"?'],
    [['tail', 'exchanges', '--count', 'few'], 2, '--count few is no number'],
    [['tail', 'exchanges'], 1, 'has no data in'],
    [['list', '--bus', `kafka://${nowhere}`], 1, 'no broker answers: kafka://127.0.0.1:1: ECONNREFUSED'],
    [['tail', 'exchanges', '--bus', `kafka://${nowhere}`], 1, 'correct --bus'],
  ])('topics %j fails with its cure', async (args, code, said) => {
    const started = performance.now()
    const found = await run('topics', ...args, ...data)
    expect([found.code, found.out]).toEqual([code, ''])
    expect(found.err).toContain(said)
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})

describe('mode', () => {
  const TOKEN = 'a-token-of-a-fair-length'
  let started: Started
  beforeEach(async () => {
    started = await startTestConsole({ token: TOKEN })
    vi.stubEnv('CHAOS_PROXY_ADMIN_TOKEN', TOKEN)
  })
  afterEach(() => started.console.close())
  const mode = (...args: string[]): Promise<Ran> =>
    run('mode', ...args, '--admin-port', String(started.console.port), ...data)

  test('is set and shown, in words and as JSON', async () => {
    expect(await mode()).toMatchObject({ code: 0, out: expect.stringContaining('all services  failover') })
    expect(await mode('mock')).toMatchObject({ code: 0, out: 'mock: ghosts answer everything\n' })
    expect(await mode('off', '--service', 'shop')).toMatchObject({ code: 0 })
    expect(await mode()).toMatchObject({ code: 0, out: 'shop  off: ghosts do not answer\n' })
    expect(JSON.parse((await mode('--json')).out)).toMatchObject({ default: 'mock' })
  })

  test('without the token it says which', async () => {
    vi.stubEnv('CHAOS_PROXY_ADMIN_TOKEN', '')
    const found = await mode('off')
    expect(found.code).toBe(1)
    expect(found.err).toContain('set CHAOS_PROXY_ADMIN_TOKEN')
  })
})

describe('doctor', () => {
  test('finds all well', async () => {
    const registry = await startRegistry()
    vi.stubEnv('SCHEMA_REGISTRY_URL', registry.url)
    const { code, out } = await run('doctor', '--target', url, ...data)
    await registry.close()
    expect(code).toBe(0)
    for (const check of ['Node', 'Config', 'Data', 'Running', 'Backend api', 'Registry'])
      expect(out).toMatch(new RegExp(`^ok +${check} `, 'm'))
  })

  test('finds what is away: a warning for a backend, a failure for log, registry and database', async () => {
    vi.stubEnv('SCHEMA_REGISTRY_URL', `http://${nowhere}`)
    const args = ['--target', nowhere, '--bus', `kafka://${nowhere}`, '--database', `postgres://me:hush@${nowhere}/x`]
    const { code, out } = await run('doctor', '--json', ...args, ...data)
    const findings = JSON.parse(out) as { check: string; state: string; cure?: string }[]
    const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]))
    expect(states).toMatchObject({ 'Backend api': 'warning', Kafka: 'failed', Registry: 'failed', Database: 'failed' })
    expect(findings.filter(({ state, cure }) => state !== 'ok' && cure === undefined)).toEqual([])
    expect(out).not.toContain('hush')
    expect(code).toBe(3)
  })
})

describe('simulate', () => {
  test('sends so many requests and counts the answers', async () => {
    const { code, out } = await run('simulate', '--target', url, '--requests', '12', '--rate', '400')
    const [, sent, ok] = /^(\d+) requests: (\d+) x 200\n$/.exec(out) ?? []
    expect([code, sent]).toEqual([0, ok])
    // Readers log in before they begin.
    expect(Number(sent)).toBeGreaterThanOrEqual(12)
  })

  test.each([
    [['--target', nowhere, '--requests', '3', '--rate', '400'], 1, 'does not answer'],
    [['--rate', 'fast'], 2, '--rate fast is no number above 0'],
  ])('%j fails', async (args, code, said) => {
    const found = await run('simulate', ...args)
    expect(found.code).toBe(code)
    expect(found.err).toContain(said)
  })
})

describe('learn', () => {
  const file = (text: string): string => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'traffic.jsonl'), text)
    return join(dir, 'traffic.jsonl')
  }
  const line = (id: number): string =>
    JSON.stringify({
      time: `2026-01-01T00:00:${String(id).padStart(2, '0')}Z`,
      method: 'GET',
      path: `/a/${id}`,
      status: 200,
    })

  test('writes what it learned, and says how much', async () => {
    const given = file(Array.from({ length: 20 }, (_, i) => line(i + 1)).join('\n'))
    const { code, out } = await run('learn', given, '--out', join(dir, 'out'), '--checkpoints', '10')
    expect([code, out]).toEqual([0, expect.stringMatching(/^20 exchanges: \d+ endpoints?/)])
    expect(readFileSync(join(dir, 'out/exchanges.jsonl'), 'utf8').trim().split('\n')).toHaveLength(20)
  })

  test('fails on a missing file, a wrong list, and a file without one good line', async () => {
    const out = ['--out', join(dir, 'out')]
    expect(await run('learn', join(dir, 'none'), ...out)).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no file'),
    })
    expect(await run('learn', file(line(1)), ...out, '--checkpoints', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--checkpoints 100,300,1000'),
    })
    expect(await run('learn', file('{"time":1}\nnonsense\n'), ...out)).toMatchObject({
      code: 1,
      err: expect.stringContaining('traffic.jsonl:2:'),
    })
  })
})

test('config check reads the certificates that it names', async () => {
  vi.stubEnv('CHAOS_PROXY_LOG__SSL__CA', join(dir, 'ca.pem'))
  const { code, err } = await run('config', 'check', '--target', url)
  expect([code, err]).toEqual([2, expect.stringContaining(`log.ssl.ca: ${join(dir, 'ca.pem')}: there is no such file`)])
})
