/**
 * The console's address while its process is still coming: who knocks waits, unread, and is let in as soon as it serves. The
 * listening socket itself goes to that process, so that there is no moment in which nobody listens.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { CliError } from '../cli/failure.ts'

/** So many may wait; who comes then is turned away. */
const MOST = 256

export interface Doorway {
  /** Gives the listening socket and then all who wait. Resolves with false when that was done before. */
  handOver(give: (handle: Server | Socket) => Promise<unknown>): Promise<boolean>
  close(): void
}

export const openDoorway = async ({ host, port }: { host: string; port: number }): Promise<Doorway> => {
  const waiting = new Set<Socket>()
  let open = true
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    if (waiting.size >= MOST) return void socket.destroy()
    waiting.add(socket)
    socket.once('error', () => socket.destroy()).once('close', () => waiting.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new CliError(`the console cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, {
          cure: 'choose another address with admin.host, or another port with --admin-port (0: any)',
        }),
      ),
    )
    server.listen({ host, port, exclusive: true }, resolve)
  })
  const close = (): void => {
    open = false
    server.close()
    for (const socket of waiting) socket.destroy()
  }
  return {
    handOver: async (give) => {
      if (!open) return false
      await give(server)
      open = false
      server.close()
      for (const socket of waiting) await give(socket).catch(() => socket.destroy())
      return true
    },
    close,
  }
}
