/**
 * Lists that come bare for some requests and in an envelope for others (`/posts`, and `/posts?_page=2`): which of the two
 * is counted by the set of parameters that a request names. An Accept may ask for one item alone instead.
 */
import type { Asked } from './asked.ts'
import type { ListModel } from './model.ts'
import { parametersIn } from './nested.ts'

const namesOf = (asked: Asked): string[] => [...new Set(parametersIn(asked.query).map(([name]) => name))].sort()

/** Names in one text: `&` stands in none of them. */
const SEPARATOR = '&'
const keyOf = (names: readonly string[]): string => names.map((name) => name.replaceAll(SEPARATOR, '')).join(SEPARATOR)

/** Whether the list comes in its other form for a request. */
export const isOther = ({ other }: ListModel, asked: Asked): boolean => {
  if (other === undefined) return false
  const names = namesOf(asked)
  const leadOf = (set: string): number => other.sets.find(([known]) => known === set)?.[1] ?? 0
  const own = leadOf(keyOf(names))
  if (own !== 0) return own > 0
  const plain = leadOf('')
  // What asks for nothing mostly gets the bare list; so does what was never seen to change that.
  const isPlainOther = plain === 0 ? other.at === '' : plain > 0
  return names.some((name) => changes(other.sets, name, isPlainOther)) ? !isPlainOther : isPlainOther
}

/** Whether all the sets that a parameter stood in had the form that plain requests do not get. */
const changes = (sets: readonly (readonly [string, number])[], name: string, isPlainOther: boolean): boolean => {
  const its = sets.filter(([set, lead]) => lead !== 0 && set.split(SEPARATOR).includes(name))
  return its.length > 0 && its.every(([, lead]) => lead > 0 !== isPlainOther)
}

/** The list in the form that it has for a request. */
export const inForm = (list: ListModel, asked: Asked): ListModel => {
  const { other } = list
  if (other === undefined || !isOther(list, asked)) return list
  return { ...list, at: other.at, longest: other.longest, full: other.full }
}

const MAX_SETS = 32
const MOST = 8

/** Counts the form that a request was answered in. */
export const countForm = (list: ListModel, asked: Asked, wasOther: boolean): void => {
  const { other } = list
  if (other === undefined) return
  const key = keyOf(namesOf(asked))
  let known = other.sets.find(([set]) => set === key)
  if (known === undefined) {
    if (other.sets.length >= MAX_SETS) return
    other.sets.push((known = [key, 0]))
  }
  known[1] = Math.max(-MOST, Math.min(MOST, known[1] + (wasOther ? 1 : -1)))
}

const acceptOf = (asked: Asked): string => asked.headers.get('accept') ?? ''

/** Whether a request gets one item alone: what its Accept mostly got. */
export const isSingle = ({ single = [] }: ListModel, asked: Asked): boolean => {
  const accept = acceptOf(asked)
  return single.some(([known, lead]) => known === accept && lead > 0)
}

const MAX_SINGLES = 4

/** Counts whether an Accept got one item alone. */
export const countSingle = (list: ListModel, asked: Asked, wasSingle: boolean): void => {
  const accept = acceptOf(asked)
  if (accept === '' || (list.single === undefined && !wasSingle)) return
  list.single ??= []
  let known = list.single.find(([name]) => name === accept)
  if (known === undefined) {
    if (!wasSingle || list.single.length >= MAX_SINGLES) return
    list.single.push((known = [accept, 0]))
  }
  known[1] = Math.max(-MOST, Math.min(MOST, known[1] + (wasSingle ? 1 : -1)))
}
