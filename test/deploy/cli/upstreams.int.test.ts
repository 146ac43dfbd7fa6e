/** `upstreams` as a person types it: command line, admin API, log and an ingress that obeys. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, listen, openStand, type Stand } from '../../ingress/kit/stand.ts'
import { startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { run, type Ran } from './run.ts'

let dir: string
let stand: Stand
let started: Started
let other: Server
let second: string
let ids: { first: string; second: string }

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-upstreams-'))
  other = createServer((_req, res) => res.end('second'))
  const port = await listen(other)
  second = `http://127.0.0.1:${port}`
  stand = await openStand({
    backend: (_req, res) => res.end('first'),
    service: {
      ghost: { mode: 'off' },
      balance: { slowStart: 0 },
      health: { path: '/', every: 60_000, timeout: 500, unhealthyAfter: 1, healthyAfter: 1 },
    },
    options: { heartbeat: 20 },
  })
  started = await startTestConsole({ log: stand.log, codecs: stand.codecs })
  ids = { first: `shop@127.0.0.1:${stand.backendPort}`, second: `shop@127.0.0.1:${port}` }
  await expect.poll(() => upstreams('list')).toMatchObject({ out: expect.stringContaining(ids.first) })
})
afterEach(async () => {
  await started.console.close()
  await stand.close()
  other.closeAllConnections()
  other.close()
  rmSync(dir, { recursive: true, force: true })
})

const upstreams = (...args: string[]): Promise<Ran> =>
  run('upstreams', ...args, '--admin-port', String(started.console.port), '--data-dir', dir)
const listed = async (): Promise<Record<string, string>> => {
  const all = JSON.parse((await upstreams('list', '--json')).out) as { id: string; state: string; weight: number }[]
  return Object.fromEntries(all.map(({ id, state, weight }) => [id, `${state} ${weight}`]))
}
const answers = async (): Promise<string> => {
  const found = new Set<string>()
  for (let i = 0; i < 8; i++) found.add(await (await fetch(stand.url)).text())
  return [...found].toSorted().join(' ')
}

test('adds, weighs, drains and removes; every word is obeyed, and what was said outlives the ingress', async () => {
  expect(await listed()).toEqual({ [ids.first]: 'up 1' })
  expect(await upstreams('add', second, '--weight', '2')).toMatchObject({
    code: 0,
    out: expect.stringContaining(ids.second),
  })
  await eventually('both answer', async () => (await answers()) === 'first second')
  await eventually('it is listed', async () => (await listed())[ids.second] === 'up 2')
  expect(await upstreams('weight', ids.second, '3')).toMatchObject({ code: 0, out: `${ids.second} has weight 3\n` })
  expect(await upstreams('drain', ids.first)).toMatchObject({ code: 0 })
  await eventually('one answers', async () => (await answers()) === 'second')
  await eventually('all is listed', async () => {
    const all = await listed()
    return all[ids.first] === 'drained 1' && all[ids.second] === 'up 3'
  })
  expect(await upstreams('remove', ids.second)).toMatchObject({
    code: 1,
    err: expect.stringContaining('last upstream'),
  })
  expect(await upstreams('drain', ids.first, '--undo')).toMatchObject({ code: 0 })
  expect(await upstreams('remove', second)).toMatchObject({ code: 0 })
  await eventually('the other answers', async () => (await answers()) === 'first')
  expect(Object.keys(await listed())).toEqual([ids.first])
  await upstreams('add', second, '--drained')
  expect((await listed())[ids.second]).toBe('drained 1')
  await upstreams('reset', ids.second)
  await eventually('it is as configured', async () => Object.keys(await listed()).length === 1)
})

test('asks an upstream how it is', async () => {
  expect((await upstreams('check', ids.first)).out).toBe(`${ids.first} is up (up: / answered 200)\n`)
  await stand.stopBackend()
  expect((await upstreams('check', ids.first)).out).toBe(`${ids.first} is down (down: ECONNREFUSED)\n`)
})

test.each([
  [['add', 'nonsense://x'], 1, 'expected http://host:port'],
  [['add', 'http://a/b'], 1, 'expected http://host:port'],
  [['add', 'http://a', '--service', 'shpo'], 1, 'there is no service shpo; there are: shop'],
  [['add', 'http://a', '--weight', '-1'], 2, 'expected a weight'],
  [['drain', 'shop@nowhere:1'], 1, 'there is no upstream shop@nowhere:1'],
])('refuses %j with its cure', async (args, code, said) => {
  expect(await upstreams(...args)).toMatchObject({ code, err: expect.stringContaining(said) })
})
