/**
 * Links to other pages around a list: this request with another page in it. What a link does to the parameters is learned
 * as it is counted: which one names the page, what stands before the path, and whether it is left out on the first page.
 */
import { queryPairs, type Asked } from './asked.ts'
import type { LinkRole } from './counted.ts'
import { startFrom } from './lists.ts'
import type { Json } from './model.ts'
import { pagingOf } from './roles.ts'

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

/** The parameters of a request, with another page in the place of its own. */
const queryOf = (asked: Asked, role: LinkRole, to: number, spot: Spot): string => {
  const [, , , parameter, by, style] = role
  const value = String(by === 'page' ? to + spot.base : to * spot.limit)
  const pairs = asked.query.map(([name, old]): [string, string] => [name, name === parameter ? value : old])
  const isNamed = pairs.some(([name]) => name === parameter)
  if (to === 0 && style.startsWith('bare')) return printed(pairs.filter(([name]) => name !== parameter))
  return printed(isNamed ? pairs : [...pairs, [parameter, value]])
}

const printed = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? '' : `?${pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&')}`

/** Servers print brackets and the like in a query as they are, or encoded. */
const ENCODED = '%'
const plain = (query: string): string => query.replace(/%(?:5B|5D|24|2C|3A)/gi, (text) => decodeURIComponent(text))

/** What stands at a link for a request; undefined where it cannot be said. */
export const linkFor = (role: LinkRole, asked: Asked, spot: Spot): Json | undefined => {
  const [, name, prefix, parameter, , style] = role
  if (!isTarget(name)) return undefined
  const to = pageOf(name, spot)
  if (to === undefined) return null
  if (name === 'self' && !asked.query.some(([own]) => own === parameter)) return `${prefix}${asked.target}`
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
  return TARGETS.flatMap((to) => STYLES.map((style): LinkRole => [at, to, prefix, parameter, by, style, 1, 0])).filter(
    (role) => linkFor(role, asked, spot) === text,
  )
}

const MAX_LINKS = 32

const otherwise = (style: string): string => (style.endsWith(ENCODED) ? style.slice(0, -1) : style + ENCODED)

/** Counts one value that may be a link. */
export const learnLink = (links: LinkRole[], [at, value]: readonly [string, Json], asked: Asked, spot: Spot): void => {
  const known = links.filter(([pointer]) => pointer === at)
  for (const role of known) {
    if (linkFor(role, asked, spot) !== value) role[5] = otherwise(role[5])
    const fits = linkFor(role, asked, spot) === value
    if (!fits) role[5] = otherwise(role[5])
    role[fits ? 6 : 7]++
  }
  if (known.length > 0 || typeof value !== 'string' || links.length >= MAX_LINKS) return
  links.push(...readLink(at, value, asked, spot))
}

const LEAST = 2

/** The links around a page, by pointer: of those that may stand there the one that held most. */
export const linksOf = (links: readonly LinkRole[], asked: Asked, spot: Spot): Map<string, Json> => {
  const best = new Map<string, LinkRole>()
  for (const role of links) {
    const [at, , , , , , hits, misses] = role
    if (hits >= LEAST && hits > 4 * misses && hits - misses > (best.get(at)?.[6] ?? 0) - (best.get(at)?.[7] ?? 0))
      best.set(at, role)
  }
  const found = new Map<string, Json>()
  for (const [at, role] of best) {
    const link = linkFor(role, asked, spot)
    if (link !== undefined) found.set(at, link)
  }
  return found
}
