/** `kill -USR2` replaces the processes of the ingress, and clients that speak HTTP/2 to it all the while notice nothing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certify, type Certified } from '../ingress/kit/certified.ts'
import { openClient } from '../ingress/kit/http2-client.ts'
import { startCli, type Cli } from './kit/cli.ts'

let backend: Server
let certified: Certified
let dir: string
let cli: Cli | undefined
beforeAll(async () => {
  certified = await certify()
  dir = mkdtempSync(join(tmpdir(), 'cp-http2-restart-'))
  backend = createServer((_, answer) => setTimeout(() => answer.end('ok'), 40))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await cli?.end('SIGTERM')
  backend.close()
  certified.remove()
  rmSync(dir, { recursive: true, force: true })
})

/** Patient with the backend: what fails here shall be the proxy's doing. */
const configure = (): string => {
  const file = join(dir, 'chaos-proxy.yaml')
  const config = {
    version: 1,
    listen: { port: 0, workers: 2, tls: certified.tls },
    services: [
      {
        name: 'shop',
        upstreams: [{ url: `http://127.0.0.1:${(backend.address() as AddressInfo).port}` }],
        health: { active: { enabled: false }, passive: { enabled: false } },
        breaker: { minRequests: 1_000_000 },
        timeouts: { connect: '60s', response: '60s' },
        ghost: { mode: 'off' },
      },
    ],
    log: { dir },
    telemetry: { accessLog: join(dir, 'access.log') },
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

test.skipIf(process.platform !== 'linux')('no request fails', { timeout: 120_000 }, async () => {
  const running = (cli = startCli(['ingress', '--config', configure(), '--json'], { cwd: dir }))
  const [, port] = await running.until(/"port":(\d+).*ingress is ready/)
  const clients = [1, 2].map(() => openClient(() => Number(port), certified.authority.cert))
  const answers: string[] = []
  let over = false
  const asking = clients.flatMap(({ ask }) =>
    [1, 2].map(async () => {
      while (!over) answers.push(await ask('/x'))
    }),
  )
  running.process.kill('SIGUSR2')
  await running.until(/was replaced[^]*was replaced/)
  over = true
  await Promise.all(asking)
  for (const client of clients) client.close()
  expect(answers.filter((answer) => answer !== '200 ok')).toEqual([])
  expect(await running.end('SIGTERM')).toBe(0)
  expect(running.output()).toMatch(new RegExp(`"requests":${answers.length},.*ingress stopped`))
  const lines = readFileSync(join(dir, 'access.log'), 'utf8').trim().split('\n')
  const served = lines.map((line) => JSON.parse(line) as { status: number; complete: boolean })
  expect(served.filter(({ status, complete }) => status === 200 && complete)).toHaveLength(answers.length)
})
