/** For vitest's `globalSetup`: keeps the run's one broker, see shared.ts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, startBroker } from './broker.ts'
import { BROKER_SOCKET } from './shared.ts'

export const setup = async (): Promise<() => Promise<void>> => {
  let broker: Promise<Broker> | undefined
  const server = createServer((socket) => {
    broker ??= startBroker()
    broker.then(
      ({ brokers, secured }) => socket.end(JSON.stringify({ brokers, secured })),
      (error: Error) => socket.end(JSON.stringify({ error: error.message })),
    )
    socket.on('error', () => undefined)
  })
  // A folder of this run's own: process ids come again, and a run that was killed leaves its socket behind.
  const dir = mkdtempSync(join(tmpdir(), 'chaos-proxy-broker-'))
  const path = join(dir, 'socket')
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  process.env[BROKER_SOCKET] = path
  return async () => {
    server.close()
    await broker?.then(
      (started) => started.stop(),
      () => undefined,
    )
    rmSync(dir, { recursive: true, force: true })
  }
}
