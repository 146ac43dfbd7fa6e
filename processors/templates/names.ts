/** What a segment's letters say: a name that an author chose, or a value. And names for the parameters that were found. */
import { randomness } from './randomness.ts'
import { isReserved, isVocabulary } from './vocabulary.ts'

const tokensOf = (text: string): string[] =>
  (text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g) ?? []).map((token) => token.toLowerCase())

export interface NameClues {
  /** All its words are API vocabulary. */
  readonly vocabulary: boolean
  /** Never a value. */
  readonly reserved: boolean
  /** Further evidence for a value (natural logarithm of odds): form, not words. */
  readonly form: number
}

/** Drawn letters speak for a value by their own odds; but not all that looks drawn is. */
const DRAWN_MOST = 6
/** Camel case made of words is far below this. */
const HARDLY_WORDS = -4

/** `1e77`, `a2e5`: letters and digits by turns, or digits first, are drawn, however short; `top10` and `oauth2` are words. */
const SHORT_DRAWN = /^(?=[a-z\d]{4,7}$)(?:\d+[a-f]|[a-z]+\d+[a-z])/

const formEvidence = (name: string): number => {
  let sum = 0
  if (SHORT_DRAWN.test(name)) sum += 2.5
  if (/^v?\d+(?:\.\d+)+/.test(name)) sum += 2.5
  if (/%[0-9a-f]{2}/i.test(name)) sum += 4
  if (/^[A-Za-z][A-Za-z-]*[-_]\d+$/.test(name) || /^[a-z]{3,}\d{2,}$/.test(name)) sum += 1.5
  const drawn = name.length >= 8 ? randomness(name) : 0
  if (drawn > 0) return sum + Math.max(2.5, Math.min(DRAWN_MOST, drawn))
  if (!/[a-z][A-Z]/.test(name)) return sum
  return name.length >= 8 && drawn > HARDLY_WORDS ? sum + 1.5 : sum - 1.5
}

/** Authors of APIs write `change_password`; a slug has hyphens. So half of the words are enough there. */
const SNAKE_CASE = /^[a-z][a-z\d]*(?:_[a-z\d]+)+$/

const isOfAuthors = (name: string, words: readonly string[]): boolean => {
  if (words.length === 0) return /^\W*$/.test(name)
  const known = words.filter((word) => word.length === 1 || isVocabulary(word)).length
  return known === words.length || (SNAKE_CASE.test(name) && known * 2 >= words.length)
}

const readName = (name: string): NameClues => {
  const words = tokensOf(name).filter((token) => !/^\d+$/.test(token))
  const vocabulary = isOfAuthors(name, words)
  return {
    vocabulary,
    reserved: isReserved(name) || /^v\d+$/i.test(name) || name.includes('{}'),
    form: formEvidence(name),
  }
}

const cache = new Map<string, NameClues>()
const CACHE_LIMIT = 50_000

export const nameClues = (name: string): NameClues => {
  const known = cache.get(name)
  if (known !== undefined) return known
  if (cache.size >= CACHE_LIMIT) cache.clear()
  const clues = readName(name)
  cache.set(name, clues)
  return clues
}

const singular = (word: string): string => {
  if (/(?:ss|us|is)$/.test(word) || word.length < 4) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:ses|xes|zes|ches|shes)$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') ? word.slice(0, -1) : word
}

export const isPlural = (word: string): boolean => singular(word) !== word

const camel = (text: string): string =>
  tokensOf(text)
    .map((token, i) => (i === 0 ? token : `${token.charAt(0).toUpperCase()}${token.slice(1)}`))
    .join('')

/** After these words a segment is what the word says. */
const NAMING =
  /^(?:name|username|slug|key|code|symbol|tag|email|hash|sha|date|year|month|day|since|until|before|after|from|to|by|path|lang|locale|currency|country|region)s?$/i
export const isNaming = (word: string): boolean => NAMING.test(word)

const NOBODYS: ReadonlyMap<string, readonly string[]> = new Map()
const OWN_NAME = new Set(['date', 'time', 'ip', 'email', 'coordinates', 'urn'])

const parameterName = (kind: string, owner: string, first: boolean): string => {
  if (OWN_NAME.has(kind)) return kind
  if (owner !== '' && isNaming(owner)) return camel(singular(owner))
  const word = camel(singular(tokensOf(owner).pop() ?? ''))
  return first || word === '' ? 'id' : `${word}Id`
}

/**
 * Names for the parameters of a template of `{}`, left to right: those that people gave, else `id`, then by the literal
 * before; never one twice.
 */
export const nameParameters = (
  template: string,
  kinds: readonly string[],
  given: ReadonlyMap<string, readonly string[]> = NOBODYS,
): string[] => {
  const names: string[] = []
  let owner = ''
  let path = ''
  for (const segment of template.split('/').slice(1)) {
    const holes = segment.split('{}').length - 1
    path += `/${segment}`
    for (let h = 0; h < holes; h++) {
      const wanted = given.get(path)?.[h] ?? parameterName(kinds[names.length] ?? '', owner, names.length === 0)
      let name = wanted
      for (let n = 2; names.includes(name); n++) name = `${wanted}${n}`
      names.push(name)
    }
    if (holes === 0) owner = segment
  }
  return names
}

/** `/users/{}/orders/{}` with names put in. */
export const fillTemplate = (template: string, names: readonly string[]): string => {
  let next = 0
  return template.replaceAll('{}', () => `{${names[next++] ?? 'id'}}`)
}
