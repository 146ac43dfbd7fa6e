/** A process with a small heap, and more requests than it could hold: it refuses some, and lives. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { eventually } from './kit/stand.ts'

const script = fileURLToPath(new URL('../bench/ingress.ts', import.meta.url))
const sockets: Socket[] = []
let backend: Server
let proxy: ChildProcess
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  if (proxy.exitCode === null) {
    proxy.kill('SIGKILL')
    await once(proxy, 'close')
  }
  backend.close()
})

const HEAP_MIB = 96
const REQUESTS = 4000
const HEAD = `GET / HTTP/1.1\r\nhost: a\r\nx-pad: ${'y'.repeat(7000)}\r\nx-more: ${'z'.repeat(7000)}`

it('a flood of requests that nobody answers does not end the process', { timeout: 60_000 }, async () => {
  backend = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined).resume()
  })
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  const env = {
    ...process.env,
    PORT: '0',
    BACKEND: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
    LOG: 'none',
  }
  const args = [`--max-old-space-size=${HEAP_MIB}`, '--import', 'tsx', script]
  proxy = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const [address] = (await once(proxy.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const { port } = new URL(address.toString())
  const statuses = new Map<string, number>()
  for (let i = 0; i < REQUESTS; i++) {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${HEAD}${i}\r\n\r\n`))
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('data', (bytes) => {
      const status = bytes.toString('latin1', 9, 12)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })
    if (i % 200 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually('refusals', () => (statuses.get('503') ?? 0) > 100, 30_000)
  expect(proxy.exitCode).toBeNull()
  // Whoever waits has gone: there is room again.
  for (const socket of sockets.splice(0)) socket.destroy()
  await eventually('room', async () => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'))
    sockets.push(socket)
    const refused = once(socket, 'data').then(() => true)
    return !(await Promise.race([refused, new Promise((resolve) => setTimeout(() => resolve(false), 300))]))
  })
  expect(proxy.exitCode).toBeNull()
})
