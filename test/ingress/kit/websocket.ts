/** WebSocket by hand (RFC 6455): the handshake, and text frames of up to 65,535 bytes. */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** A text frame; clients mask theirs (section 5.3). */
export const textFrame = (text: string, masked: boolean): Buffer => {
  const body = Buffer.from(text)
  const bit = masked ? 0x80 : 0
  const head = body.length < 126 ? [0x81, bit | body.length] : [0x81, bit | 126, body.length >> 8, body.length & 255]
  if (!masked) return Buffer.concat([Buffer.from(head), body])
  const mask = randomBytes(4)
  return Buffer.concat([Buffer.from(head), mask, body.map((byte, i) => byte ^ (mask[i % 4] as number))])
}

/** Calls back with the texts of whole frames. */
export const readTexts = (stream: Duplex, told: (text: string) => void): void => {
  let bytes = Buffer.alloc(0)
  const take = (): boolean => {
    if (bytes.length < 2) return false
    const short = (bytes[1] as number) & 127
    const long = short === 126
    const masked = ((bytes[1] as number) & 128) !== 0
    const start = (long ? 4 : 2) + (masked ? 4 : 0)
    if (bytes.length < start) return false
    const end = start + (long ? bytes.readUInt16BE(2) : short)
    if (bytes.length < end) return false
    const mask = bytes.subarray(start - 4, start)
    told(
      bytes
        .subarray(start, end)
        .map((byte, i) => (masked ? byte ^ (mask[i % 4] as number) : byte))
        .toString(),
    )
    bytes = bytes.subarray(end)
    return true
  }
  stream.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    while (take());
  })
}

/** The server's half: switches, says every text again in capitals, and ends when the client does. */
export const shout = (request: IncomingMessage, socket: Duplex): void => {
  const accept = acceptOf(String(request.headers['sec-websocket-key']))
  const head = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket', 'x-chat: 1']
  socket.write(`${head.join('\r\n')}\r\nsec-websocket-accept: ${accept}\r\n\r\n`)
  readTexts(socket, (text) => socket.write(textFrame(text.toUpperCase(), false)))
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
}
