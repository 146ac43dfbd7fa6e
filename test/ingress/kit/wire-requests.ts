/** Requests, and what must become of them: by RFC 9110 and 9112. */
import { get, HOST, passed, post, refused, SMUGGLED, type RequestCase } from './wire-case.ts'
import { framingCases } from './wire-framing.ts'

const target = (text: string, become = text): RequestCase =>
  passed(`target ${text}`, get('', { target: text }), { lines: [`GET ${become}`] })

const badTargets = [
  '',
  ' §',
  '§ x',
  '§#f',
  '§\t',
  '§\0',
  '§\x7f',
  '§\rX',
  'a.test:80',
  'ftp://a.test/§',
  'http:///§',
  'http://u:p\x40a.test§',
  'http://a.test§#f',
  'http:§',
  '*',
  '?§',
  '\\§',
  'http:/a.test§',
  'http://a.test\\@b.test§',
  'http://a.test:x§',
  '§\x0b',
  'HTTP/1.1',
] as const
const goodTargets = [
  '§/%2e%2e/%2F%zz',
  '§/../x//./',
  '//§//',
  '§?',
  '§??a=b?&&=',
  '§;v=1,2',
  '§/\xc3\xa9\xff',
  '§/|{}^`"<>',
  "§/!$&'()*+,;=:\x40",
] as const
const badHosts = [
  'a.test, b.test',
  'a.test b.test',
  'u\x40a.test',
  'a.test/x',
  'a.test?x',
  'a.test#x',
  'a.test:x',
  'a.test:99999',
  'a.test:-1',
  '[::1',
  '::1',
  '[::g]',
  'http://a.test',
  'a.test\\b',
  'a"b',
  '<a>',
  '\xe9.test',
  'a.test:80:80',
  ':80',
  '../x',
  '[fe80::1%25eth0]',
] as const
const goodHosts = [
  'a.test:',
  'a.test:8080',
  '[::1]',
  '[2001:db8::1]:443',
  '127.0.0.1',
  'A.Test',
  'a_b.test',
  'xn--bcher-kva.test',
  'a.test.',
] as const
const badVersions: readonly (readonly [string, number])[] = [
  ['HTTP/2.0', 505],
  ['HTTP/3', 400],
  ['HTTP/0.9', 505],
  ['HTTP/1.10', 400],
  ['HTTP/11.1', 400],
  ['http/1.1', 400],
  ['HTTP/1,1', 400],
  ['HTTP/ 1.1', 400],
  ['HTTP/1.1 ', 400],
  ['HTTP/1.1\t', 400],
  ['HTTP/1.+1', 400],
  ['XTTP/1.1', 400],
  ['', 400],
]
const badLines = [
  'X : a',
  'X\t: a',
  ' X: a',
  '\tX: a',
  ': a',
  'X',
  'X Y: a',
  'X(: a',
  'X/: a',
  'X\xe9: a',
  'X\0: a',
  '"X": a',
  'X,Y: a',
  'X: a\0b',
  'X: a\x01b',
  'X: a\x7fb',
  'X: a\x1bb',
  'X: a\rb',
  'X: a\nb',
  'X: a\r\n b',
  'X: a\r\n\tb',
  'X: a\r\r',
] as const
/** Fields that Connection may not take away from us: name, value, what the backend gets. */
const kept: readonly (readonly [string, string, readonly string[]])[] = [
  ['Host', 'a.test', ['a.test']],
  ['Authorization', 'Basic eA==', ['Basic eA==']],
  ['X-Forwarded-For', '6.6.6.6', ['127.0.0.1']],
  ['X-Forwarded-Proto', 'https', ['http']],
]
const gone = [
  'Keep-Alive: timeout=9',
  'Proxy-Connection: keep-alive',
  'TE: gzip',
  'TE: trailersx',
  'Trailer: Host, x-forwarded-for,',
  'Upgrade: h2c',
  'Proxy-Authorization: Basic eA==',
  'X-Real-IP: 6.6.6.6',
  'X-Forwarded-Port: 1',
  'Forwarded: for=6.6.6.6',
  'X-Ghost: exact',
  'X-Chaos: y',
]

const lines: readonly RequestCase[] = [
  ...badTargets.map((text) => refused(`target ${JSON.stringify(text)}`, get('', { target: text }))),
  ...goodTargets.map((text) => target(text)),
  target('http://b.test§?q', '§?q'),
  passed('the host of an absolute target', get('', { target: 'http://b.test:81§' }), {
    lines: ['GET §'],
    fields: { host: ['b.test:81'] },
  }),
  passed('HTTPS://, in capitals', get('', { target: 'HTTPS://b.test§' }), { fields: { host: ['b.test'] } }),
  ...badVersions.map(([version, status]) =>
    refused(`version ${JSON.stringify(version)}`, get('', { version }), status),
  ),
  passed('HTTP/1.7 is taken for HTTP/1.1', get('', { version: 'HTTP/1.7' })),
  passed('HTTP/1.0 without a Host', 'GET § HTTP/1.0\r\n\r\n'),
  passed('an empty line before', `\r\n${get()}`, { lines: ['GET §'] }),
  passed('empty lines before', `${'\r\n'.repeat(5)}${get()}`, { lines: ['GET §'] }),
  passed('empty lines in between', `${post('Content-Length: 2\r\n', 'hi')}\r\n\r\n${get()}`, {
    lines: ['POST §', 'GET §'],
    answers: 2,
  }),
  refused('LF before', `\n${get()}`),
  refused('a blank before', ` ${get()}`),
  refused('a tab in between', `GET\t§ HTTP/1.1\r\n${HOST}\r\n`),
  refused('bare LFs', 'GET § HTTP/1.1\nHost: a.test\n\n'),
  refused('bare CRs', 'GET § HTTP/1.1\rHost: a.test\r\r\n\r\n'),
  refused('a method that is no token', get('', { method: 'G(T' })),
  refused('a method of 257 letters', get('', { method: 'M'.repeat(257) }), 501),
  passed('a method nobody knows', get('', { method: 'M-SEARCH' })),
  refused('CONNECT', get('', { method: 'CONNECT', target: 'a.test:443' }), [405, 501]),
  refused('CONNECT with a path', get('', { method: 'CONNECT' }), [405, 501]),
  refused('TRACE', get('', { method: 'TRACE' }), 405),
  refused('no Host', get('', { host: '' })),
  refused('an empty Host', get('', { host: 'Host:\r\n' })),
  refused('two Hosts', get('Host: b.test\r\n')),
  refused('the same Host twice', get(HOST)),
  refused('an absolute target without a Host', get('', { target: 'http://a.test§', host: '' })),
  refused('an absolute target beside a wrong Host', get('', { target: 'http://b.test§', host: 'Host: a b\r\n' })),
  refused('an absolute target beside two Hosts', get(HOST, { target: 'http://b.test§' })),
  passed('an absolute target beside an empty Host', get('', { target: 'http://b.test§', host: 'Host:\r\n' }), {
    fields: { host: ['b.test'] },
  }),
  passed('an absolute target of HTTP/1.0', 'GET http://b.test§ HTTP/1.0\r\n\r\n', { fields: { host: ['b.test'] } }),
  refused('HTTP/0.9', 'GET §\r\n\r\n'),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('a hello of TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'),
  passed('a method in small letters', get('', { method: 'trace' })),
  ...badHosts.map((host) => refused(`Host ${JSON.stringify(host)}`, get('', { host: `Host: ${host}\r\n` }))),
  ...goodHosts.map((host) =>
    passed(`Host ${host}`, get('', { host: `Host: ${host}\r\n` }), { fields: { host: [host] } }),
  ),
  ...badLines.map((line) => refused(`line ${JSON.stringify(line)}`, get(`${line}\r\n`))),
]

const fields: readonly RequestCase[] = [
  ...kept.map(([name, value, got]) =>
    passed(
      `Connection: ${name}`,
      get(`Connection: ${name}, close\r\n${name === 'Host' ? '' : `${name}: ${value}\r\n`}`),
      { fields: { [name]: got } },
    ),
  ),
  ...gone.map((line) =>
    passed(`${line} goes`, get(`${line}\r\n`), { fields: { [line.slice(0, line.indexOf(':'))]: [] } }),
  ),
  passed(
    'what Connection names goes',
    get('X-A: 1\r\nConnection: x-a ,,X-B\r\nX-B: 2\r\nX-C: 3\r\nConnection: X-D\r\nX-D: 4\r\n'),
    { fields: { 'x-a': [], 'x-b': [], 'x-c': ['3'], 'x-d': [], connection: [] } },
  ),
  passed('TE: trailers is said of this connection only', get('TE: trailers, deflate;q=0.5\r\nConnection: TE\r\n'), {
    fields: { te: ['trailers'], connection: ['te'] },
  }),
  passed('TE in two lines', get('TE: trailers\r\nTE: gzip\r\nConnection: TE\r\n'), { fields: { te: ['trailers'] } }),
  passed(
    'h2c is no business of the backend',
    get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
    { fields: { upgrade: [], 'http2-settings': [], connection: [] } },
  ),
  passed(
    'WebSocket with a body is none',
    post('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n', 'hi'),
    { body: 'hi', fields: { upgrade: [], connection: [] } },
  ),
  passed('WebSocket in HTTP/1.0 is none', 'GET § HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', {
    fields: { upgrade: [] },
  }),
  passed('repeats, their order and case', get('x-A: 1\r\nCookie: a\r\nX-a: 2\r\nCookie: b\r\nX-A:\r\n'), {
    fields: { 'x-a': ['1', '2', ''], cookie: ['a', 'b'] },
  }),
  passed('8-bit bytes and tabs', get('X: \xe9\xff\ta\r\n'), { fields: { x: ['\xe9\xff\ta'] } }),
  passed('underscores', get('X_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\n'), {
    fields: { 'content-length': [], 'x-forwarded-for': ['127.0.0.1'] },
  }),
  passed('a range', get('Range: bytes=0-1,5-\r\nIf-Range: "x"\r\n'), {
    fields: { range: ['bytes=0-1,5-'], 'if-range': ['"x"'] },
  }),
  refused('an expectation beside another', post('Expect: 100-continue, cake\r\nContent-Length: 2\r\n', 'hi'), 417),
  refused('another expectation', post('Expect: cake\r\nContent-Length: 2\r\n', 'hi'), 417),
  passed(
    'an expectation in two lines, beside its body',
    post('Expect: 100-continue,\r\nexpect: 100-Continue\r\nContent-Length: 2\r\n', 'hi'),
    { body: 'hi' },
  ),
  passed('an expectation without a body', get('Expect: 100-continue\r\n'), { fields: { expect: [] } }),
  passed('an expectation of HTTP/1.0', `POST § HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`, {
    body: 'hi',
  }),
  refused('a request that was here before', get('Via: 1.1 x, 1.1 chaos-proxy\r\n'), 508),
  refused('a request that was here before, in capitals', get('Via: HTTP/1.1 CHAOS-PROXY\r\n'), 508),
  passed('a request that was elsewhere', get('Via: 1.0 fred, 1.1 p.example\r\n'), {
    fields: { via: ['1.0 fred, 1.1 p.example', '1.1 chaos-proxy-*'] },
  }),
  refused('201 fields', get('X: y\r\n'.repeat(200)), 431),
  refused('a field of 40 KiB', get(`X: ${'y'.repeat(40_960)}\r\n`), 431),
  refused('a target of 20 KiB', get('', { target: `§/${'y'.repeat(20_480)}` }), 414),
  passed('a field of 20 KiB', get(`X: ${'y'.repeat(20_480)}\r\n`)),
  { name: 'OPTIONS *', bytes: get('', { method: 'OPTIONS', target: '*' }), status: 204 },
  { name: 'OPTIONS of a host', bytes: get('', { method: 'OPTIONS', target: 'http://a.test' }), status: 204 },
  { name: 'OPTIONS that may go no further', bytes: get('Max-Forwards: 0\r\n', { method: 'OPTIONS' }), status: 204 },
  passed('OPTIONS that may go on', get('Max-Forwards: 7\r\n', { method: 'OPTIONS' }), {
    fields: { 'max-forwards': ['6'] },
  }),
  passed('Max-Forwards that is no number', get('Max-Forwards: +0\r\n', { method: 'OPTIONS' }), {
    fields: { 'max-forwards': ['+0'] },
  }),
  passed('Max-Forwards of others', get('Max-Forwards: 0\r\n'), { fields: { 'max-forwards': ['0'] } }),
]

const connections: readonly RequestCase[] = [
  passed('three in a row', get() + get() + get(), { lines: ['GET §', 'GET §', 'GET §'], answers: 3 }),
  passed('nothing behind one that closes', get('Connection: close\r\n') + SMUGGLED, { answers: 2 }),
  passed('nothing behind one that closes and stays', get('Connection: keep-alive, Close\r\n') + SMUGGLED, {
    answers: 2,
  }),
  passed('one behind a word that is none', get('Connection: xclose, "close"\r\nProxy-Connection: close\r\n') + get(), {
    lines: ['GET §', 'GET §'],
    answers: 2,
  }),
  passed('two of HTTP/1.0 that stay', 'GET § HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'.repeat(2), {
    lines: ['GET §', 'GET §'],
    answers: 2,
  }),
  passed('nothing behind one of HTTP/1.0', `GET § HTTP/1.0\r\n\r\n${SMUGGLED}`, { answers: 2 }),
  passed('nothing behind one that is refused', get() + get('X : a\r\n') + SMUGGLED, { answers: 3 }),
  passed('a client that ends its side', get(), { end: true }),
  refused('half a body', post('Content-Length: 9\r\n', 'hi'), [0, 400, 408]),
]

export const requestCases: readonly RequestCase[] = [
  ...framingCases,
  ...lines,
  ...fields,
  ...connections.map((it) => (it.name === 'half a body' ? { ...it, end: true } : it)),
]
