/**
 * Which words at a position are values of one parameter: the decision. Odds are natural logarithms; each term says where it
 * comes from, the weights are those of the evaluation over real APIs (test/evals).
 */
import { addTokens, type BaseRates, likeness, logBeta, logEvidence, type Tokens } from './likeness.ts'
import { isExtension } from './kinds.ts'
import { isNaming, isPlural, nameClues } from './names.ts'

export interface Sibling {
  readonly name: string
  readonly count: number
  readonly follow: Tokens
  readonly keys: Tokens
}

export interface Position {
  /** Keys before it, from the root; `{}` for parameters. */
  readonly before: readonly string[]
  /** What values of a strong kind at this position did, if there were any. */
  readonly typed: Sibling | undefined
  readonly siblings: readonly Sibling[]
  /** Members of the group, and accepted forms, as decided last time. */
  readonly members: ReadonlySet<string>
  readonly forms: ReadonlySet<string>
  /** So many words were values here that most were folded away: no longer in question. */
  readonly folded: boolean
}

export interface Bases {
  readonly follow: BaseRates
  readonly keys: BaseRates
}

/** Part of the price of telling values from literals by their words alone; the rest is paid by how they behave. */
const MIXTURE = 0.85
/** Chosen with a quarter of the vocabulary taken away: an API of an unknown trade must not melt into parameters. */
const MERGE_ABOVE = 5
const FOLDED = 12
/** A group that stands is given up only when the odds turn, so that ids do not flap. */
const KEEP_ABOVE = 2
const LIKENESS_CAP = 4
/** Two that are alike prove less than many. */
const LIKENESS_PER_PAIR = 2
const SHARED_SUBSEGMENT = 3
const LIKENESS_CAP_MOST = 10

/** Where values of a strong kind stand, a word is likely a literal, unless it looks drawn itself. */
const BESIDE_TYPED = -1.5

/** How often one parameter, or one literal, stands at such a place. */
const positionPrior = (position: Position, isDrawn: boolean): number => {
  const previous = position.before[position.before.length - 1]
  const typed = position.typed === undefined || isDrawn ? 0 : BESIDE_TYPED
  if (previous === undefined) return -7 + typed
  if (previous.includes('{}')) return -4 + typed
  if (/^(?:api|rest|v\d.*|services?)$/i.test(previous)) return -7 + typed
  if (isNaming(previous)) return 3 + typed
  if (isPlural(previous)) return 0.5 + typed
  return -1.5 + typed
}

/** Log evidence of so many foreign and so many known words as values, and as literals: an API has words of its own trade. */
const asValues = (foreign: number, known: number): number => logBeta(3 + foreign, 1.5 + known) - logBeta(3, 1.5)
const asLiterals = (foreign: number, known: number): number => logBeta(0.8 + foreign, 5 + known) - logBeta(0.8, 5)

/**
 * Words foreign to API vocabulary speak for values. Known words that are left out of the group speak against it: where most
 * siblings are literals, the rest of them may well be the trade's own words.
 */
const namesEvidence = (siblings: readonly Sibling[], left: number): number => {
  let foreign = 0
  let form = 0
  for (const { name } of siblings) {
    const clues = nameClues(name)
    if (!clues.vocabulary) foreign++
    form += clues.form
  }
  const known = siblings.length - foreign
  const mixture = left === 0 ? 0 : MIXTURE * logBeta(1 + siblings.length, 1 + left) + asLiterals(0, left)
  const words = asValues(foreign, known) + mixture - asLiterals(foreign, known + left)
  return Math.max(-8, Math.min(6, words + Math.max(-4, Math.min(5, form))))
}

/** A closed set repeats itself, however large it is; an open one keeps bringing new names. */
const growthEvidence = (siblings: readonly Sibling[]): number => {
  const kinds = siblings.length
  let once = 0
  let seen = 0
  for (const sibling of siblings) {
    seen += sibling.count
    if (sibling.count === 1) once++
  }
  const closed = once === 0 && seen > 8 * kinds ? -Math.min(3, seen / (20 * kinds)) : 0
  const many = closed < 0 ? 0 : 0.12 * kinds
  return Math.min(3.5, many + (kinds * once) / (4 * seen)) + closed
}

/** Named sub-segments that several siblings share: literals of one convention rarely share more than one. */
const sharedSubsegments = (siblings: readonly Sibling[]): number => {
  const owners = new Map<string, number>()
  for (const { follow } of siblings) {
    const names = new Set<string>()
    for (const token of follow.keys()) {
      const name = token.split(' ')[0] ?? ''
      if (!/^[.~{]/.test(name) && !isExtension(name)) names.add(name)
    }
    for (const name of names) owners.set(name, (owners.get(name) ?? 0) + 1)
  }
  let shared = 0
  for (const count of owners.values()) if (count >= Math.max(2, siblings.length / 3)) shared++
  return shared
}

/** Literal siblings of one convention look identical, so likeness for is capped; unlikeness is not. */
const likenessEvidence = (siblings: readonly Sibling[], bases: Bases): number => {
  const follow = likeness(
    siblings.map((sibling) => sibling.follow),
    bases.follow,
  )
  const keys = likeness(
    siblings.map((sibling) => sibling.keys),
    bases.keys,
  )
  const alike = Math.min(LIKENESS_CAP, LIKENESS_PER_PAIR * (siblings.length - 1))
  const cap = Math.min(LIKENESS_CAP_MOST, alike + SHARED_SUBSEGMENT * sharedSubsegments(siblings))
  return Math.max(-12, Math.min(cap, follow + keys))
}

export const groupOdds = (position: Position, siblings: readonly Sibling[], bases: Bases): number => {
  const inside = new Set(siblings)
  const left = position.siblings.filter((sibling) => !inside.has(sibling) && !nameClues(sibling.name).reserved).length

  const typed = position.typed === undefined ? [] : [position.typed]
  return (
    (position.folded ? FOLDED : positionPrior(position, siblings.every(isDrawn))) +
    namesEvidence(siblings, left) +
    growthEvidence(siblings) +
    likenessEvidence([...siblings, ...typed], bases)
  )
}

/** Log Bayes factor of `sibling` belonging to the rest, against being its own. */
const fit = (sibling: Sibling, rest: { follow: Tokens; keys: Tokens }, bases: Bases): number => {
  const one = (own: Tokens, others: Tokens, base: BaseRates): number => {
    const together = new Map(others)
    addTokens(together, own)
    return logEvidence(together, base) - logEvidence(others, base) - logEvidence(own, base)
  }
  return one(sibling.follow, rest.follow, bases.follow) + one(sibling.keys, rest.keys, bases.keys)
}

const sumOf = (siblings: readonly Sibling[]): { follow: Map<string, number>; keys: Map<string, number> } => {
  const follow = new Map<string, number>()
  const keys = new Map<string, number>()
  for (const sibling of siblings) {
    addTokens(follow, sibling.follow)
    addTokens(keys, sibling.keys)
  }
  return { follow, keys }
}

const OUTSIDER_COUNT = 4
const OUTSIDER_FIT = -3

/** Members often seen that behave otherwise are literals after all. */
const dropOutsiders = (members: readonly Sibling[], bases: Bases): Sibling[] => {
  const all = sumOf(members)
  return members.filter((member) => {
    const suspect = !isForeign(member)
    if (member.count < (suspect ? 2 : OUTSIDER_COUNT) || members.length < 3) return true
    const follow = new Map(all.follow)
    const keys = new Map(all.keys)
    addTokens(follow, member.follow, -1)
    addTokens(keys, member.keys, -1)
    return fit(member, { follow, keys }, bases) > (suspect ? -1 : OUTSIDER_FIT)
  })
}

const isDrawn = (sibling: Sibling): boolean => nameClues(sibling.name).form > 1

const isForeign = (sibling: Sibling): boolean => !nameClues(sibling.name).vocabulary || isDrawn(sibling)

/** Words that might as well be literals join a group that stands, if they behave as it does. */
const joiners = (group: readonly Sibling[], others: readonly Sibling[], bases: Bases): Sibling[] => {
  const all = sumOf(group)
  const share = group.length / (group.length + others.length)
  const prior = Math.log(share / (1 - share))
  return others.filter((other) => fit(other, all, bases) + prior > 0)
}

/** Where the same core also stands alone, among the values or among the literals; and how sure such text is of a value. */
const formPrior = (
  form: string,
  cores: readonly Sibling[],
  position: Position,
  members: ReadonlySet<string>,
): number => {
  const literals = new Set(position.siblings.map((sibling) => sibling.name).filter((name) => !members.has(name)))
  const asValue = cores.filter(({ name }) => members.has(name)).length
  const asLiteral = cores.filter(({ name }) => literals.has(name)).length
  const base = /['(]|%27|^@|\.\.\./.test(form) ? 3 : form.startsWith('{}.') ? -1 : 0
  return base + Math.min(6, 3 * asValue) - Math.min(8, 4 * asLiteral) + (members.size > 0 ? 1.5 : 0)
}

/** Whether words of one form (`{}.json`; the siblings are named by their cores) are values with fixed text around them. */
export const decideForm = (form: string, cores: readonly Sibling[], position: Position, bases: Bases): boolean => {
  const known = position.forms.has(form)
  const least = form.startsWith('{}.') && !form.includes('...') ? 3 : 2
  const open = cores.filter(({ name }) => !nameClues(name).reserved)
  const plain = new Set(position.typed === undefined ? [] : ['{}'])
  for (const name of position.members) plain.add(name)
  if (open.length < (plain.size > 0 ? 1 : least) && !known) return false
  const odds =
    formPrior(form, open, position, plain) +
    namesEvidence(open, 0) +
    growthEvidence(open) +
    likenessEvidence(open, bases)
  return odds > (known ? KEEP_ABOVE : MERGE_ABOVE)
}

const POPULAR = 20
const POPULAR_TIMES = 10

/** Where literals are usual, a known word far more popular than the foreign ones is one: `/users` on a server that says 200 to all. */
const withoutPopular = (position: Position, open: readonly Sibling[]): Sibling[] => {
  const foreign = open.filter(isForeign)
  if (foreign.length === 0 || positionPrior(position, false) > -4) return [...open]
  const mean = foreign.reduce((sum, sibling) => sum + sibling.count, 0) / foreign.length
  return open.filter((sibling) => isForeign(sibling) || sibling.count < POPULAR || sibling.count < POPULAR_TIMES * mean)
}

/**
 * Two ways to see a position: all its words are values, or only those foreign to the vocabulary. Where most values are of a
 * strong kind, a known word is none: `/users/me` beside ids.
 */
const hypotheses = (position: Position, open: readonly Sibling[]): (readonly Sibling[])[] => {
  const foreign = open.filter(isForeign)
  const least = position.typed === undefined ? 2 : 1
  const words = open.reduce((sum, sibling) => sum + sibling.count, 0)
  const isTyped = position.typed !== undefined && position.typed.count > words
  const all = !isTyped && foreign.length * 4 >= open.length ? [open] : []
  return [...all, foreign].filter((group) => group.length >= least)
}

const barFor = (position: Position, group: readonly Sibling[]): number => {
  const known = group.filter((sibling) => position.members.has(sibling.name)).length
  return known * 2 > group.length ? KEEP_ABOVE : MERGE_ABOVE
}

/** The siblings that are values of one parameter; empty when none are. */
export const decideGroup = (position: Position, bases: Bases): Sibling[] => {
  const named = position.siblings.filter((sibling) => !nameClues(sibling.name).reserved)
  const open = withoutPopular(position, named)
  let best: readonly Sibling[] = []
  let bestOdds = 0
  for (const group of hypotheses(position, open)) {
    const members = dropOutsiders(group, bases)
    const odds = members.length === 0 ? 0 : groupOdds(position, members, bases) - barFor(position, members)
    if (odds <= bestOdds) continue
    best = members
    bestOdds = odds
  }
  if (best.length === 0) return []
  const inside = new Set(best)
  const outside = open.filter((sibling) => !inside.has(sibling))
  const joined = [...best, ...joiners(best, outside, bases)]
  if (joined.length === best.length) return joined
  // Known words that behave as the group does: what they all are together is asked again, and it may be literals.
  return groupOdds(position, joined, bases) > barFor(position, joined) ? joined : []
}
