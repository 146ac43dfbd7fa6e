import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { anEndpoint } from '../../schemas/semantics/openapi/kit.ts'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { run } from './run.ts'

let dir: string
let started: Started
let place: readonly string[]
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-openapi-'))
  started = await startTestConsole()
  place = ['--data-dir', dir, '--admin-port', String(started.console.port)]
  for (const id of ['shop GET /a/{id}', 'blog GET /b']) await started.at.put('endpoints', id, [anEndpoint(id)])
  await expect.poll(async () => (await run('openapi', '--json', ...place)).out).toContain('/b')
})
afterEach(async () => {
  await started.console.close()
  await started.at.log.close()
  rmSync(dir, { recursive: true, force: true })
})

test('openapi prints the document, or writes it as the file’s name says', async () => {
  const { code, out } = await run('openapi', ...place)
  expect([code, Object.keys(parse(out).paths)]).toEqual([0, ['/a/{id}', '/b']])
  const yaml = join(dir, 'api.yaml')
  expect(await run('openapi', '-o', yaml, ...place)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^2 operations on 2 paths, written to .*api\.yaml/),
  })
  expect(readFileSync(yaml, 'utf8')).toMatch(/^openapi: 3\.1\.0\n/)
  const json = join(dir, 'api.json')
  await run('openapi', '-o', json, '--service', 'blog', ...place)
  expect(Object.keys(JSON.parse(readFileSync(json, 'utf8')).paths)).toEqual(['/b'])
})

test('openapi says what is wrong and how to cure it', async () => {
  const none = await run('openapi', '--service', 'none', ...place)
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('nothing was learned of a service none')])
  const away = await run('openapi', '-o', join(dir, 'no', 'folder', 'api.yaml'), ...place)
  expect([away.code, away.err]).toEqual([1, expect.stringContaining('name another file with -o')])
})
