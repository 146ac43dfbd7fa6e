/** What a person sees who makes a slip: what, where, the cure, no stack, and the exit code. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'cp-cli-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `${root}node_modules/tsx/dist/loader.mjs`, `${root}deploy/cli/main.ts`, ...args],
    { cwd: dir, encoding: 'utf8', env: { PATH: process.env['PATH'], NO_COLOR: '1' } },
  )
  return { status, stdout, stderr }
}

test.each([
  [['topolgy'], 'there is no command "topolgy"; did you mean "topology"?'],
  [['dev', '--prot', '1'], "unknown option '--prot'"],
  [['mode', 'mok'], 'off, failover, mock'],
  [['topics', 'describe', 'endpoint'], 'did you mean "endpoints"?'],
  [['dev'], 'there is nothing to stand in front of'],
  [['dev', '--target', 'http://localhost:1', '--bus', 'amqp://x'], 'write kafka://host:9092'],
  [['dev', '--target', 'http://localhost:1', '--port', 'eighty'], '--port: listen.port: expected a port number'],
])('%j is a usage error with a cure', (args, said) => {
  const { status, stdout, stderr } = run(...args)
  expect(stderr).toContain(said)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test('a file with several problems tells all of them and exits 2; a good one exits 0', () => {
  const file = join(dir, 'bad.yaml')
  writeFileSync(file, 'listen: { prot: 1 }\nlog: { retention: soon }\n')
  const bad = run('config', 'check', '--config', file)
  expect(bad.status).toBe(2)
  expect(bad.stderr).toContain('The configuration has 2 problems')
  expect(bad.stderr).toContain('bad.yaml:1:11: unknown key "listen.prot"; did you mean "port"?')
  expect(bad.stderr).toContain('bad.yaml:2:19: log.retention: expected a duration')
  expect(run('config', 'init').status).toBe(0)
  expect(run('config', 'check')).toMatchObject({ status: 0, stdout: 'chaos-proxy.yaml: fine; 1 service\n' })
  expect(run('config', 'init')).toMatchObject({ status: 1 })
})

test('secrets are not shown, origins are', () => {
  const file = join(dir, 'secret.yaml')
  writeFileSync(file, 'admin: { token: hush }\ndatabase: { url: "postgres://me:hush@db/x" }\n')
  const { stdout } = run('config', 'show', '--origin', '--config', file, '--port', '9')
  expect(stdout).not.toContain('hush')
  expect(stdout).toMatch(/listen\.port: 9\s+# --port/)
  expect(stdout).toMatch(/admin\.token: "\*\*\*"\s+# .*secret\.yaml:1:17/)
  expect(stdout).toMatch(/listen\.host: "127\.0\.0\.1"\s+# default/)
})

test('nothing runs: mode says so, with a cure, and exits 1', () => {
  const { status, stderr } = run('mode', '--admin-port', '9')
  expect(stderr).toContain('does not answer')
  expect(stderr).toContain('chaos-proxy dev')
  expect(status).toBe(1)
})
