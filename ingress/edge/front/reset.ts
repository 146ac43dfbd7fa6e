/** The hard end of a connection. */
import type { Socket } from 'node:net'

/** The peer sees a reset, and no end of what it reads; under TLS too, where Node resets only what carries it. */
export const reset = (socket: Socket): void => {
  const below = (socket as Socket & { readonly _parent?: Socket })._parent
  ;(below ?? socket).resetAndDestroy()
  if (below !== undefined) socket.destroy()
}
