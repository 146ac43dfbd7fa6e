/** A client that writes HTTP/2 frames as a test wants them, right or wrong, and reads what comes back. */
import { connect, type TLSSocket } from 'node:tls'
import { openFrames, readFrames } from '../../../ingress/edge/http2/frames.ts'

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export interface WireFrame {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
}

export const frame = ({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: WireFrame): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** `GET /` (or `POST /`) of `https://a`, in HPACK's static table. */
export const GET = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x61])
export const POST = Buffer.from([0x83, 0x87, 0x84, 0x41, 0x01, 0x61])

/** A field of HPACK as it is, in no table and in no code (RFC 7541 section 6.2.2); strings of up to 16,510 bytes. */
export const literal = (name: string, value: string): Buffer => {
  const text = (of: string): Buffer => {
    const bytes = Buffer.from(of, 'latin1')
    const more = bytes.length - 127
    const length = more < 0 ? [bytes.length] : more < 128 ? [127, more] : [127, (more & 127) | 128, more >> 7]
    return Buffer.concat([Buffer.from(length), bytes])
  }
  return Buffer.concat([Buffer.from([0]), text(name), text(value)])
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export interface Got {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export interface RawClient {
  readonly socket: TLSSocket
  readonly got: readonly Got[]
  readonly send: (...frames: readonly WireFrame[]) => void
  closed(): boolean
}

const framesOf = (bytes: Buffer): Got[] => {
  const got: Got[] = []
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    const [type, flags] = [bytes[at + 3] as number, bytes[at + 4] as number]
    got.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) })
    at = end
  }
  return got
}

/** Connected, with the preface and its settings sent. `settings`: their payload. */
export const openRaw = async (port: number, ca: string, settings: Uint8Array = Buffer.alloc(0)): Promise<RawClient> => {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['h2'] })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  let bytes = Buffer.alloc(0)
  let closed = false
  socket.on('data', (more: Buffer) => (bytes = Buffer.concat([bytes, more])))
  socket.on('error', () => undefined)
  socket.on('close', () => (closed = true))
  socket.write(Buffer.concat([PREFACE, frame({ type: 4, payload: settings })]))
  return {
    socket,
    get got() {
      return framesOf(bytes)
    },
    send: (...frames) => void socket.write(Buffer.concat(frames.map(frame))),
    closed: () => closed,
  }
}

/** The code of the GOAWAY that came, undefined before. */
export const goneWith = ({ got }: RawClient): number | undefined =>
  got.find(({ type }) => type === 7)?.payload.readUInt32BE(4)

/** What a frame reader lets through of these pieces, and the heads that it saw. */
export const through = (pieces: readonly Uint8Array[], drop: (type: number) => boolean) => {
  const reader = openFrames()
  const passed: Uint8Array[] = []
  const heads: string[] = []
  const growth: number[] = []
  for (const piece of pieces)
    readFrames(reader, piece, {
      judge: ({ type, flags, stream, length }) => {
        heads.push(`${type} ${flags} ${stream} ${length}`)
        return drop(type) ? 'drop' : 'pass'
      },
      grown: (increment) => growth.push(increment) > 0,
      pass: (bytes) => passed.push(bytes.slice()),
    })
  return { passed: Buffer.concat(passed), heads, growth }
}
