/** The request as it goes to the upstream: its head as text, and its body in the framing that the head names. */
import type { FieldLines } from '../../phases/context.ts'
import type { UploadStream } from '../body.ts'
import type { Call, Connection } from './call.ts'

/** With these an absent body is said (RFC 9110 section 8.6). */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH'])

const framingLine = ({ method, framing }: Call): string => {
  if (framing === 'chunked') return 'transfer-encoding: chunked\r\n'
  if (framing !== 'none') return `content-length: ${framing}\r\n`
  return EXPECTS_BODY.has(method) ? 'content-length: 0\r\n' : ''
}

/** The framing is said anew; what the fields say of it is left out. Target and fields are as a strict reader found them. */
const headOf = (call: Call): string => {
  const { method, target, lines } = call
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') continue
    head += `${name}: ${lines[i + 1]}\r\n`
  }
  return head + framingLine(call) + '\r\n'
}

/** Up to here head and body go out as one text: one write of one piece is the cheapest. */
const ONE_PIECE = 12 * 1024

const lastChunk = (trailers: FieldLines): string => {
  let text = '0\r\n'
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`
  return text + '\r\n'
}

const stream = (connection: Connection, call: Call, body: UploadStream): void => {
  const { socket } = connection
  connection.uploading = true
  const go = (): void => {
    connection.stirred = true
    body.resume()
  }
  socket.on('drain', go)
  body.start({
    data: (bytes) => {
      if (call.over || connection.deaf) return
      connection.stirred = true
      if (call.framing === 'chunked') socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      if (call.framing === 'chunked') socket.write('\r\n', 'latin1')
      if (socket.writableNeedDrain) body.pause()
    },
    end: (trailers) => {
      socket.off('drain', go)
      if (call.over || connection.deaf || connection.call !== call) return
      connection.uploading = false
      connection.stirred = true
      if (call.framing === 'chunked') socket.write(lastChunk(trailers), 'latin1')
    },
  })
}

export const sendRequest = (connection: Connection, call: Call): void => {
  const { socket } = connection
  const { body } = call
  const head = headOf(call)
  if (body === null) socket.write(head, 'latin1')
  else if (!Buffer.isBuffer(body)) {
    socket.write(head, 'latin1')
    stream(connection, call, body)
  } else if (body.length <= ONE_PIECE) socket.write(head + body.toString('latin1'), 'latin1')
  else {
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
  }
}
