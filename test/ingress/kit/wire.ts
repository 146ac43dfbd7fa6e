/** Both ends of a proxy as raw bytes: a backend that records what reaches it, and a client that sends what it likes. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface Message {
  /** The request line or the status line. */
  readonly line: string
  /** Name and value, as they came. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const fieldOf = (line: string): [string, string] => {
  const colon = line.indexOf(':')
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  // eslint-disable-next-line no-control-regex
  if (!TOKEN.test(name) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw new Error(`field line ${JSON.stringify(line)}`)
  return [name, value]
}

export const valuesOf = ({ fields }: Pick<Message, 'fields'>, name: string): string[] =>
  fields.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

/** [body, trailers, where it ended]; undefined while it is not whole. */
type Body = readonly [body: string, trailers: Message['trailers'], end: number] | undefined

const readChunks = (text: string, from: number): Body => {
  let at = from
  let body = ''
  for (;;) {
    const stop = text.indexOf('\r\n', at)
    if (stop < 0) return undefined
    const size = text.slice(at, stop)
    if (!/^[0-9A-Fa-f]{1,8}$/.test(size)) throw new Error(`chunk size ${JSON.stringify(size)}`)
    const length = Number.parseInt(size, 16)
    at = stop + 2
    if (length === 0) break
    if (text.length < at + length + 2) return undefined
    if (text.slice(at + length, at + length + 2) !== '\r\n') throw new Error('a chunk does not end in CRLF')
    body += text.slice(at, at + length)
    at += length + 2
  }
  if (text.startsWith('\r\n', at)) return [body, [], at + 2]
  const end = text.indexOf('\r\n\r\n', at)
  return end < 0 ? undefined : [body, text.slice(at, end).split('\r\n').map(fieldOf), end + 4]
}

/** `rest`: what a message without a length has for a body. */
const readBody = (message: Pick<Message, 'fields'>, text: string, at: number, rest: boolean): Body => {
  const codings = valuesOf(message, 'transfer-encoding')
  const lengths = valuesOf(message, 'content-length')
  if (codings.length + lengths.length > 1) throw new Error('its end is said twice')
  if (codings.length === 1 && codings[0] !== 'chunked') throw new Error(`coding ${codings[0]}`)
  if (codings.length === 1) return readChunks(text, at)
  if (lengths.length === 0) return rest ? [text.slice(at), [], text.length] : ['', [], at]
  if (!/^\d{1,15}$/.test(lengths[0] as string)) throw new Error(`length ${lengths[0]}`)
  const end = at + Number(lengths[0])
  return text.length < end ? undefined : [text.slice(at, end), [], end]
}

/** RFC 9110 section 8.6 and RFC 9112 section 6.1. */
const isBodiless = (line: string, fields: Message['fields']): boolean => {
  const framed = fields.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  if (framed && / (1\d\d|204) /.test(line)) throw new Error('it has no body and says where that ends')
  return / (1\d\d|204|304) /.test(line)
}

/** Reads strictly; throws where two readers could differ. undefined: not whole. `bodiless`: no body, whatever is said. */
export const readMessage = (
  text: string,
  kind: 'request' | 'answer',
  bodiless = false,
): { readonly message: Message; readonly end: number } | undefined => {
  const stop = text.indexOf('\r\n\r\n')
  if (stop < 0) return undefined
  const [line = '', ...rest] = text.slice(0, stop).split('\r\n')
  // eslint-disable-next-line no-control-regex
  const isRight =
    kind === 'request' ? /^\S+ [^\0-\x20\x7f]+ HTTP\/1\.1$/ : /^HTTP\/1\.1 [1-9]\d\d [\t\x20-\x7e\x80-\xff]*$/
  if (!isRight.test(line)) throw new Error(`first line ${JSON.stringify(line)}`)
  const fields = rest.map(fieldOf)
  if (kind === 'request' && valuesOf({ fields }, 'host').length !== 1) throw new Error('not one Host')
  const empty = kind === 'answer' && (isBodiless(line, fields) || bodiless)
  const found: Body = empty ? ['', [], stop + 4] : readBody({ fields }, text, stop + 4, kind === 'answer')
  if (found === undefined) return undefined
  return { message: { line, fields, body: found[0], trailers: found[1] }, end: found[2] }
}

export interface RawBackend {
  readonly port: number
  /** What reached it of this case, whole requests only. */
  readonly requests: (id: string) => readonly Message[]
  /** What nobody could read in one way. */
  readonly faults: readonly string[]
  close(): void
}

/** What it does for a request: bytes to send, and whether the connection ends with them. */
export interface Canned {
  readonly bytes: string
  readonly after?: 'keep' | 'close' | 'reset'
}

const OK: Canned = { bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' }

/** In one piece, or in many that each come alone. */
const sendIn = async (socket: Socket, bytes: string, cut: boolean): Promise<void> => {
  const size = cut ? Math.max(3, Math.ceil(bytes.length / 40)) : Math.max(1, bytes.length)
  socket.setNoDelay(true)
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.slice(at, at + size), 'latin1')
    if (cut) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The case that a request line belongs to: `/<id>` or `/<id>/…`. */
const idOf = (line: string): string => /\/(w\d+)\b/.exec(line)?.[1] ?? ''

export const openRawBackend = async (answerOf: (line: string) => Canned | undefined): Promise<RawBackend> => {
  const seen: Message[] = []
  const faults: string[] = []
  const sockets = new Set<Socket>()
  const answer = async (socket: Socket, { line }: Message): Promise<void> => {
    const { bytes, after = 'keep' } = answerOf(line) ?? OK
    await sendIn(socket, bytes, line.includes('?cut'))
    if (after === 'reset') socket.resetAndDestroy()
    if (after === 'close') socket.end()
  }
  const server: Server = createServer((socket) => {
    let text = ''
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      try {
        for (let found = readMessage(text, 'request'); found !== undefined; found = readMessage(text, 'request')) {
          seen.push(found.message)
          text = text.slice(found.end)
          void answer(socket, found.message)
        }
      } catch (error) {
        faults.push(`${(error as Error).message} in ${JSON.stringify(text.slice(0, 200))}`)
        socket.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests: (id) => seen.filter(({ line }) => idOf(line) === id),
    faults,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

export interface Heard {
  readonly status: number
  readonly interim: readonly number[]
  readonly message: Message | undefined
  /** All bytes that came. */
  readonly text: string
  /** The connection has ended. */
  readonly closed: boolean
}

const statusOf = (line: string): number => Number(line.split(' ')[1])

/** The answers of a connection as far as they are whole. Throws on what is malformed. */
export const answersIn = (text: string, closed: boolean, head: boolean): Message[] => {
  const found: Message[] = []
  for (let rest = text; rest !== '';) {
    const next = readMessage(rest, 'answer', head)
    const untilEnd = next !== undefined && !head && next.end === rest.length && !isFramed(next.message)
    if (next === undefined || (untilEnd && !closed)) break
    found.push(next.message)
    rest = rest.slice(next.end)
  }
  return found
}

const isFramed = (message: Message): boolean =>
  / (1\d\d|204|304) /.test(message.line) ||
  valuesOf(message, 'content-length').length + valuesOf(message, 'transfer-encoding').length > 0

/** Sends `bytes` and hears until `count` final answers are whole or the connection ends. */
export const converse = (port: number, bytes: string, { count = 1, end = false, cut = false } = {}): Promise<Heard> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    const head = bytes.startsWith('HEAD ')
    const finish = (closed: boolean): void => {
      socket.destroy()
      try {
        const all = answersIn(text, closed, head)
        const final = all.filter(({ line }) => statusOf(line) >= 200)
        const interim = all.map(({ line }) => statusOf(line)).filter((status) => status < 200)
        const message = final[0]
        resolve({ status: message === undefined ? 0 : statusOf(message.line), interim, message, text, closed })
      } catch (error) {
        reject(new Error(`the client cannot read it: ${(error as Error).message}`, { cause: error }))
      }
    }
    socket.on('data', (more) => {
      text += more.toString('latin1')
      try {
        const final = answersIn(text, false, head).filter(({ line }) => statusOf(line) >= 200)
        if (final.length >= count) finish(false)
      } catch {
        finish(false)
      }
    })
    socket.on('end', () => finish(true)).on('error', () => finish(true))
    void sendIn(socket, bytes, cut).then(() => end && socket.end())
  })
