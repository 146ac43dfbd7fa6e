import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { anEndpoint } from '../../sinks/events.ts'
import { run } from './run.ts'

const USER = 'shop GET /users/{id}'
let dir: string
let started: Started
let place: readonly string[]
const told: unknown[] = []

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-endpoints-'))
  told.length = 0
  started = await startTestConsole({
    handOver: async (service, { kind, subject, value }) => void told.push([service, kind, subject, value]),
  })
  place = ['--data-dir', dir, '--admin-port', String(started.console.port)]
  for (const id of [USER, 'shop GET /users/me', 'bank GET /x']) await started.at.put('endpoints', id, [anEndpoint(id)])
  await expect.poll(async () => (await run('endpoints', ...place)).out).toContain('bank')
})
afterEach(async () => {
  await started.console.close()
  await started.at.log.close()
  rmSync(dir, { recursive: true, force: true })
})

test('lists, of a service, as JSON; shows one', async () => {
  expect((await run('endpoints', 'list', '--service', 'shop', ...place)).out).not.toContain('bank')
  expect(JSON.parse((await run('endpoints', 'list', '--json', ...place)).out)).toHaveLength(3)
  expect((await run('endpoints', 'show', USER, ...place)).out).toContain(USER)
  const none = await run('endpoints', 'show', 'shop GET /none', ...place)
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('; chaos-proxy endpoints lists those that were')])
})

test('tells the learners', async () => {
  await run('endpoints', 'merge', USER, 'shop GET /users/me', ...place)
  await run('endpoints', 'split', USER, 'me', 'you', ...place)
  await run('endpoints', 'split', USER, '--all', ...place)
  await run('endpoints', 'rename', USER, '/users/{userId}', ...place)
  expect((await run('endpoints', 'pin', USER, ...place)).out).toContain('told')
  expect(told).toEqual([
    ['shop', 'endpoints.merge', USER, '{"with":["shop GET /users/me"]}'],
    ['shop', 'endpoints.split', USER, '{"words":["me","you"]}'],
    ['shop', 'endpoints.split', USER, '{"words":[]}'],
    ['shop', 'endpoints.rename', USER, '{"template":"/users/{userId}"}'],
    ['shop', 'endpoints.pin', USER, ''],
  ])
  expect((await run('endpoints', 'split', USER, ...place)).code).toBe(2)
})
