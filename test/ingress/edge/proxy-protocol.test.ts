import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readProxyHeader } from '../../../ingress/edge/proxy-protocol.ts'

const text = (line: string): Buffer => Buffer.from(line, 'latin1')
const SIGNATURE = '0d0a0d0a000d0a515549540a'
const hex = (rest: string): Buffer => Buffer.from(SIGNATURE + rest.replaceAll(' ', ''), 'hex')
const read = (bytes: Uint8Array) => readProxyHeader(bytes)

describe('version 1', () => {
  // Section 2.1: the examples, and the longest line of each family.
  it.each([
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255', 65_535],
    [
      'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n',
      '192.168.0.1',
      56_324,
    ],
    [
      'PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      65_535,
    ],
    ['PROXY TCP6 2001:db8::1 ::1 1 2\r\n', '2001:db8::1', 1],
  ])('%j', (line, address, port) => {
    const length = line.indexOf('\n') + 1
    expect(read(text(line))).toMatchObject({ kind: 'header', version: 1, length, source: { address, port } })
  })

  it.each([
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n',
  ])('%j names nobody', (line) => {
    expect(read(text(line))).toMatchObject({ kind: 'header', length: line.length, source: undefined })
  })

  it.each([
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n',
    'PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n',
    'PROXY TCP4 2001:db8::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n',
    'PROXY TCP4 192.0.2.999 192.0.2.2 1 2\r\n',
    'PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n',
    'proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n',
    `PROXY ${'x'.repeat(200)}`,
  ])('refuses %j', (line) => expect(read(text(line)).kind).toBe('invalid'))
})

describe('version 2', () => {
  it.each([
    ['TCP over IPv4', '21 11 000c c0000201 c6336402 dc04 01bb', '192.0.2.1', 56_324],
    ['UDP over IPv4', '21 12 000c c0000201 c6336402 dc04 01bb', '192.0.2.1', 56_324],
    ['TCP over IPv6', `21 21 0024 ${'20010db8'.padEnd(31, '0')}1 ${'0'.repeat(31)}1 0001 0002`, '2001:db8::1', 1],
    // Section 2.2.1: extensions behind the addresses, here PP2_TYPE_ALPN "h2".
    ['extensions', '21 11 0011 c0000201 c6336402 dc04 01bb 01 0002 6832', '192.0.2.1', 56_324],
  ])('%s', (_name, rest, address, port) => {
    const bytes = hex(rest)
    const behind = Buffer.concat([bytes, Buffer.from('GET /')])
    const header = { kind: 'header', version: 2, length: bytes.length, source: { address, port } }
    expect([read(bytes), read(behind)]).toMatchObject([header, header])
  })

  it.each([
    ['LOCAL', '20 00 0000'],
    ['LOCAL with addresses', '20 11 000c c0000201 c6336402 dc04 01bb'],
    ['UNSPEC', '21 00 0003 aabbcc'],
    ['AF_UNIX', `21 31 00d8 ${'61'.repeat(216)}`],
  ])('%s names nobody', (_name, rest) => {
    const bytes = hex(rest)
    expect(read(bytes)).toMatchObject({ kind: 'header', length: bytes.length, source: undefined })
  })

  it.each([
    ['another version', '11 11 000c c0000201 c6336402 dc04 01bb'],
    ['another command', '22 11 000c c0000201 c6336402 dc04 01bb'],
    ['another family', '21 41 000c c0000201 c6336402 dc04 01bb'],
    ['too short for its family', '21 21 000c c0000201 c6336402 dc04 01bb'],
    ['too long', '21 11 ffff'],
  ])('refuses %s', (_name, rest) => expect(read(hex(rest)).kind).toBe('invalid'))
})

describe('in pieces', () => {
  it.each([
    text('PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'),
    hex('21 11 000c c0000201 c6336402 dc04 01bb'),
    hex('20 00 0000'),
  ])('waits until all of %j is there', (bytes) => {
    for (let i = 0; i < bytes.length; i++) expect(read(bytes.subarray(0, i)).kind).toBe('more')
    expect(read(bytes).kind).toBe('header')
  })

  it('never reads past the end, never throws, and never waits for ever', () => {
    const start = fc.constantFrom(Buffer.alloc(0), text('PROXY '), text('PROXY TCP4 '), Buffer.from(SIGNATURE, 'hex'))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, rest) => {
        const bytes = Buffer.concat([head, rest])
        const found = read(bytes)
        if (found.kind === 'header') expect(found.length).toBeLessThanOrEqual(bytes.length)
        expect(read(Buffer.concat([bytes, Buffer.alloc(5000)])).kind).not.toBe('more')
      }),
    )
  })
})
