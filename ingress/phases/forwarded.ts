/** Who asked, as proxies tell each other: X-Forwarded-For, and Forwarded (RFC 7239). */
import { canonicalAddress } from '../../schemas/semantics/addresses.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'

/** The field in which trusted proxies say it. */
export type ClientFrom = 'x-forwarded-for' | 'forwarded'
/** How upstreams are told. */
export type ForwardedAs = 'x-forwarded' | 'rfc7239' | 'both'

/** What the proxy tells upstreams of who asked, and by which name it is known to other proxies. */
export interface Neighbours {
  readonly from: ClientFrom
  readonly as: ForwardedAs
  /** In Via: a request that names it was here before. */
  readonly name: string
  /** Clients are told where the time went. */
  readonly timing: boolean
}

/** The name in Via, Cache-Status and Proxy-Status. */
export const PSEUDONYM = 'chaos-proxy'

export const NEIGHBOURS: Neighbours = {
  from: 'x-forwarded-for',
  as: 'x-forwarded',
  name: PSEUDONYM,
  timing: false,
}

/** One hop: the node that asked, what it asked for, and how. */
export interface Hop {
  readonly node: string
  readonly host: string
  readonly scheme: string
}

/** `::ffff:192.0.2.1` is what a socket for both families says for 192.0.2.1. */
export const peerOf = (peer: string): string =>
  peer.startsWith('::ffff:') && peer.includes('.') ? peer.slice(7) : peer

/** An IPv4 address with a port, or an IPv6 address in brackets, perhaps with one. */
const NODE = /^(?:\[([^\]]+)\]|([^:]+))(?::(?:\d{1,5}|_[\w.-]+))?$/

/** The address of a node, undefined for names that hide it (`unknown`, `_gateway`) and for what is none. */
export const addressOf = (node: string): string | undefined => {
  const plain = canonicalAddress(node)
  if (plain !== undefined) return plain
  const [, six, four] = NODE.exec(node) ?? []
  return canonicalAddress(six ?? four ?? node)
}

/** RFC 7239 section 4: forwarded-pair, the value a token or a quoted string. */
const PAIR = /\s*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]*))\s*(;|,|$)/gy

/** The elements of Forwarded, oldest first; undefined when the text is not well-formed. */
const readForwarded = (text: string): Hop[] | undefined => {
  const hops: Hop[] = []
  let pairs = new Map<string, string>()
  let end = 0
  for (const [all, name = '', quoted, token, behind] of text.matchAll(PAIR)) {
    end += all.length
    pairs.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '')
    if (behind === ';') continue
    hops.push({ node: pairs.get('for') ?? '', host: pairs.get('host') ?? '', scheme: pairs.get('proto') ?? '' })
    pairs = new Map()
  }
  return end === text.length ? hops : undefined
}

const readList = (text: string): Hop[] => text.split(',').map((node) => ({ node: node.trim(), host: '', scheme: '' }))

/** The hops that a field tells, oldest first; none when it is absent or not well-formed. */
export const readHops = (text: string, from: ClientFrom): readonly Hop[] => {
  if (text === '') return []
  return from === 'forwarded' ? (readForwarded(text) ?? []) : readList(text)
}

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
const quotable = (text: string): string => (TOKEN.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`)

const nodeText = remembered((node): string => {
  const address = addressOf(node)
  if (address === undefined) return TOKEN.test(node) ? node : 'unknown'
  return address.includes(':') ? `"[${address}]"` : address
})

const element = ({ node, host, scheme }: Hop): string => {
  const parts = [`for=${nodeText(node)}`]
  if (host !== '') parts.push(`host=${quotable(host)}`)
  if (scheme !== '') parts.push(`proto=${quotable(scheme)}`)
  return parts.join(';')
}

interface Told {
  /** What trusted proxies said; '' when there is nothing to believe. */
  readonly chain: string
  readonly from: ClientFrom
  /** Who asked us. */
  readonly last: Hop
}

/** The value of Forwarded as the upstream gets it. */
export const forwardedField = ({ chain, from, last }: Told): string => {
  const before = from === 'forwarded' ? chain : readHops(chain, from).map(element).join(', ')
  return before === '' ? element(last) : `${before}, ${element(last)}`
}

/** The value of X-Forwarded-For as the upstream gets it. */
export const forwardedFor = ({ chain, from, last }: Told): string => {
  if (chain === '') return last.node
  const before =
    from === 'x-forwarded-for'
      ? chain
      : readHops(chain, from)
          .map(({ node }) => addressOf(node) ?? 'unknown')
          .join(', ')
  return before === '' ? last.node : `${before}, ${last.node}`
}

/**
 * The client: from the end of the chain back to the first hop that is not trusted. What stands before that one may be
 * made up. A hop that hides its address is as far as can be seen.
 */
export const clientAmong = (hops: readonly Hop[], peer: string, trusted: (address: string) => boolean): Hop => {
  let client: Hop = { node: peer, host: '', scheme: '' }
  for (let i = hops.length - 1; i >= 0 && trusted(client.node); i--) {
    const hop = hops[i] as Hop
    const address = addressOf(hop.node)
    if (address === undefined) break
    client = { node: address, host: hop.host || client.host, scheme: hop.scheme || client.scheme }
  }
  return client
}

/** RFC 9110 section 7.6.3: whether one of these names has received the message before. */
export const viaNames = (via: string, names: readonly string[]): boolean =>
  via.split(',').some((entry) => names.includes(entry.trim().split(/\s+/)[1]?.toLowerCase() ?? ''))
