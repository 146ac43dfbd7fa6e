/**
 * What happens on a client's connection before HTTP: the word of a load balancer on who it is (PROXY protocol), TLS, and
 * the choice of the protocol.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls'
import { readProxyHeader } from '../proxy-protocol.ts'
import type { Accepting } from '../../options-listen.ts'
import type { ListenTls } from '../tls.ts'

export interface DoorSettings {
  readonly tls: ListenTls | undefined
  /** Who may connect, and speaks the PROXY protocol then; undefined: everybody may, and nobody does. */
  readonly balancers: ((address: string) => boolean) | undefined
  /** Other processes accept from the same port; undefined: all that is accepted is served here. */
  readonly accepting: Accepting | undefined
  /** ms for all of it. */
  readonly patience: number
  /** A client may speak now. `peer`: its address, as far as it is known. */
  readonly enter: (socket: Socket, peer: string, protocol: 'http/1.1' | 'h2', secure: boolean) => void
  readonly refused: (reason: string) => void
}

const NO_BYTES = Buffer.alloc(0)

/** Reads the balancer's header; `then` with the client's address once it is there. Who does not speak it is cut off. */
const readProxy = (socket: Socket, settings: DoorSettings, then: (peer: string) => void): void => {
  let bytes: Buffer = NO_BYTES
  const giveUp = (reason: string): void => {
    settings.refused(reason)
    socket.destroy()
  }
  const timer = setTimeout(() => giveUp('the PROXY protocol header did not come in time'), settings.patience)
  const onData = (more: Buffer): void => {
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
    const header = readProxyHeader(bytes)
    if (header.kind === 'more') return
    clearTimeout(timer)
    if (header.kind === 'invalid') return giveUp(header.detail)
    socket.off('data', onData)
    socket.pause()
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    then(header.source?.address ?? socket.remoteAddress ?? '')
  }
  socket.on('data', onData)
  socket.resume()
  socket.on('close', () => clearTimeout(timer))
}

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
    socket.setNoDelay(true)
    const parent = (socket as TLSSocket & { readonly _parent?: object })._parent
    const peer = peers.get(parent ?? socket) ?? socket.remoteAddress ?? ''
    settings.enter(socket, peer, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', true)
  })
  return server
}

/** The server to listen with. */
export const openDoor = (settings: DoorSettings): Server => {
  const peers: Peers = new WeakMap()
  const secure = settings.tls === undefined ? undefined : secureServer(settings, settings.tls, peers)
  const begin = (socket: Socket, peer: string): void => {
    if (secure === undefined) {
      settings.enter(socket, peer, 'http/1.1', false)
      socket.resume()
      return
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
