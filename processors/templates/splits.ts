/** Which endpoints came out of which: where a parameter turned out to be words, what was learned under it is of all of them. */
import type { Split } from '../kit/processor.ts'

interface One {
  readonly id: string
  readonly method: string
  /** `/users/{}` */
  readonly inner: string
  readonly count: number
}

/** Whether paths of `narrow` were read as `wide` before: it has a parameter where the other has a word. */
const covers = (wide: One, narrow: One): boolean => {
  if (wide.method !== narrow.method) return false
  const [a, b] = [wide.inner.split('/'), narrow.inner.split('/')]
  if (a.length !== b.length) return false
  const others = a.flatMap((key, i) => (key === b[i] ? [] : [[key, b[i] ?? ''] as const]))
  return others.length > 0 && others.every(([key, word]) => key.includes('{}') && !word.includes('{}'))
}

/** The splits that made `appeared` out of the endpoints that were there `before`. */
export const splitsOf = (before: readonly One[], appeared: readonly One[]): Split[] => {
  if (appeared.length === 0) return []
  return before.flatMap((wide) => {
    const into = appeared.filter((narrow) => covers(wide, narrow)).map(({ id }) => id)
    return into.length === 0 ? [] : [{ from: wide.id, into, count: wide.count }]
  })
}
