/** How many connections each client has, for the bound on that. */
import type { Socket } from 'node:net'

/** Whether one more is allowed; it is counted until its socket closes. `most` 0: any number. */
export const openCrowd = (most: number): ((peer: string, socket: Socket) => boolean) => {
  const counts = new Map<string, number>()
  return (peer, socket) => {
    if (most === 0) return true
    const count = (counts.get(peer) ?? 0) + 1
    counts.set(peer, count)
    socket.once('close', () => {
      const left = (counts.get(peer) ?? 1) - 1
      if (left === 0) counts.delete(peer)
      else counts.set(peer, left)
    })
    return count <= most
  }
}
