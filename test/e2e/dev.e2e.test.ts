/** `dev` as a user has it: a backend, traffic, an outage, ghosts, the backend back, Ctrl-C, and nothing left behind. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBookstore, type Bookstore } from '../../deploy/demo/bookstore/server.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'

let dir: string
let shop: Bookstore
let dev: Cli
let proxy: string
let admin: string
let early: Promise<Response>

const ready = async (cli: Cli): Promise<{ proxy: string; admin: string; ms: number }> => {
  const [line] = await cli.until(/^.*"msg":"ready".*$/m, 100_000)
  return JSON.parse(line) as { proxy: string; admin: string; ms: number }
}

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(proxy + path, { headers })
  return {
    status: answer.status,
    ghost: answer.headers.get('x-ghost'),
    headers: answer.headers,
    body: await answer.text(),
  }
}

/** Processes whose ancestor is `pid`, by /proc. */
const descendants = (pid: number): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    return children.flatMap((child) => [child, ...descendants(child)])
  } catch {
    return []
  }
}
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

const settled = async (): Promise<void> =>
  await eventually(
    'everything is learned',
    async () => {
      const said = await fetch(`${admin}/api/pipeline`).then(
        (r) => r.json() as Promise<{ caught_up: boolean }>,
        () => undefined,
      )
      return said?.caught_up === true
    },
    60_000,
  )

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-dev-'))
  shop = await startBookstore()
  dev = startCli(['--target', shop.url, '--port', '0', '--admin-port', '0', '--service', 'bookstore'], { cwd: dir })
  ;({ proxy, admin } = await ready(dev))
  early = fetch(`${admin}/livez`)
  early.catch(() => undefined)
}, 120_000)

afterAll(async () => {
  await dev.end('SIGKILL')
  await shop.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe.sequential('dev', () => {
  test('answers of the backend pass as they are, unmarked', async () => {
    const direct = await fetch(`${shop.url}/books/7`)
    const passed = await get('/books/7', { 'x-ghost': 'forged' })
    expect(passed.status).toBe(200)
    expect(passed.body).toBe(await direct.text())
    expect(passed.ghost).toBeNull()
    expect(passed.headers.get('etag')).toBe(direct.headers.get('etag'))
    expect(passed.headers.get('server-timing')).toMatch(/^proxy;dur=.*upstream;dur=/)
    expect((await get('/books/9999')).status).toBe(404)
  })

  test('who asks the console as soon as its address is told waits for it, and is not refused', async () => {
    expect(await early.then((answer) => answer.text())).toBe('ok')
  })

  test('when the backend dies ghosts answer, marked, with what it would have said', async () => {
    const before = new Map<string, string>()
    for (let round = 0; round < 3; round++)
      for (let id = 1; id <= 12; id++)
        for (const path of [`/books/${id}`, `/authors/${id}`]) before.set(path, (await get(path)).body)
    await settled()
    await shop.stop()
    for (const [path, body] of before) {
      const ghost = await get(path)
      expect([path, ghost.status, ghost.ghost]).toEqual([path, 200, 'exact'])
      expect(ghost.body).toBe(body)
      expect(ghost.headers.get('cache-control')).toBe('no-store')
    }
    expect((await get('/books/9999')).status).toBe(404)
    await dev.until(/"kind":"down"/)
  })

  test('a write in the outage is refused honestly', async () => {
    const answer = await fetch(`${proxy}/login`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(answer.headers.get('x-ghost')).toBeNull()
  })

  test('when the backend is back, it answers, unmarked', async () => {
    await shop.start()
    await eventually('an unmarked answer', async () => (await get('/books/7')).ghost === null, 20_000)
    await eventually('it stays so', async () => (await get('/books/8')).ghost === null, 10_000)
  })

  test('an endpoint shows its newest exchanges, with bodies, and its figures by the minute', async () => {
    const path = `${admin}/admin/endpoints/${encodeURIComponent('bookstore GET /books/{id}')}`
    interface Samples {
      readonly items: { endpoint: string; response: { body: { text: string } } | null }[]
    }
    const { items } = (await (await fetch(`${path}/samples?limit=3`)).json()) as Samples
    expect(items.map(({ endpoint }) => endpoint)).toEqual(Array(3).fill('bookstore GET /books/{id}'))
    expect(JSON.parse(items[0]?.response?.body.text ?? '')).toHaveProperty('title')
    interface Stats {
      readonly count: number
      readonly statuses: Record<string, number>
      readonly windows: { count: number }[]
    }
    let stats: Stats = { count: 0, statuses: {}, windows: [] }
    await eventually('a minute is over', async () => {
      stats = (await (await fetch(`${path}/stats`)).json()) as Stats
      return stats.count > 0
    })
    expect(stats.windows.reduce((sum, { count }) => sum + count, 0)).toBe(stats.count)
    expect(stats.statuses['200']).toBeGreaterThan(0)
    expect((await fetch(`${admin}/admin/endpoints/none/stats`)).status).toBe(404)
  })

  test('the metrics of all three processes are on one page', async () => {
    const page = await (await fetch(`${admin}/metrics`)).text()
    for (const role of ['ingress', 'processors', 'console'])
      expect(page).toMatch(new RegExp(`^chaosproxy_process_cpu_seconds_total\\{[^}]*role="${role}"`, 'm'))
    expect(page).toMatch(/^chaosproxy_.*requests?_total\{[^}]*service="bookstore"/m)
    expect(page).toMatch(/^chaosproxy_sink_rows_total/m)
  })

  test('a role that is killed is started again, and requests do not notice', async () => {
    const [processors] = descendants(dev.process.pid as number)
    expect(processors).toBeDefined()
    process.kill(processors as number, 'SIGKILL')
    dev.process.kill('SIGUSR2')
    expect((await get('/books/7')).status).toBe(200)
    await dev.until(/SIGUSR2 replaces/)
    await dev.until(/"msg":"(processors|console) runs again"/, 40_000)
  })

  test('the key is its owner’s alone, and what runs is written down', () => {
    expect(statSync(join(dir, '.chaos-proxy/default/secret.key')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(join(dir, '.chaos-proxy/default/run.json'), 'utf8'))).toMatchObject({ proxy, admin })
  })

  test('a second dev on the same profile is told who holds it', async () => {
    const second = startCli(['--target', shop.url, '--port', '0', '--admin-port', '0'], { cwd: dir })
    await expect(second.until(/"msg":"ready"/, 60_000)).rejects.toThrow(/another/i)
    expect(second.process.exitCode).toBe(1)
    expect(second.output()).not.toMatch(/^\s+at /m)
  })

  test('Ctrl-C drains, says four things, exits 130, and leaves no process behind', async () => {
    const family = descendants(dev.process.pid as number)
    expect(family.length).toBeGreaterThanOrEqual(3)
    expect(await dev.end('SIGINT')).toBe(130)
    const last = JSON.parse(dev.output().trim().split('\n').at(-1) as string) as Record<string, unknown>
    expect(last).toMatchObject({ msg: 'stopped', lost: 0 })
    expect(Number(last['requests'])).toBeGreaterThan(70)
    expect(Number(last['ghosts'])).toBeGreaterThanOrEqual(24)
    await eventually('every process is gone', () => family.every((pid) => !lives(pid)), 10_000)
  })

  test('after kill -9 of the parent the children end by themselves, and a new start goes on with what was learned', async () => {
    const again = startCli(['--target', shop.url, '--port', '0', '--admin-port', '0', '--service', 'bookstore'], {
      cwd: dir,
    })
    ;({ proxy, admin } = await ready(again))
    const family = descendants(again.process.pid as number)
    await shop.stop()
    await eventually('a ghost of the last life', async () => (await get('/books/3')).ghost === 'exact', 20_000)
    await again.end('SIGKILL')
    await eventually('every child is gone', () => family.every((pid) => !lives(pid)), 20_000)
  })
})

test('a busy port that a person named fails with a cure, without a stack', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await eventually('it listens', () => blocker.listening)
  const { port } = blocker.address() as AddressInfo
  const cli = startCli(['--target', 'http://127.0.0.1:9', '--port', String(port)], { cwd: dir })
  await cli
    .until(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is busy\\s+stop what listens there`), 30_000)
    .finally(() => blocker.close())
  await eventually('it ends', () => cli.process.exitCode !== null)
  expect(cli.process.exitCode).toBe(1)
  expect(cli.output()).not.toMatch(/^\s+at /m)
})
