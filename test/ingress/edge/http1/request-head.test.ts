/** Reading heads of requests: what two servers could read differently is refused, with the status that says why. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../ingress/edge/http1/fields.ts'
import { readRequestHead, type FieldBlock, type RequestHead } from '../../../../ingress/edge/http1/request-head.ts'

const LIMITS = { target: 100, fields: 8 }
const read = (text: string): RequestHead => readRequestHead(text, LIMITS)

const statusOf = (text: string): number => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ProtocolError) return error.status
    throw error
  }
  return 0
}

const post = (fields: string): string => `POST /t HTTP/1.1\r\nHost: a\r\n${fields}`

describe('the head of a request', () => {
  it('gives field lines as they came, with repeats, order and case', () => {
    const head = read('GET /a?b=%2F HTTP/1.1\r\nHost: a\r\nX-B:1\r\nx-b:\t 2 \r\nEmpty:')
    expect(head).toMatchObject({
      method: 'GET',
      target: '/a?b=%2F',
      minor: 1,
      block: { lines: ['Host', 'a', 'X-B', '1', 'x-b', '2', 'Empty', ''] },
      length: 0,
      persistent: true,
      expects: '',
      upgrade: '',
    })
  })

  it.each([
    [post('Content-Length: 5'), 5],
    [post('Content-Length: 0'), 0],
    [post('Transfer-Encoding: chunked'), -1],
    [post('transfer-encoding: CHUNKED'), -1],
    ['FOO-BAR /t HTTP/1.0', 0],
  ])('says how long the body is: %j', (text, length) => expect(read(text).length).toBe(length))

  it.each([
    ['GET / HTTP/1.1\r\nHost: a', true],
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close', false],
    ['GET / HTTP/1.0\r\nHost: a', false],
    ['GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive', true],
  ])('says whether another request may follow: %j', (text, persistent) =>
    expect(read(text).persistent).toBe(persistent),
  )

  it.each([
    ['GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket', 'websocket'],
    ['GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: chat/2, websocket', 'websocket'],
    ['GET / HTTP/1.1\r\nUpgrade: websocket', ''],
    ['POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket', ''],
    ['GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket', ''],
    ['POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1', 'SPDY/3.1'],
    ['POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: chat\r\nContent-Length: 2', ''],
    ['GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c', ''],
    ['GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: H2C, HTTP/2.0, TLS/1.0, tcp', 'tcp'],
    ['GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: a b, "c", d/e/f,', ''],
  ])('knows what is asked for: %j', (text, upgrade) => expect(read(text).upgrade).toBe(upgrade))

  it.each([
    ['GET  / HTTP/1.1', 400],
    ['GET / HTTP/1.1 ', 400],
    ['GET /', 400],
    ['', 400],
    ['GET / http/1.1', 400],
    ['G(T / HTTP/1.1', 400],
    ['GET /\t HTTP/1.1', 400],
    ['GET / HTTP/2.0', 505],
    ['GET / HTTP/0.9', 505],
    ['GET / HTTP/11.1', 400],
    [`GET /${'a'.repeat(100)} HTTP/1.1`, 414],
    [post('X: 1\r\n'.repeat(8) + 'X: 1'), 431],
    [post('Transfer-Encoding: chunked\r\nContent-Length: 5'), 400],
    [post('Content-Length: 5\r\nContent-Length: 5'), 400],
    [post('Content-Length: 5, 5'), 400],
    [post('Content-Length: +5'), 400],
    [post('Content-Length:'), 400],
    [post('Content-Length: 18446744073709551621'), 400],
    [post('Transfer-Encoding: gzip, chunked'), 501],
    [post('Transfer-Encoding: chunked, chunked'), 400],
    [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow'), 400],
    [post('Transfer-Encoding: chunked;q=1'), 400],
    [post('Transfer-Encoding: ,chunked'), 400],
    [post('Transfer-Encoding:'), 400],
    ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked', 400],
    [post('X : 1'), 400],
    [post(' X: 1'), 400],
    [post('X: 1\r\n folded'), 400],
    [post('X: a\rY: b'), 400],
    [post('X: a\nY: b'), 400],
    [post('X: a\0'), 400],
    [post(': a'), 400],
    [post('no colon'), 400],
  ])('refuses %j with %i', (text, status) => expect(statusOf(text)).toBe(status))

  it('reads the same with the fields of the request before it in mind, whatever these were', () => {
    const fields = fc.constantFrom(
      'Host: a',
      'Host: b',
      'Host: a\r\nContent-Length: 1',
      'X : 1',
      'Connection: close',
      '',
    )
    const line = fc.constantFrom('GET / HTTP/1.1', 'GET /b HTTP/1.0', 'POST / HTTP/1.1', 'bad')
    const heads = fc.array(
      fc.tuple(line, fields).map((parts) => parts.join('\r\n')),
      { maxLength: 8 },
    )
    const outcome = (text: string, last?: FieldBlock): RequestHead | string => {
      try {
        return readRequestHead(text, LIMITS, last)
      } catch (error) {
        return String(error)
      }
    }
    fc.assert(
      fc.property(heads, (texts) => {
        let last: FieldBlock | undefined
        for (const text of texts) {
          const found = outcome(text, last)
          expect(found).toEqual(outcome(text))
          if (typeof found !== 'string') last = found.block
        }
      }),
    )
  })

  it('ends in a head or in a ProtocolError, whatever comes', () => {
    const piece = fc.constantFrom(
      ...'GET /: HTTP1.0\r\n\t,chunked\0é'.split(''),
      'Host: a\r\n',
      'Content-Length: 1\r\n',
      '\r\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        const status = statusOf(text)
        if (status === 0) expect(read(text).method).toMatch(/^[^\s]+$/)
        else expect([400, 414, 431, 501, 505]).toContain(status)
      }),
      { numRuns: 500 },
    )
  })
})
