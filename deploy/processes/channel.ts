/**
 * Two processes and one pipe: each may call what the other offers, and tell it things without an answer. Fork's IPC
 * carries it, and sockets with it. A call whose other end goes away is rejected, never left hanging.
 */
import type { Server, Socket } from 'node:net'

export type Handler = (value: never, socket?: Socket) => unknown

export interface Channel {
  /** Asks the other side; rejects with its error's message, or when it goes away. A socket stays open here too. */
  call<T>(name: string, value?: unknown, socket?: Socket | Server): Promise<T>
  /** A socket is the other side's alone then. */
  tell(name: string, value: unknown, socket?: Socket): void
}

/** Whether a socket stays open on this side. */
interface How {
  readonly keepOpen: boolean
}

/** What fork's two ends have in common. */
export interface Pipe {
  send?(message: unknown, socket: Socket | Server | undefined, how: How, done: (error: Error | null) => void): unknown
  on(event: 'message', listener: (message: unknown, socket?: Socket) => void): unknown
  once(event: 'disconnect' | 'close', listener: () => void): unknown
}

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly value: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly code: string }
  | { readonly kind: 'tell'; readonly name: string; readonly value: unknown }

/** What the other side's error was; `code` survives the pipe (EADDRINUSE, locked). */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** The code of a call whose socket never left this process. */
export const UNSENT = 'unsent'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

interface Said {
  readonly name: string
  readonly value: unknown
  readonly socket: Socket | undefined
}

const run = async (handler: Handler | undefined, { name, value, socket }: Said): Promise<unknown> => {
  if (!handler) throw new Error(`nobody answers to "${name}"`)
  return await (handler as (value: unknown, socket?: Socket) => unknown)(value, socket)
}

/** Opens this end. `handlers` are what the other side may call or tell. */
export const openChannel = (pipe: Pipe, handlers: Readonly<Record<string, Handler>>): Channel => {
  const waiting = new Map<number, Waiting>()
  let next = 0
  let gone = false
  const send = (message: Message, socket?: Socket | Server): void => {
    if (gone) return
    pipe.send?.(message, socket, { keepOpen: message.kind === 'call' }, (error) => {
      if (error !== null && socket !== undefined) refuse(message, error)
      else if (error !== null) lose()
    })
  }
  /** A socket that cannot be sent says nothing about the pipe. */
  const refuse = (message: Message, { message: why }: Error): void => {
    if (message.kind === 'call') settle({ kind: 'failed', id: message.id, message: why, code: UNSENT })
  }
  const lose = (): void => {
    gone = true
    for (const { reject } of waiting.values()) reject(new RemoteError('the other process went away', 'gone'))
    waiting.clear()
  }
  const answer = async (id: number, said: Said): Promise<void> => {
    try {
      send({ kind: 'reply', id, value: await run(handlers[said.name], said) })
    } catch (cause) {
      const error = cause as Error & { code?: string }
      send({ kind: 'failed', id, message: error.message, code: String(error.code ?? '') })
    }
  }
  const settle = (message: Message & { readonly id: number }): void => {
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'reply') waiter?.resolve(message.value)
    else if (message.kind === 'failed') waiter?.reject(new RemoteError(message.message, message.code))
  }
  pipe.on('message', (raw, socket) => {
    const message = raw as Message
    if (message.kind === 'call') void answer(message.id, { ...message, socket })
    else if (message.kind === 'tell') void run(handlers[message.name], { ...message, socket }).catch(() => undefined)
    else settle(message)
  })
  pipe.once('disconnect', lose)
  // Node does not say `disconnect` while a socket that was sent waits to be acknowledged: then the end of the process must do.
  pipe.once('close', lose)
  return {
    call: <T>(name: string, value?: unknown, socket?: Socket | Server) =>
      new Promise<T>((resolve, reject) => {
        if (gone) return reject(new RemoteError('the other process went away', socket ? UNSENT : 'gone'))
        const id = next++
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        send({ kind: 'call', id, name, value }, socket)
      }),
    tell: (name, value, socket) => send({ kind: 'tell', name, value }, socket),
  }
}
