/** A group as it is asked: which key a word has at its position. */
import type { Group } from './decide.ts'
import { decorationOf } from './kinds.ts'
import { nameClues } from './names.ts'

const PURE = '{}'

export interface Decided {
  readonly members: ReadonlySet<string>
  readonly literals: ReadonlySet<string>
  readonly forms: ReadonlySet<string>
  readonly pinned: ReadonlySet<string>
  readonly open: boolean
}

export const decided = (group: Group): Decided => ({
  members: new Set(group.members),
  literals: new Set(group.literals),
  forms: new Set(group.forms),
  pinned: new Set(group.pinned),
  open: group.open === true,
})

export const sameGroup = (a: Group | undefined, b: Group): boolean =>
  a !== undefined &&
  a.members.join('/') === b.members.join('/') &&
  a.literals.join('/') === b.literals.join('/') &&
  a.forms.join('/') === b.forms.join('/') &&
  a.pinned?.join('/') === b.pinned?.join('/') &&
  a.open === b.open

/** A word that was not there when the group was decided joins it, but for those that never are values. */
const keyOfNew = (group: Decided, word: string): string => {
  const decoration = decorationOf(word)
  if (decoration !== undefined && group.forms.has(decoration.form))
    return nameClues(decoration.core).reserved ? word : decoration.form
  if (decoration !== undefined && !decoration.extension) return word
  return (group.members.size === 0 && !group.open) || nameClues(word).reserved ? word : PURE
}

/** The key of a word at a position. */
export const keyOf = (group: Decided | undefined, word: string): string => {
  if (group === undefined || word.includes(PURE)) return word
  if (group.members.has(word)) return PURE
  return group.literals.has(word) || group.pinned.has(word) ? word : keyOfNew(group, word)
}
