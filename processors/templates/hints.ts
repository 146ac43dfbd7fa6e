/**
 * What people said about templates: they know what traffic cannot tell, so their word stands. Kept by position, the keys
 * before it (`/users`), as groups are.
 */
import { segmentParts, splitOperation } from '../../schemas/semantics/templates.ts'
import type { Command } from '../../schemas/events.ts'
import { nameClues } from './names.ts'

export interface Hint {
  /** Whether words here are values: all but the literals, or none but the members. Undefined: as traffic says. */
  readonly words?: 'values' | 'literals'
  /** Words that are values, and words that are not, whatever else holds; ascending. */
  readonly members: readonly string[]
  readonly literals: readonly string[]
  /** Forms whose cores are values: `{}.json`. */
  readonly forms: readonly string[]
  /** Names of the parameters in a segment, by its key: `{}`, `{}.json`. */
  readonly names: Readonly<Record<string, readonly string[]>>
}

/** By position. */
export type Hints = Readonly<Record<string, Hint>>

/** Bounds of a service; what is said beyond them is not heard. */
const MAX_POSITIONS = 1_000
const MAX_WORDS = 200
const MAX_LENGTH = 200

const NONE: Hint = { members: [], literals: [], forms: [], names: {} }
const PURE = '{}'

interface Segment {
  /** The keys before it. */
  readonly position: string
  readonly key: string
  /** Names of its parameters. */
  readonly names: readonly string[]
}

const PARAMETER = /\{([^{}]*)\}/g

/** `/users/{id}.json`, segment by segment. */
export const segmentsOf = (template: string): readonly Segment[] => {
  let position = ''
  return splitOperation(template)[0]
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => {
      const one = {
        position,
        key: segmentParts(segment).join(PURE),
        names: [...segment.matchAll(PARAMETER)].map(([, name = '']) => name),
      }
      position += `/${one.key}`
      return one
    })
}

const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort().slice(0, MAX_WORDS)
const without = (words: readonly string[], gone: readonly string[]): string[] =>
  words.filter((word) => !gone.includes(word))

/** A hint with more in it; a later word about a word beats an earlier one. */
const joined = (known: Hint, more: Partial<Hint>): Hint => {
  const members = more.members ?? []
  const literals = more.literals ?? []
  const words = more.words ?? known.words
  return {
    ...(words !== undefined && { words }),
    members: sorted([...without(known.members, literals), ...members]),
    literals: sorted([...without(known.literals, members), ...literals]),
    forms: sorted([...known.forms, ...(more.forms ?? [])]),
    names: { ...known.names, ...more.names },
  }
}

type Said = readonly (readonly [position: string, more: Partial<Hint>])[]

const isFixed = (key: string): boolean => !key.includes(PURE)

/** Words that are values now, by position. */
export type MembersAt = (position: string) => readonly string[]

/** The template stands as it is: its words are literals, and what its parameters took are values. */
const pinned = (template: string, membersAt: MembersAt): Said =>
  segmentsOf(template).map(({ position, key, names }) => {
    if (isFixed(key)) return [position, { literals: [key] }]
    return [position, { members: membersAt(position), forms: key === PURE ? [] : [key], names: { [key]: names } }]
  })

/** Other names; and where a word was, perhaps a parameter, which takes other words as well. */
const renamed = (template: string, to: string): Said => {
  const before = segmentsOf(template)
  const after = segmentsOf(to)
  const isSame = (i: number): boolean => before[i]?.key === after[i]?.key || isOpened(i)
  const isOpened = (i: number): boolean => isFixed(before[i]?.key ?? '') && after[i]?.key === PURE
  if (before.length !== after.length || !before.every((_, i) => isSame(i))) return []
  return after.flatMap(({ position, key, names }, i) => {
    if (isFixed(key)) return []
    const opened: Partial<Hint> = isOpened(i) ? { members: [before[i]?.key ?? ''], words: 'values' } : {}
    return [[position, { ...opened, names: { [key]: names } }]]
  })
}

/** Where templates differ there is a parameter. Their positions are those of the first one up to there. */
const merged = (template: string, others: readonly string[]): Said => {
  const all = [template, ...others].map(segmentsOf)
  const length = all[0]?.length ?? 0
  if (all.some((segments) => segments.length !== length)) return []
  let position = ''
  const said: [string, Partial<Hint>][] = []
  for (let i = 0; i < length; i++) {
    const keys = [...new Set(all.map((segments) => segments[i]?.key ?? ''))]
    const [first = ''] = keys
    if (keys.length > 1) {
      const isOpen = !keys.includes(PURE)
      said.push([position, { members: keys.filter(isFixed), ...(isOpen && { words: 'values' as const }) }])
    }
    position += `/${keys.length > 1 ? PURE : first}`
  }
  return said
}

/** Words of a parameter are literals: those given, or all. */
const split = (template: string, parameter: string, words: readonly string[]): Said => {
  const holes = segmentsOf(template).filter(({ key }) => key === PURE)
  const hole = parameter === '' ? holes.at(-1) : holes.find(({ names }) => names.includes(parameter))
  if (hole === undefined) return []
  return [[hole.position, words.length === 0 ? { words: 'literals' } : { literals: words }]]
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((one): one is string => typeof one === 'string' && one.length <= MAX_LENGTH).slice(0, MAX_WORDS)
    : []

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const valueOf = ({ value }: Command): Readonly<Record<string, unknown>> => {
  try {
    const read: unknown = JSON.parse(value === '' ? '{}' : value)
    return typeof read === 'object' && read !== null ? (read as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

/** An endpoint's id is `service METHOD /template`. */
export const templateOf = (id: string): string => id.split(' ').slice(2).join(' ')

const saidBy = (command: Command, membersAt: MembersAt): Said | undefined => {
  const template = templateOf(command.subject)
  const value = valueOf(command)
  switch (command.kind) {
    case 'endpoints.pin':
      return pinned(template, membersAt)
    case 'endpoints.merge':
      return merged(template, textsOf(value['with']).map(templateOf))
    case 'endpoints.split':
      return split(template, textOf(value['parameter']), textsOf(value['words']))
    case 'endpoints.rename':
      return renamed(template, textOf(value['template']))
    default:
      return undefined
  }
}

const forgotten = (hints: Hints, template: string): Hints => {
  const gone = new Set(segmentsOf(template).map(({ position }) => position))
  return Object.fromEntries(Object.entries(hints).filter(([position]) => !gone.has(position)))
}

/** What stands after a command; undefined when it says nothing about templates. */
export const heard = (hints: Hints, command: Command, membersAt: MembersAt): Hints | undefined => {
  if (command.kind === 'endpoints.unpin') return forgotten(hints, templateOf(command.subject))
  const said = saidBy(command, membersAt)
  if (said === undefined || said.length === 0) return undefined
  const next: Record<string, Hint> = { ...hints }
  for (const [position, more] of said)
    if (position in next || Object.keys(next).length < MAX_POSITIONS)
      next[position] = joined(next[position] ?? NONE, more)
  return next
}

/** The words that are values, given what traffic says of each. */
export const obeyed = (hint: Hint | undefined, words: readonly string[], decided: ReadonlySet<string>): string[] => {
  const byTraffic = words.filter((word) => decided.has(word))
  if (hint === undefined) return byTraffic
  const members = new Set(hint.members)
  const literals = new Set(hint.literals)
  const isValue = (word: string): boolean => {
    if (members.has(word) || literals.has(word)) return members.has(word)
    if (hint.words === undefined) return decided.has(word)
    return hint.words === 'values' && !nameClues(word).reserved
  }
  return words.filter(isValue)
}

/** Names that people gave, by the path of a segment (`/users/{}`). */
export const namesGiven = (hints: Hints): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.entries(hints).flatMap(([position, { names }]) =>
      Object.entries(names).map(([key, given]) => [`${position}/${key}`, given] as const),
    ),
  )
