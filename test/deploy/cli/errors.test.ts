/** What a person sees who makes a slip: what, where, the cure, no stack, and the exit code. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './run.ts'

const before = process.cwd()
const dir = mkdtempSync(join(tmpdir(), 'cp-cli-'))
beforeAll(() => process.chdir(dir))
afterAll(() => {
  process.chdir(before)
  rmSync(dir, { recursive: true, force: true })
})

test.each([
  [['topolgy'], 'there is no command "topolgy"; did you mean "topology"?'],
  [['dev', '--prot', '1'], "unknown option '--prot'"],
  [['mode', 'mok'], 'off, failover, mock'],
  [['topics', 'describe', 'endpoint'], 'did you mean "endpoints"?'],
  [['dev'], 'there is nothing to stand in front of'],
  [['dev', '--target', 'http://localhost:1', '--bus', 'amqp://x'], 'write kafka://host:9092'],
  [['dev', '--target', 'http://localhost:1', '--port', 'eighty'], '--port: listen.port: expected a port number'],
])('%j is a usage error with a cure', async (args, said) => {
  const { code: status, out: stdout, err: stderr } = await run(...args)
  expect(stderr).toContain(said)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test('a file with several problems tells all of them and exits 2; a good one exits 0', async () => {
  const file = join(dir, 'bad.yaml')
  writeFileSync(file, 'listen: { prot: 1 }\nlog: { retention: soon }\n')
  const bad = await run('config', 'check', '--config', file)
  expect(bad.code).toBe(2)
  expect(bad.err).toContain('The configuration has 2 problems')
  expect(bad.err).toContain('bad.yaml:1:11: unknown key "listen.prot"; did you mean "port"?')
  expect(bad.err).toContain('bad.yaml:2:19: log.retention: expected a duration')
  expect((await run('config', 'init')).code).toBe(0)
  expect(await run('config', 'check')).toMatchObject({ code: 0, out: 'chaos-proxy.yaml: fine; 1 service\n' })
  expect(await run('config', 'init')).toMatchObject({ code: 1 })
})

test.each([['backtest'], ['topics', 'describe', 'exchanges'], ['topics', 'tail', 'exchanges']])(
  'without data, %s %s says which profile has some',
  async (...args) => {
    const place = ['--data-dir', join(dir, 'data')]
    expect((await run(...args, ...place)).err).toContain('chaos-proxy demo')
    mkdirSync(join(dir, 'data', 'demo', 'log'), { recursive: true })
    const { code, err } = await run(...args, ...place)
    expect([code, err]).toEqual([1, expect.stringContaining('there is some of demo: --profile demo')])
    rmSync(join(dir, 'data'), { recursive: true })
  },
)

test('secrets are not shown, origins are', async () => {
  const file = join(dir, 'secret.yaml')
  writeFileSync(file, 'admin: { token: hush }\ndatabase: { url: "postgres://me:hush@db/x" }\n')
  const { out: stdout } = await run('config', 'show', '--origin', '--config', file, '--port', '9')
  expect(stdout).not.toContain('hush')
  expect(stdout).toMatch(/listen\.port: 9\s+# --port/)
  expect(stdout).toMatch(/admin\.token: "\*\*\*"\s+# .*secret\.yaml:1:17/)
  expect(stdout).toMatch(/listen\.host: "127\.0\.0\.1"\s+# default/)
})

test('nothing runs: mode says so, with a cure, and exits 1', async () => {
  const { code: status, err: stderr } = await run('mode', '--admin-port', '9')
  expect(stderr).toContain('does not answer')
  expect(stderr).toContain('chaos-proxy dev')
  expect(status).toBe(1)
})

test('as a process it is the same: the words on stderr, the code for the shell', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const args = ['--import', `${root}node_modules/tsx/dist/loader.mjs`, `${root}deploy/cli/main.ts`, 'topolgy']
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], NO_COLOR: '1' } })
  expect(ran).toMatchObject({ status: 2, stdout: '' })
  expect(ran.stderr).toBe(
    'error  there is no command "topolgy"; did you mean "topology"?\n  chaos-proxy --help lists them\n',
  )
})
