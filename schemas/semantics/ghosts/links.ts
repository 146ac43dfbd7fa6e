/**
 * Links to other pages around a list: this request with another page in it. What a link does to the parameters is learned
 * as it is counted: which one names the page, what stands before the path, and whether it is left out on the first page.
 */
import { queryPairs, type Asked } from './asked.ts'
import type { LinkRole } from './counted.ts'
import { MAX_LIST, startFrom } from './lists.ts'
import type { Json } from './model.ts'
import { isLimit, pagingOf } from './roles.ts'

/** Where a page stands among the others, as far as links depend on it. */
export interface Spot {
  readonly page: number
  readonly base: number
  readonly offset: number
  readonly limit: number
  readonly count: number
  readonly total: number
}

const TARGETS = ['next', 'previous', 'first', 'last', 'self'] as const
type Target = (typeof TARGETS)[number]
const isTarget = (name: string): name is Target => (TARGETS as readonly string[]).includes(name)

/** Number of the page, from 0, that a link leads to; undefined where there is none. */
const pageOf = (to: Target, spot: Spot): number | undefined => {
  const here = Math.floor(startFrom(spot) / spot.limit)
  switch (to) {
    case 'next':
      return startFrom(spot) + spot.count < spot.total ? here + 1 : undefined
    case 'previous':
      return here > 0 ? here - 1 : undefined
    case 'first':
      return 0
    case 'last':
      return Math.max(0, Math.ceil(spot.total / spot.limit) - 1)
    case 'self':
      return here
  }
}

const PARTS = /^((?:https?:\/\/[^/?#]+)?)([^?#]*)(\?[^#]*)?$/

type Pair = readonly [string, string]

/** In a style: brackets and the like are encoded. */
const ENCODED = '%'

/** A server that names every parameter of a page in an order of its own: `all:page&size`. */
const ALL = 'all:'
const namesIn = (style: string): string[] | undefined =>
  style.startsWith(ALL) ? style.slice(ALL.length).replace(ENCODED, '').split('&') : undefined

/** The parameters in the server's order, those that it was not seen to name first; with the length of a page where it names that. */
const inOrder = (pairs: readonly Pair[], names: readonly string[], { limit }: Spot): Pair[] => {
  const isMissing = (name: string): boolean => isLimit(name) && limit < MAX_LIST && !pairs.some(([own]) => own === name)
  const all = [...pairs, ...names.filter(isMissing).map((name): Pair => [name, String(limit)])]
  return all.toSorted(([a], [b]) => names.indexOf(a) - names.indexOf(b))
}

/** The parameters of a request, with another page in the place of its own. */
const queryOf = (asked: Asked, role: LinkRole, to: number, spot: Spot): string => {
  const [, , , parameter, by, style] = role
  const value = String(by === 'page' ? to + spot.base : to * spot.limit)
  const pairs = asked.query.map(([name, old]): Pair => [name, name === parameter ? value : old])
  const isNamed = pairs.some(([name]) => name === parameter)
  const names = namesIn(style)
  if (to === 0 && style.startsWith('bare')) return printed(pairs.filter(([name]) => name !== parameter))
  const all = isNamed ? pairs : [...pairs, [parameter, value] as const]
  return printed(names === undefined ? all : inOrder(all, names, spot))
}

const printed = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? '' : `?${pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&')}`

/** Servers print brackets and the like in a query as they are, or encoded. */
const plain = (query: string): string => query.replace(/%(?:5B|5D|24|2C|3A)/gi, (text) => decodeURIComponent(text))

/** What stands at a link for a request; undefined where it cannot be said. */
export const linkFor = (role: LinkRole, asked: Asked, spot: Spot): Json | undefined => {
  const [, name, prefix, parameter, , style] = role
  if (!isTarget(name)) return undefined
  const to = pageOf(name, spot)
  if (to === undefined) return null
  if (name === 'self' && !style.startsWith(ALL) && !asked.query.some(([own]) => own === parameter))
    return `${prefix}${asked.target}`
  const query = queryOf(asked, role, to, spot)
  return `${prefix}${asked.path}${style.endsWith(ENCODED) ? query : plain(query)}`
}

const STYLES = ['bare', 'named']

/** What a text may be a link to, by the one parameter in which it differs from the request. */
const readLink = (at: string, text: string, asked: Asked, spot: Spot): LinkRole[] => {
  const [, prefix = '', path = '', query = ''] = PARTS.exec(text) ?? []
  if (path !== asked.path) return []
  const names = queryPairs(query).map(([name]) => name)
  const parameter = [...names, ...asked.query.map(([name]) => name)].find((name) => pagingOf(name) !== undefined)
  const by = parameter === undefined ? undefined : pagingOf(parameter)
  if (parameter === undefined || by === undefined) return []
  const styles = [...STYLES, `${ALL}${names.join('&')}`].flatMap((style) => [style, style + ENCODED])
  return TARGETS.flatMap((to) =>
    styles
      .map((style): LinkRole => [at, to, prefix, parameter, by, style, 1, 0])
      .filter((role) => linkFor(role, asked, spot) === text)
      .filter((role, i, all) => all.findIndex(([, , , , , style]) => plainStyle(style) === plainStyle(role[5])) === i),
  )
}

const plainStyle = (style: string): string => (style.endsWith(ENCODED) ? style.slice(0, -1) : style)

const MAX_LINKS = 32

const otherwise = (style: string): string => (style.endsWith(ENCODED) ? style.slice(0, -1) : style + ENCODED)

const pairsIn = (link: Json | undefined): Pair[] =>
  typeof link === 'string' ? queryPairs(PARTS.exec(link)?.[3] ?? '') : []

/** The same link, but that the server says in its own words what does not page (`sort=name,asc` for `sort=name`): that tells nothing. */
const isRespelled = (made: Json | undefined, link: Json): boolean => {
  const [own, other] = [pairsIn(made), pairsIn(link)]
  const isSame = ([name, value]: Pair, i: number): boolean =>
    own[i]?.[0] === name && (own[i]?.[1] === value || (pagingOf(name) === undefined && !isLimit(name)))
  return own.length > 0 && own.length === other.length && other.every(isSame)
}

/** Whether a link to the list's own pages says that the first one is page 0. */
export const isFromZero = (link: Json, { path }: Asked): boolean =>
  typeof link === 'string' &&
  PARTS.exec(link)?.[2] === path &&
  pairsIn(link).some(([name, value]) => value === '0' && pagingOf(name) === 'page')

const MAX_NAMES = 12

/** A style with the names of one more link: where those that it knows stand in another order, the newer one counts. */
const withNames = (style: string, value: Json): string => {
  const known = namesIn(style)
  const fresh = pairsIn(value).map(([name]) => name)
  if (known === undefined || fresh.every((name) => known.includes(name))) return style
  const [first = ''] = known.filter((name) => fresh.includes(name))
  const at = Math.max(0, fresh.indexOf(first))
  const all = [...fresh.slice(0, at), ...known.filter((name) => !fresh.includes(name)), ...fresh.slice(at)]
  return `${ALL}${all.slice(0, MAX_NAMES).join('&')}${style.endsWith(ENCODED) ? ENCODED : ''}`
}

/** Counts one value that may be a link. */
export const learnLink = (links: LinkRole[], [at, value]: readonly [string, Json], asked: Asked, spot: Spot): void => {
  const known = links.filter(([pointer]) => pointer === at)
  for (const role of known) {
    const old = role[5]
    const style = withNames(old, value)
    const fitting = [style, otherwise(style)].find((s) => {
      role[5] = s
      return linkFor(role, asked, spot) === value
    })
    role[5] = fitting ?? old
    if (fitting !== undefined) role[6]++
    else if (!isRespelled(linkFor(role, asked, spot), value)) role[7]++
  }
  if (known.length > 0 || typeof value !== 'string' || links.length >= MAX_LINKS) return
  links.push(...readLink(at, value, asked, spot))
}

const LEAST = 2

const kindOf = (style: string): string => (style.startsWith(ALL) ? ALL : plainStyle(style))
const leadOf = ([, , , , , , hits, misses]: LinkRole): number => hits - misses

/** By how much each style held more often than not, at all places: links of one list are made in one way. */
const leadsOf = (links: readonly LinkRole[]): ReadonlyMap<string, number> => {
  const leads = new Map<string, number>()
  for (const role of links) leads.set(kindOf(role[5]), (leads.get(kindOf(role[5])) ?? 0) + leadOf(role))
  return leads
}

/** With the names that other links of the list were seen to have, where it knows fewer. */
const inFull = (role: LinkRole, links: readonly LinkRole[]): LinkRole => {
  const size = (style: string): number => namesIn(style)?.length ?? 0
  const [longest] = links.map(([, , , , , style]) => style).sort((a, b) => size(b) - size(a))
  const [at, target, prefix, parameter, by, style, hits, misses] = role
  return longest === undefined || !style.startsWith(ALL) || size(longest) <= size(style)
    ? role
    : [at, target, prefix, parameter, by, longest, hits, misses]
}

/** The links around a page, by pointer: of those that may stand there the one that held most. */
export const linksOf = (links: readonly LinkRole[], asked: Asked, spot: Spot): Map<string, Json> => {
  const leads = leadsOf(links)
  const best = new Map<string, LinkRole>()
  const isBetter = (role: LinkRole, other: LinkRole): boolean =>
    leadOf(role) - leadOf(other) > 0 ||
    (leadOf(role) === leadOf(other) && (leads.get(kindOf(role[5])) ?? 0) > (leads.get(kindOf(other[5])) ?? 0))
  for (const role of links) {
    const [at, , , , , , hits, misses] = role
    const other = best.get(at)
    if (hits >= LEAST && hits > 4 * misses && (other === undefined || isBetter(role, other))) best.set(at, role)
  }
  const found = new Map<string, Json>()
  for (const [at, role] of best) {
    const link = linkFor(inFull(role, links), asked, spot)
    if (link !== undefined) found.set(at, link)
  }
  return found
}
