/** Reading responses: the same in one piece and in many, and nothing that two readers could read differently. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../ingress/edge/http1/fields.ts'
import { awaitAnswer, feed, feedEnd, openParser, type Parser } from '../../../../ingress/edge/upstream/parser.ts'

interface Told {
  readonly heads: { status: number; lines: readonly string[] }[]
  body: string
  trailers: readonly string[] | undefined
}

const openTold = (): { parser: Parser; told: Told } => {
  const told: Told = { heads: [], body: '', trailers: undefined }
  const head = ({ status, lines }: Told['heads'][number]): void => void told.heads.push({ status, lines })
  const parser = openParser({
    interim: head,
    head,
    data: (bytes, from, to) => (told.body += bytes.toString('latin1', from, to)),
    end: (trailers) => (told.trailers = trailers),
  })
  return { parser, told }
}

/** Feeds a text cut at the given places, each piece in memory that is overwritten afterwards, as a connection's is. */
const feedIn = (parser: Parser, text: string, cuts: readonly number[] = []): void => {
  const memory = Buffer.alloc(text.length + 1)
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1))), text.length].toSorted((a, b) => a - b)
  let from = 0
  for (const to of places) {
    const length = memory.write(text.slice(from, to), 0, 'latin1')
    feed(parser, memory, length)
    memory.fill(0x21)
    from = to
  }
}

const read = (text: string, cuts: readonly number[] = [], method = 'GET'): Told => {
  const { parser, told } = openTold()
  awaitAnswer(parser, method)
  feedIn(parser, text, cuts)
  feedEnd(parser)
  return told
}

const token = fc.stringMatching(/^X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const value = fc.stringMatching(/^(?:[!-~\u0080-\u00ff](?:[\t -~\u0080-\u00ff]{0,20}[!-~\u0080-\u00ff])?)?$/)
const blank = fc.stringMatching(/^[ \t]{0,2}$/)
const lines = fc.array(fc.tuple(token, blank, value, blank), { maxLength: 6 })
const bytes = fc.uint8Array({ maxLength: 200 }).map((body) => Buffer.from(body).toString('latin1'))
const cuts = fc.array(fc.nat(), { maxLength: 12 })

const chunked = (pieces: readonly string[], trailers: readonly (readonly string[])[]): string =>
  pieces
    .filter((piece) => piece !== '')
    .map((piece) => `${piece.length.toString(16)};x="y"\r\n${piece}\r\n`)
    .join('') + `0\r\n${written(trailers)}\r\n`

const written = (fields: readonly (readonly string[])[]): string =>
  fields.map(([name, before, text, after]) => `${name}:${before}${text}${after}\r\n`).join('')

const message = fc
  .record({ status: fc.integer({ min: 200, max: 599 }).filter((s) => s !== 204 && s !== 304), lines, trailers: lines })
  .chain((head) =>
    fc.oneof(
      bytes.map((body) => ({
        ...head,
        body,
        trailers: [],
        text: `Content-Length: ${body.length}\r\n\r\n${body}`,
        framing: ['Content-Length', String(body.length)],
      })),
      fc.array(bytes, { maxLength: 5 }).map((pieces) => ({
        ...head,
        body: pieces.join(''),
        text: `Transfer-Encoding: chunked\r\n\r\n${chunked(pieces, head.trailers)}`,
        framing: ['Transfer-Encoding', 'chunked'],
      })),
    ),
  )

describe('reading a response', () => {
  it('gives the same fields, body and trailers, however its bytes are cut', () => {
    fc.assert(
      fc.property(message, cuts, (given, where) => {
        const text = `HTTP/1.1 ${given.status} Fine\r\n${written(given.lines)}${given.text}`
        const told = read(text, where)
        const flat = (fields: readonly (readonly string[])[]) => fields.flatMap(([name, , text]) => [name, text])
        expect(told.heads).toEqual([{ status: given.status, lines: [...flat(given.lines), ...given.framing] }])
        expect(told.body).toBe(given.body)
        expect(told.trailers).toEqual(flat(given.trailers))
      }),
      { numRuns: 500 },
    )
  })

  it('reads one after the other on one connection, with interim answers before them', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), cuts, (messages, where) => {
        const { parser, told } = openTold()
        for (const given of messages) {
          told.body = ''
          awaitAnswer(parser, 'GET')
          const hints = 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'.repeat(3)
          feedIn(parser, `${hints}HTTP/1.1 ${given.status}\r\n${written(given.lines)}${given.text}`, where)
          expect(told.body).toBe(given.body)
          expect(parser.phase).toBe('idle')
        }
        expect(told.heads.filter(({ status }) => status === 103)).toHaveLength(3 * messages.length)
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ])('knows that there is no body: %s %j', (method, text) => {
    expect(read(text, [], method)).toMatchObject({ body: '', trailers: [] })
  })

  it('ends a body without a length with the connection, and keeps no such connection', () => {
    const { parser, told } = openTold()
    awaitAnswer(parser, 'GET')
    feedIn(parser, 'HTTP/1.1 200 OK\r\n\r\nall of', [20])
    feedIn(parser, ' it')
    expect(told.trailers).toBeUndefined()
    expect([feedEnd(parser), told.body, told.trailers, parser.persistent]).toEqual([true, 'all of it', [], false])
  })

  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: X-A, Close\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n', true],
  ])('says whether the connection may be used again: %j', (text, persistent) => {
    const { parser } = openTold()
    awaitAnswer(parser, 'GET')
    feedIn(parser, text)
    expect(parser.persistent).toBe(persistent)
  })
})

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

describe('what it refuses', () => {
  it.each([
    ['no status line', 'hello\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 99 Low\r\n\r\n'],
    ['an unasked switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a field without a colon', `${OK}X-A\r\n\r\n`],
    ['a field without a name', `${OK}: a\r\n\r\n`],
    ['a blank before the colon', `${OK}X-A : a\r\n\r\n`],
    ['a folded line', `${OK}X-A: a\r\n b\r\n\r\n`],
    ['a bare CR', `${OK}X-A: a\rSet-Cookie: b\r\n\r\n`],
    ['a bare LF', `${OK}X-A: a\nX-B: b\r\n\r\n`],
    ['a NUL', `${OK}X-A: a\0b\r\n\r\n`],
    ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a length that is no number', `${OK}Content-Length: +5\r\n\r\nhello`],
    ['a length beyond 2^53', `${OK}Content-Length: 99999999999999999\r\n\r\n`],
    ['a length beside a coding', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an unknown coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a chunk size that is none', `${CHUNKED}0x5\r\nhello\r\n`],
    ['a negative chunk size', `${CHUNKED}-5\r\nhello\r\n`],
    ['a chunk size beyond 2^53', `${CHUNKED}10000000000000005\r\nhello\r\n`],
    ['a chunk longer than its size', `${CHUNKED}2\r\nhello\r\n`],
    ['a chunk line without CR', `${CHUNKED}5\nhello\r\n`],
    ['an endless chunk extension', `${CHUNKED}5;${'x'.repeat(5000)}\r\nhello\r\n`],
    ['a broken trailer', `${CHUNKED}0\r\nX A: b\r\n\r\n`],
    ['endless trailers', `${CHUNKED}0\r\n${'X-A: b\r\n'.repeat(6000)}\r\n`],
    ['a head without an end', `${OK}X-A: ${'x'.repeat(70_000)}`],
    ['more interim answers than anybody needs', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)],
    ['bytes behind the answer', `${OK}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n`],
    ['bytes behind an answer without a body', `HTTP/1.1 204 No Content\r\n\r\n${OK}\r\n`],
  ])('%s', (_what, text) => {
    expect(() => read(text)).toThrow(ProtocolError)
    expect(() => read(text, [7, 23, 31, 40, 55])).toThrow(ProtocolError)
  })

  it('whatever comes, it ends in an answer, in waiting or in a ProtocolError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('', OK, CHUNKED), (text, before) => {
        try {
          read(before + Buffer.from(text, 'latin1').toString('latin1'))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
