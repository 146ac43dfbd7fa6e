/**
 * The PROXY protocol, versions 1 and 2: what a load balancer says of the client before the client's own bytes
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt). Bytes in, addresses out; nothing is guessed: who is to
 * speak it and does not is refused, since otherwise clients could say it for themselves (section 5).
 */
import { canonicalAddress } from '../../schemas/semantics/addresses.ts'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export type ProxyHeader =
  /** Not all of it is there yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid'; readonly detail: string }
  | {
      readonly kind: 'header'
      readonly version: 1 | 2
      /** Where the connection's own bytes begin. */
      readonly length: number
      /** undefined: the balancer speaks for itself (a health check), or does not know: the peer is the client. */
      readonly source: Endpoint | undefined
      readonly destination: Endpoint | undefined
    }

const MORE: ProxyHeader = { kind: 'more' }
const invalid = (detail: string): ProxyHeader => ({ kind: 'invalid', detail })

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const V1 = new TextEncoder().encode('PROXY ')
/** Section 2.1: with its end of line. */
const V1_LONGEST = 107
const V2_HEAD = 16
/** Addresses, and more room than any balancer's extensions (TLVs) take. */
const V2_LONGEST = 4096

/** How much of `start` the bytes begin with; -1: they begin with something else. */
const begins = (bytes: Uint8Array, start: Uint8Array): number => {
  const length = Math.min(bytes.length, start.length)
  for (let i = 0; i < length; i++) if (bytes[i] !== start[i]) return -1
  return length
}

const PORT = /^(?:0|[1-9]\d{0,4})$/
const portOf = (text: string): number => (PORT.test(text) && Number(text) <= 65_535 ? Number(text) : -1)

const endpointOf = (address: string, port: string, family: string): Endpoint | undefined => {
  const fits = address.includes(':') === (family === 'TCP6') && !address.includes('%')
  const told = fits ? canonicalAddress(address) : undefined
  const number = portOf(port)
  return told === undefined || number < 0 ? undefined : { address: told, port: number }
}

/** `PROXY TCP4 192.0.2.1 198.51.100.2 56324 443` */
const readLine = (line: string, length: number): ProxyHeader => {
  const parts = line.split(' ')
  const [, family = '', from = '', to = '', fromPort = '', toPort = ''] = parts
  const header = { kind: 'header', version: 1, length } as const
  if (family === 'UNKNOWN') return { ...header, source: undefined, destination: undefined }
  if (family !== 'TCP4' && family !== 'TCP6') return invalid('the protocol is neither TCP4, TCP6 nor UNKNOWN')
  const source = endpointOf(from, fromPort, family)
  const destination = endpointOf(to, toPort, family)
  if (parts.length !== 6 || source === undefined || destination === undefined)
    return invalid('the line does not hold two addresses and two ports')
  return { ...header, source, destination }
}

const readV1 = (bytes: Uint8Array): ProxyHeader => {
  const head = bytes.subarray(0, V1_LONGEST)
  const end = head.indexOf(0x0a)
  if (end < 0) return head.length < V1_LONGEST ? MORE : invalid(`the line is longer than ${V1_LONGEST} bytes`)
  if (head[end - 1] !== 0x0d) return invalid('the line does not end with CR and LF')
  return readLine(String.fromCharCode(...head.subarray(0, end - 1)), end + 1)
}

const wordAt = (bytes: Uint8Array, at: number): number => (bytes[at] as number) * 256 + (bytes[at + 1] as number)

const v4At = (bytes: Uint8Array, at: number): string => bytes.subarray(at, at + 4).join('.')
const v6At = (bytes: Uint8Array, at: number): string => {
  const groups = Array.from({ length: 8 }, (_, i) => wordAt(bytes, at + i * 2).toString(16)).join(':')
  return canonicalAddress(groups) ?? groups
}

/** Section 2.2: the addresses' length by family; AF_UNIX has addresses that say nothing to us. */
const FAMILIES: ReadonlyMap<number, { size: number; read: (bytes: Uint8Array, at: number) => string }> = new Map([
  [0x11, { size: 4, read: v4At }],
  [0x12, { size: 4, read: v4At }],
  [0x21, { size: 16, read: v6At }],
  [0x22, { size: 16, read: v6At }],
])
const NAMELESS = new Set([0x00, 0x31, 0x32])

type Header = Extract<ProxyHeader, { kind: 'header' }>

const readAddresses = (bytes: Uint8Array, family: number, header: Header): ProxyHeader => {
  const kind = FAMILIES.get(family)
  if (kind === undefined) return invalid('the address family is not known')
  const ports = V2_HEAD + kind.size * 2
  if (header.length < ports + 4) return invalid('the header is too short for its addresses')
  if (bytes.length < header.length) return MORE
  return {
    ...header,
    source: { address: kind.read(bytes, V2_HEAD), port: wordAt(bytes, ports) },
    destination: { address: kind.read(bytes, V2_HEAD + kind.size), port: wordAt(bytes, ports + 2) },
  }
}

const readV2 = (bytes: Uint8Array): ProxyHeader => {
  if (bytes.length < V2_HEAD) return MORE
  const [versionAndCommand, family] = bytes.subarray(12) as unknown as [number, number]
  const command = versionAndCommand & 15
  if (versionAndCommand >> 4 !== 2 || command > 1) return invalid('the version or the command is not known')
  const length = V2_HEAD + wordAt(bytes, 14)
  if (length > V2_LONGEST) return invalid(`the header is longer than ${V2_LONGEST} bytes`)
  const header: Header = { kind: 'header', version: 2, length, source: undefined, destination: undefined }
  if (command === 1 && !NAMELESS.has(family)) return readAddresses(bytes, family, header)
  return bytes.length < length ? MORE : header
}

/** Reads the header at the beginning of a connection's bytes; call it again with more of them when it says `more`. */
export const readProxyHeader = (bytes: Uint8Array): ProxyHeader => {
  const second = begins(bytes, SIGNATURE)
  if (second === SIGNATURE.length) return readV2(bytes)
  if (second >= 0 && second === bytes.length) return MORE
  const first = begins(bytes, V1)
  if (first === V1.length) return readV1(bytes)
  return first >= 0 ? MORE : invalid('the connection does not begin with a PROXY protocol header')
}
