/**
 * What happens on a client's connection before HTTP: the word of a load balancer on who it is (PROXY protocol), TLS, and
 * the choice of the protocol.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls'
import { readProxyHeader } from '../proxy-protocol.ts'
import type { ListenTls } from '../tls.ts'
import type { Client } from './http2.ts'

type Protocol = 'http/1.1' | 'h2'

/** Several processes accept from one port: whose a connection is, is settled before anything is read from it. */
export interface Accepting {
  /** Asked for each connection that is accepted here, which is paused; false: another process has it now. */
  readonly keep: (socket: Socket) => boolean
  /** Called once, with the way in for what others accepted. */
  readonly open: (enter: (socket: Socket) => void) => void
}

export interface DoorSettings {
  readonly tls: ListenTls | undefined
  /** Who may connect, and speaks the PROXY protocol then; undefined: everybody may, and nobody does. */
  readonly balancers: ((address: string) => boolean) | undefined
  /** Other processes accept from the same port; undefined: all that is accepted is served here. */
  readonly accepting: Accepting | undefined
  /** Without TLS clients may speak HTTP/2 as well, without asking (RFC 9113 section 3.3). */
  readonly h2c: boolean
  /** ms for all of it. */
  readonly patience: number
  /** A client may speak now. */
  readonly enter: (socket: Socket, protocol: Protocol, client: Client) => void
  readonly refused: (reason: string) => void
}

const NO_BYTES = Buffer.alloc(0)

/** What the first bytes say; `length`: so many of them are not for whoever goes on. */
type Begun =
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid'; readonly detail: string }
  | { readonly kind: 'begun'; readonly length: number; readonly go: () => void }

/** Looks at the first bytes until they say enough. Who does not say it in time is cut off, for the reason `late`. */
const lookFirst = (socket: Socket, settings: DoorSettings, late: string, judge: (bytes: Buffer) => Begun): void => {
  let bytes: Buffer = NO_BYTES
  const giveUp = (reason: string): void => {
    settings.refused(reason)
    socket.destroy()
  }
  const timer = setTimeout(() => giveUp(late), settings.patience)
  const onEnd = (): void => void socket.destroy()
  const onData = (more: Buffer): void => {
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
    const begun = judge(bytes)
    if (begun.kind === 'more') return
    clearTimeout(timer)
    if (begun.kind === 'invalid') return giveUp(begun.detail)
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.pause()
    if (bytes.length > begun.length) socket.unshift(bytes.subarray(begun.length))
    begun.go()
  }
  socket.on('data', onData)
  socket.on('end', onEnd)
  socket.resume()
  socket.on('close', () => clearTimeout(timer))
}

const NO_PROXY = 'the PROXY protocol header did not come in time'

/** Reads the balancer's header; `then` with the client's address once it is there. Who does not speak it is cut off. */
const readProxy = (socket: Socket, settings: DoorSettings, then: (peer: string) => void): void =>
  lookFirst(socket, settings, NO_PROXY, (bytes) => {
    const header = readProxyHeader(bytes)
    if (header.kind === 'more' || header.kind === 'invalid') return header
    const { length, source } = header
    return { kind: 'begun', length, go: () => then(source?.address ?? socket.remoteAddress ?? '') }
  })

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Without TLS only the first bytes tell the protocol. */
const readPreface = (socket: Socket, settings: DoorSettings, then: (protocol: Protocol) => void): void =>
  lookFirst(socket, settings, 'no request came in time', (bytes) => {
    const seen = Math.min(bytes.length, PREFACE.length)
    const protocol = PREFACE.compare(bytes, 0, seen, 0, seen) === 0 ? 'h2' : 'http/1.1'
    if (protocol === 'h2' && seen < PREFACE.length) return { kind: 'more' }
    return { kind: 'begun', length: 0, go: () => then(protocol) }
  })

/** Peers by socket, for connections whose TLS begins later. */
type Peers = WeakMap<object, string>

const secureServer = (settings: DoorSettings, tls: ListenTls, peers: Peers): TlsServer => {
  const server = createTlsServer({
    ...tls.options,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: settings.patience,
    allowHalfOpen: true,
  })
  tls.renew(server)
  server.on('tlsClientError', (error, socket) => {
    settings.refused(error.message)
    socket.destroy()
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    const objection = tls.objection(socket)
    if (objection !== '') {
      settings.refused(objection)
      return void socket.destroy()
    }
    socket.setNoDelay(true)
    const parent = (socket as TLSSocket & { readonly _parent?: object })._parent
    const peer = peers.get(parent ?? socket) ?? socket.remoteAddress ?? ''
    settings.enter(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', { peer, secure: true })
  })
  return server
}

/** The server to listen with. */
export const openDoor = (settings: DoorSettings): Server => {
  const peers: Peers = new WeakMap()
  const secure = settings.tls === undefined ? undefined : secureServer(settings, settings.tls, peers)
  const begin = (socket: Socket, peer: string): void => {
    if (secure === undefined) {
      const enterAs = (protocol: Protocol): void => {
        settings.enter(socket, protocol, { peer, secure: false })
        socket.resume()
      }
      return settings.h2c ? readPreface(socket, settings, enterAs) : enterAs('http/1.1')
    }
    peers.set(socket, peer)
    secure.emit('connection', socket)
  }
  const enter = (socket: Socket): void => {
    socket.on('error', () => socket.destroy())
    const { remoteAddress = '' } = socket
    if (settings.balancers === undefined) begin(socket, remoteAddress)
    else if (settings.balancers(remoteAddress)) readProxy(socket, settings, (peer) => begin(socket, peer))
    else {
      settings.refused('it is none of the balancers in listen.trustedProxies')
      socket.destroy()
    }
  }
  const { accepting } = settings
  accepting?.open(enter)
  const pauseOnConnect = accepting !== undefined
  return createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true, pauseOnConnect }, (socket) => {
    if (accepting === undefined || accepting.keep(socket)) enter(socket)
  })
}
