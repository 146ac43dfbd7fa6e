/** What is published: packed, installed in an empty folder without running anything, and used. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBookstore, type Bookstore } from '../../deploy/demo/bookstore/server.ts'
import { eventually } from './kit/cli.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
let dir: string
let shop: Bookstore
let dev: ChildProcess | undefined
let output = ''

const app = (): string => join(dir, 'app')
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-package-'))
  const dist = join(dir, 'dist')
  execFileSync(process.execPath, ['deploy/build.mjs'], {
    cwd: root,
    env: { ...process.env, CHAOS_PROXY_DIST: dist },
    stdio: 'pipe',
  })
  npm(['pack', dist, '--pack-destination', dir], dir)
  mkdirSync(app())
  writeFileSync(join(app(), 'package.json'), '{"private":true}')
  writeFileSync(join(app(), '.npmrc'), 'strict-allow-scripts=true\n')
  const [tarball] = readdirSync(dir).filter((name) => name.endsWith('.tgz'))
  npm(['install', '--offline', join(dir, tarball as string)], app())
  shop = await startBookstore()
}, 240_000)

afterAll(async () => {
  dev?.kill('SIGKILL')
  await shop.stop()
  rmSync(dir, { recursive: true, force: true })
})

const bin = (): string => join(app(), 'node_modules/.bin/chaos-proxy')
const run = (...args: string[]): string =>
  execFileSync(bin(), args, { cwd: app(), encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })

describe.sequential('the package', () => {
  test('it is one package, without dependencies and without install scripts', () => {
    const installed = readdirSync(join(app(), 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(installed).toEqual(['chaos-proxy'])
    const manifest = JSON.parse(readFileSync(join(app(), 'node_modules/chaos-proxy/package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(manifest['dependencies']).toBeUndefined()
    expect(manifest['scripts']).toBeUndefined()
  })

  test('its commands run', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(run('--version').trim()).toBe(version)
    expect(run('topology')).toContain('Locator: templates')
    expect(JSON.parse(run('config', 'schema'))).toMatchObject({ type: 'object' })
  })

  test('dev proxies, learns, and answers as a ghost', async () => {
    dev = spawn(bin(), ['--target', shop.url, '--port', '0', '--admin-port', '0'], {
      cwd: app(),
      env: { ...process.env, NO_COLOR: '1' },
    })
    dev.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    dev.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
    await eventually('ready', () => /"msg":"ready"/.test(output) || dev?.exitCode !== null, 60_000)
    const line = /^.*"msg":"ready".*$/m.exec(output)?.[0]
    expect(line, output).toBeDefined()
    const { proxy, admin } = JSON.parse(line as string) as { proxy: string; admin: string }
    for (let i = 0; i < 5; i++) expect((await fetch(`${proxy}/books/7`)).status).toBe(200)
    await eventually('all roles run', () => /"msg":"all roles run"/.test(output))
    expect((await fetch(`${admin}/`)).headers.get('content-type')).toContain('text/html')
    const settled = (await (await fetch(`${admin}/api/pipeline?wait=60`)).json()) as { caught_up: boolean }
    expect(settled.caught_up).toBe(true)
    await shop.stop()
    const ghost = await fetch(`${proxy}/books/7`)
    expect([ghost.status, ghost.headers.get('x-ghost')]).toEqual([200, 'exact'])
    expect(existsSync(join(app(), '.chaos-proxy/default/database'))).toBe(true)
  }, 100_000)

  test('Ctrl-C ends it', async () => {
    dev?.kill('SIGINT')
    await eventually('it ends', () => dev?.exitCode !== null, 20_000)
    expect(dev?.exitCode).toBe(130)
  })
})
