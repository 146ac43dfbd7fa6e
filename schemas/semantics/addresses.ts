/**
 * IP addresses as text: read strictly, told in one form, compared with ranges. IPv4 lives in IPv6's space as
 * ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that one address has one meaning however the socket spells it.
 */
import { remembered } from './remembered.ts'

/** Eight groups of 16 bits. */
type Groups = readonly number[]

const GROUP = /^[0-9a-f]{1,4}$/i
const V4_GROUPS = 6

const DOT = 46
const ZERO = 48

/**
 * The 32 bits of an IPv4 address, -1 for what is none. By hand, since each new client is read. Leading zeros are
 * refused: some readers take them for octal.
 */
const v4Bits = (text: string): number => {
  let bits = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const digit = code - ZERO
    if (code === DOT && octet >= 0) {
      bits = bits * 256 + octet
      octet = -1
      dots++
    } else if (digit >= 0 && digit <= 9 && octet !== 0) octet = octet < 0 ? digit : octet * 10 + digit
    else return -1
    if (octet > 255 || dots > 3) return -1
  }
  return dots === 3 && octet >= 0 ? bits * 256 + octet : -1
}

const v4Groups = (text: string): Groups | undefined => {
  const bits = v4Bits(text)
  return bits < 0 ? undefined : [0, 0, 0, 0, 0, 0xffff, Math.floor(bits / 65_536), bits % 65_536]
}

const groupsOf = (text: string): number[] | undefined => {
  if (text === '') return []
  const parts = text.split(':')
  const last = parts.at(-1) as string
  const tail = last.includes('.') ? v4Groups(last)?.slice(V4_GROUPS) : undefined
  const plain = tail === undefined ? parts : parts.slice(0, -1)
  if (!plain.every((part) => GROUP.test(part))) return undefined
  return [...plain.map((part) => Number.parseInt(part, 16)), ...(tail ?? [])]
}

const v6Groups = (text: string): Groups | undefined => {
  const [left = '', right, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const head = groupsOf(left)
  if (right === undefined) return head?.length === 8 ? head : undefined
  const tail = groupsOf(right)
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** An address without brackets and port; a zone (`%eth0`) is ignored. */
const parse = (text: string): Groups | undefined => {
  if (!text.includes(':')) return v4Groups(text)
  const zone = text.indexOf('%')
  return v6Groups(zone < 0 ? text : text.slice(0, zone))
}

const isV4 = (groups: Groups): boolean => groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)

const v4Text = (groups: Groups): string =>
  groups
    .slice(V4_GROUPS)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.')

/** The longest run of zero groups becomes `::` (RFC 5952 section 4.2). */
const v6Text = (groups: Groups): string => {
  const text = groups.map((group) => group.toString(16)).join(':')
  let at = 0
  let length = 0
  for (const { 0: run, index } of text.matchAll(/\b(?:0:)+0\b/g)) {
    if (run.length <= length) continue
    at = index
    length = run.length
  }
  return length === 0 ? text : `${text.slice(0, Math.max(0, at - 1))}::${text.slice(at + length + 1)}`
}

const told = (groups: Groups): string => (isV4(groups) ? v4Text(groups) : v6Text(groups))

/** The one form of an address, undefined for what is none. */
export const canonicalAddress = (text: string): string | undefined => {
  if (!text.includes(':')) return v4Bits(text) < 0 ? undefined : text
  const groups = parse(text)
  return groups === undefined ? undefined : told(groups)
}

interface Range {
  readonly groups: Groups
  readonly bits: number
}

const RANGE = /^([^/]+)(?:\/(\d{1,3}))?$/

const rangeOf = (text: string): Range | undefined => {
  const [, address = '', prefix] = RANGE.exec(text) ?? []
  const groups = parse(address)
  if (groups === undefined) return undefined
  const v4 = !address.includes(':')
  const bits = prefix === undefined ? 128 : Number(prefix) + (v4 ? 96 : 0)
  return bits <= 128 ? { groups, bits } : undefined
}

/** Names for what many would otherwise copy from one another. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
}

/** `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`, `loopback` or `private`. */
export const isAddressRange = (text: string): boolean => Object.hasOwn(NAMED, text) || rangeOf(text) !== undefined

const covers = ({ groups, bits }: Range, address: Groups): boolean => {
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const shift = left >= 16 ? 0 : 16 - left
    if ((groups[i] as number) >> shift !== (address[i] as number) >> shift) return false
  }
  return true
}

/** Whether an address lies in one of the ranges; what is no address lies in none. Ranges that cannot be read count for nothing. */
export const addressSet = (ranges: readonly string[]): ((address: string) => boolean) => {
  const known = ranges
    .flatMap((range) => (Object.hasOwn(NAMED, range) ? (NAMED[range] as readonly string[]) : [range]))
    .flatMap((range) => rangeOf(range) ?? [])
  if (known.length === 0) return () => false
  return remembered((address) => {
    const groups = parse(address)
    return groups !== undefined && known.some((range) => covers(range, groups))
  })
}

/**
 * Whose an address is: an IPv4 address is one client's, an IPv6 client has a network of 2^64 of them
 * (RFC 6177) and could come from a new one each time.
 */
export const clientOf = (address: string): string => (address.includes(':') ? networkOf(address) : address)

const networkOf = remembered((address) => {
  const groups = parse(address)
  if (groups === undefined) return address
  return isV4(groups) ? v4Text(groups) : `${v6Text([...groups.slice(0, 4), 0, 0, 0, 0])}/64`
})
