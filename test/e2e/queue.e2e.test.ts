/**
 * `ghost.writes: queue` as a user has it: the backend dies, writes get 202, everything of Chaos-Proxy is killed, started
 * again, the backend comes back: each write is there once, in order; and a refused one is shown and replayed by command.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, startCli, type Cli } from './kit/cli.ts'

const WRITES = 6
const SENDERS = ['Bearer ann', 'Bearer ben']

interface Got {
  readonly sender: string
  readonly key: string
  readonly n: number
}

let dir: string
let port: number
let backend: Server
const got: Got[] = []
/** Numbers that the backend refuses. */
const refused = new Set([3])
let dev: Cli
let proxy: string
let admin: string

const startBackend = async (): Promise<void> => {
  backend = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      if (request.method === 'GET') return void response.end('{}')
      const { n } = JSON.parse(body) as { n: number }
      if (refused.has(n)) return void response.writeHead(409).end('{"error":"taken"}')
      const { authorization = '', 'idempotency-key': key } = request.headers
      got.push({ sender: authorization, key: String(key), n })
      response.writeHead(201).end('{}')
    })
  })
  await new Promise<void>((resolve) => backend.listen(port, '127.0.0.1', resolve))
  ;({ port } = backend.address() as AddressInfo)
}
const stopBackend = async (): Promise<void> => {
  backend.closeAllConnections()
  await new Promise((resolve) => backend.close(resolve))
}
const start = async (): Promise<void> => {
  dev = startCli(['dev', '--port', '0', '--admin-port', '0'], { cwd: dir })
  const [line] = await dev.until(/^.*"msg":"ready".*$/m, 100_000)
  ;({ proxy, admin } = JSON.parse(line) as { proxy: string; admin: string })
}

/** The process and all that it started, by /proc. */
const family = (pid: number): number[] => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}
const killAll = async (): Promise<void> => {
  for (const pid of family(dev.process.pid as number)) process.kill(pid, 'SIGKILL')
  await dev.end('SIGKILL')
}

const write = (sender: string, n: number): Promise<Response> =>
  fetch(`${proxy}/notes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: sender },
    body: JSON.stringify({ n }),
  })

interface Listed {
  readonly id: string
  readonly state: string
  readonly replay: { readonly status: number | null; readonly body: string } | null
}
const listed = async (): Promise<readonly Listed[]> =>
  ((await (await fetch(`${admin}/api/ghosts/writes?limit=100`)).json()) as { items: Listed[] }).items

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-queue-'))
  port = 0
  await startBackend()
  const service = { name: 'shop', upstreams: [{ url: `http://127.0.0.1:${port}` }], ghost: { writes: 'queue' } }
  writeFileSync(join(dir, 'chaos-proxy.yaml'), JSON.stringify({ version: 1, services: [service] }))
  await start()
}, 120_000)
afterAll(async () => {
  await dev.end('SIGKILL')
  await stopBackend()
  rmSync(dir, { recursive: true, force: true })
})

test(
  'writes of an outage outlive the backend and Chaos-Proxy, and arrive once, in order',
  { timeout: 200_000 },
  async () => {
    await stopBackend()
    for (let n = 0; n < WRITES; n++) for (const sender of SENDERS) expect((await write(sender, n)).status).toBe(202)
    // At any moment: what has no connection is not being sent.
    await killAll()
    await start()
    await startBackend()
    const expected = [0, 1, 2, 4, 5]
    await eventually('all are there', () => got.length >= SENDERS.length * expected.length)
    for (const sender of SENDERS) expect(got.filter((one) => one.sender === sender).map(({ n }) => n)).toEqual(expected)
    expect(new Set(got.map(({ key }) => key)).size).toBe(got.length)

    await dev.until(/all roles run/)
    const conflicts = async () => (await listed()).filter(({ state }) => state === 'conflict')
    await eventually('both refusals are shown', async () => (await conflicts()).length === SENDERS.length)
    for (const { replay } of await conflicts()) expect(replay).toMatchObject({ status: 409, body: '{"error":"taken"}' })
    refused.clear()
    const told = startCli(['ghosts', 'replay', '--all', '--admin-port', new URL(admin).port, '--json'], { cwd: dir })
    await told.until(/"replayed":\[".+",".+"\]/)
    await eventually('they are done', async () => (await listed()).every(({ state }) => state === 'done'))
    expect(got.filter(({ n }) => n === 3).map(({ sender }) => sender)).toEqual(SENDERS)
    expect(got).toHaveLength(SENDERS.length * WRITES)
  },
)
