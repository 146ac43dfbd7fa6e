/** The two ends of what a process and its child have between them. */
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { randomUUID } from 'node:crypto'

export interface Pipe {
  readonly near: Socket
  readonly far: Socket
  close(): void
}

export const openPipe = async (): Promise<Pipe> => {
  const name = randomUUID().slice(0, 8)
  const place = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `cp-${name}.sock`)
  const server = net.createServer().listen(place)
  await once(server, 'listening')
  const far = net.connect(place)
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  return {
    near,
    far,
    close: () => {
      near.destroy()
      far.destroy()
    },
  }
}
