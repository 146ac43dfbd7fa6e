/** People whose every text carries their mark, and who may not see each other's things. */
export type Chance = () => number

export const PEOPLE = ['ann', 'bob', 'cat', 'dan']
const MARKS = /(ANN|BOB|CAT|DAN)-OWN/g
export const mark = (person: string): string => `${person.toUpperCase()}-OWN`

/** Two credentials of one person are two principals that nobody can tell for one. */
export const principalOf = (person: string, token: number): string => `cp_${person}_${token}`

/** Everybody, and two who are nobody. */
export const ASKERS: readonly (readonly [person: string, principal: string])[] = [
  ...PEOPLE.map((person): [string, string] => [person, principalOf(person, 0)]),
  ['', 'cp_stranger'],
  ['', ''],
]

export const idFor = (person: string, k: number): number => 100 * (1 + PEOPLE.indexOf(person)) + k

/** Marks in a text that are not this person's. */
export const foreignIn = (text: string, person: string): readonly string[] =>
  (text.match(MARKS) ?? []).filter((found) => person === '' || found !== mark(person))
