/** Answers of backends as bytes, and what a client may see of them: by RFC 9110 and 9112. */
import type { Canned } from './wire.ts'

export interface AnswerCase extends Canned {
  readonly name: string
  readonly status: number
  readonly body?: string
  /** The client must see that something is missing: the connection ends before the message does. */
  readonly broken?: boolean
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly trailers?: readonly (readonly [string, string])[]
  readonly interim?: readonly number[]
  readonly method?: string
  readonly version?: string
  /** More of the request: its fields, and its body behind an empty line. */
  readonly rest?: string
}

const EVIL = 'HTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 4\r\n\r\nEVIL'
const END = '0\r\n\r\n'
const answer = (fields: string, body = '', line = 'HTTP/1.1 200 OK'): string => `${line}\r\n${fields}\r\n${body}`
const ok = (fields = ''): string => answer(`${fields}Content-Length: 2\r\n`, 'ok')

const bad = (name: string, bytes: string, after: Canned['after'] = 'close'): AnswerCase => ({
  name,
  bytes,
  after,
  status: 502,
})
const good = (name: string, bytes: string, rest: Partial<AnswerCase> = {}): AnswerCase => ({
  name,
  bytes,
  status: 200,
  body: 'ok',
  ...rest,
})
const broken = (name: string, bytes: string, after: Canned['after'] = 'close'): AnswerCase => ({
  name,
  bytes,
  after,
  status: 0,
  broken: true,
})

const badLines = [
  'HTTP/1.1 99 Low',
  'HTTP/1.1 1000 High',
  'HTTP/1.1 2OO OK',
  'HTTP/1.1 -200 OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.1\t200 OK',
  'HTTP/1.1 200OK',
  'HTTP/2 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  'HTTP/1.1',
  '',
  'hello',
  'HTTP/1.1 200 O\0K',
  'HTTP/1.1 200 O\rK',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 000 Zero',
] as const
const badFields = [
  'X : a',
  ' X: a',
  ': a',
  'X',
  'X Y: a',
  'X\xe9: a',
  'X: a\0b',
  'X: a\rb',
  'X: a\rSet-Cookie: b',
  'X: a\nb',
  'X: a\x1bb',
  'X: a\r\n b',
  'X: a\x7f',
] as const
const badFramings = [
  'Content-Length: 2\r\nContent-Length: 3',
  'Content-Length: 2\r\nContent-Length: 2',
  'Content-Length: 2, 2',
  'Content-Length: 2,3',
  'Content-Length: +2',
  'Content-Length: -2',
  'Content-Length: 0x2',
  'Content-Length: 2x',
  'Content-Length: ',
  'Content-Length: 99999999999999999999',
  'Content-Length: 1000000000000000',
  'Content-Length: 2\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 2',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: ',
] as const
const badChunks = [
  'zz\r\nok\r\n',
  '2;a\nb\r\nok\r\n',
  '2;a\rb\r\nok\r\n',
  '2\nok\r\n',
  '1\r\nok\r\n',
  '3\r\nok\r\n',
  '2\r\nok\n',
  '2\r\nok\r\n\r\n',
  '\r\nok\r\n',
  '-2\r\nok\r\n',
  '0x2\r\nok\r\n',
  '11111111111111112\r\nok\r\n',
  '2 \r\nok\r\n',
  ' 2\r\nok\r\n',
  '2\r\nok\r\n0\r\nX : a\r\n\r\n',
  '2\r\nok\r\n0\r\nX: a\nb\r\n\r\n',
  '2\r\nok\r\n0\r\n X: a\r\n\r\n',
  '2\r\nok\r\n0\n\n',
] as const
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const gone = [
  'Keep-Alive: timeout=77',
  'Trailer: Set-Cookie',
  'Proxy-Connection: x',
  'Upgrade: h2c',
  'TE: trailers',
  'Proxy-Authenticate: Basic',
  'X-Ghost: exact',
  'X-Chaos: latency',
]

const heads: readonly AnswerCase[] = [
  ...badLines.map((line) => bad(`line ${JSON.stringify(line)}`, answer('Content-Length: 2\r\n', 'ok', line))),
  ...badFields.map((line) => bad(`field ${JSON.stringify(line)}`, ok(`${line}\r\n`))),
  ...badFramings.map((lines) => bad(`framing ${JSON.stringify(lines)}`, answer(`${lines}\r\n`, `2\r\nok\r\n${END}`))),
  bad('bare LFs', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'),
  bad('a head of 100 KiB', ok(`X: ${'y'.repeat(102_400)}\r\n`)),
  bad('a head without an end', 'HTTP/1.1 200 OK\r\nX: a\r\n'),
  bad('nothing at all', ''),
  bad('a reset', '', 'reset'),
  bad('no HTTP, and no end', '<p>', 'keep'),
  bad('a bare LF, and no end', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'keep'),
  bad('chunks in HTTP/1.0', answer(CHUNKED, `2\r\nok\r\n${END}`, 'HTTP/1.0 200 OK')),
  bad('interim answers without an end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
  bad('a length in an interim answer that has one', `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nok${ok()}`),
  bad('chunks in an interim answer', `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n${CHUNKED}\r\n${ok()}`),
  bad('an empty line before', `\r\n${ok()}`),
  bad(
    'another protocol beside',
    answer('Connection: Upgrade\r\nUpgrade: x\r\n', EVIL, 'HTTP/1.1 101 Switching Protocols'),
  ),
  good('HTTP/1.2 is taken for HTTP/1.1', answer(CHUNKED, `2\r\nok\r\n${END}`, 'HTTP/1.2 200 OK')),
  good('no reason', answer('Content-Length: 2\r\n', 'ok', 'HTTP/1.1 200')),
  good('an odd reason', answer('Content-Length: 2\r\n', 'ok', 'HTTP/1.1 200 \xfcber \t cool')),
  good('an odd status', answer('Content-Length: 2\r\n', 'ok', 'HTTP/1.1 599 Odd'), { status: 599 }),
  good('8-bit bytes', ok('X: \xe9\xff\ta\r\n'), { fields: { x: ['\xe9\xff\ta'] } }),
  good('repeats, and cookies that are never joined', ok('Set-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2\r\nX:\r\n'), {
    fields: { 'set-cookie': ['a=1', 'b=2'], x: ['1', ''] },
  }),
  good('what Connection names goes', ok('X-A: 1\r\nConnection: x-a, keep-alive\r\nX-B: 2\r\n'), {
    fields: { 'x-a': [], 'x-b': ['2'] },
  }),
  ...gone.map((line) =>
    good(`${line} goes`, ok(`${line}\r\n`), { fields: { [line.slice(0, line.indexOf(':'))]: [] } }),
  ),
  good('a date is not said twice', ok('Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n'), {
    fields: { date: ['Tue, 15 Nov 1994 08:12:31 GMT'] },
  }),
  good('Via of those before', ok('Via: 1.0 fred\r\n'), { fields: { via: ['1.0 fred', '1.1 chaos-proxy'] } }),
]

const bodies: readonly AnswerCase[] = [
  ...badChunks.map((bytes) =>
    broken(
      `chunks ${JSON.stringify(bytes)}`,
      answer(CHUNKED, `2\r\nok\r\n${bytes}${/\n0/.test(bytes) ? '' : END}`),
      'keep',
    ),
  ),
  broken('half a body', answer('Content-Length: 9\r\n', 'ok')),
  broken('half a body and a reset', answer('Content-Length: 9\r\n', 'ok'), 'reset'),
  broken('no length and a reset', answer('X: 1\r\n', 'ok'), 'reset'),
  broken('half a chunk', answer(CHUNKED, '9\r\nok')),
  broken('chunks without the last one', answer(CHUNKED, '2\r\nok\r\n')),
  broken('chunks without the last line', answer(CHUNKED, '2\r\nok\r\n0\r\n')),
  good('chunks', answer(CHUNKED, `1;x=y\r\no\r\n01\r\nk\r\n${END}`)),
  good('chunks for HTTP/1.0', answer(CHUNKED, `2\r\nok\r\n${END}`), {
    version: 'HTTP/1.0',
    fields: { 'transfer-encoding': [] },
  }),
  good('no length', answer('X: 1\r\n', 'ok'), { after: 'close' }),
  good('no length, of HTTP/1.0', answer('', 'ok', 'HTTP/1.0 200 OK'), { after: 'close' }),
  good('HTTP/1.0 that stays', answer('Connection: keep-alive\r\nContent-Length: 2\r\n', 'ok', 'HTTP/1.0 200 OK')),
  good('more than its length', `${ok()}${EVIL}`),
  good('more than its chunks', answer(CHUNKED, `2\r\nok\r\n${END}${EVIL}`)),
  good('more than one more line', `${ok()}\r\n`),
  good('204 with a body', answer(`Content-Length: ${EVIL.length}\r\n`, EVIL, 'HTTP/1.1 204 No Content'), {
    status: 204,
    body: '',
    fields: { 'content-length': [], 'transfer-encoding': [] },
  }),
  good('204 in chunks', answer(CHUNKED, END, 'HTTP/1.1 204 No Content'), {
    status: 204,
    body: '',
    fields: { 'transfer-encoding': [] },
  }),
  good('304 with a body', answer(`Content-Length: ${EVIL.length}\r\n`, EVIL, 'HTTP/1.1 304 Not Modified'), {
    status: 304,
    body: '',
  }),
  good('304 that says a length', answer('Content-Length: 99\r\nETag: "x"\r\n', '', 'HTTP/1.1 304 Not Modified'), {
    status: 304,
    body: '',
    fields: { 'content-length': ['99'], etag: ['"x"'] },
  }),
  good('HEAD with a body', answer(`Content-Length: ${EVIL.length}\r\n`, EVIL), { method: 'HEAD', body: '' }),
  good('HEAD in chunks', answer(CHUNKED, ''), { method: 'HEAD', body: '' }),
  good('HEAD that says a length', answer('Content-Length: 99\r\n', ''), {
    method: 'HEAD',
    body: '',
    fields: { 'content-length': ['99'] },
  }),
  good(
    '205 and 206',
    answer('Content-Range: bytes 0-1/9\r\nContent-Length: 2\r\n', 'ok', 'HTTP/1.1 206 Partial Content'),
    { status: 206, fields: { 'content-range': ['bytes 0-1/9'] } },
  ),
  good('trailers', answer(CHUNKED, '2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n'), {
    trailers: [
      ['X-Sum', '1'],
      ['X-Sum', '2'],
    ],
  }),
  good('Trailer, without what does not go on', answer(`Trailer: x-sum, Via\r\n${CHUNKED}`, `2\r\nok\r\n${END}`), {
    fields: { trailer: ['x-sum'] },
  }),
  broken('201 trailers', answer(CHUNKED, `2\r\nok\r\n0\r\n${'X: y\r\n'.repeat(201)}\r\n`), 'keep'),
  good(
    'trailers that Connection names, or in which an upstream would speak for the proxy',
    answer(
      `Connection: x-hop\r\n${CHUNKED}`,
      '2\r\nok\r\n0\r\nX-Hop: 1\r\nVia: 1.1 x\r\nX-Request-Id: evil\r\nLocation: /evil\r\nX-Sum: 1\r\n\r\n',
    ),
    { trailers: [['X-Sum', '1']] },
  ),
  good(
    'trailers that are none',
    answer(
      CHUNKED,
      '2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nSet-Cookie: a=1\r\nX-Ghost: exact\r\nConnection: close\r\nX-Sum: 1\r\n\r\n',
    ),
    { trailers: [['X-Sum', '1']] },
  ),
  good(
    'hints before',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok()}`,
    { interim: [103, 100, 102] },
  ),
  good('hints for HTTP/1.0', `HTTP/1.1 103 Early Hints\r\n\r\n${ok()}`, { version: 'HTTP/1.0', interim: [] }),
  good('hints with a length', `HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nConnection: X\r\nX: 1\r\n\r\n${ok()}`, {
    interim: [103],
  }),
  good('a length with zeros', answer(`Content-Length: ${'0'.repeat(20)}2\r\n`, 'ok'), {
    fields: { 'content-length': ['2'] },
  }),
  good('a coding in capitals', answer('Transfer-Encoding:\tCHUNKED \r\n', `2\r\nok\r\n${END}`)),
  good('205 in chunks', answer(CHUNKED, END, 'HTTP/1.1 205 Reset Content'), { status: 205, body: '' }),
  good('a coding is left alone', ok('Content-Encoding: br\r\nVary: a\r\n'), {
    fields: { 'content-encoding': ['br'], vary: ['a'] },
  }),
]

export const answerCases: readonly AnswerCase[] = [...heads, ...bodies]
