/** What is wrong with a configuration: all of it at once, each with place and cure. */

export interface Problem {
  /** `chaos-proxy.yaml:3:9`, `$PORT` or `--port`. */
  readonly where: string
  readonly message: string
}

const inOrder = (a: Problem, b: Problem): number => a.where.localeCompare(b.where, 'en', { numeric: true })

/** Thrown with everything that is wrong, in the order of the file; exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]
  constructor(found: readonly Problem[]) {
    const problems = found.toSorted(inOrder)
    super(problems.map((p) => `${p.where}: ${p.message}`).join('\n'))
    this.problems = problems
  }
}

/** One row of the matrix below: what it costs to reach each prefix of `b` from the first `i` letters of `a`. */
interface Rows {
  readonly before: readonly number[]
  readonly last: readonly number[]
}

const nextRow = (a: string, b: string, i: number, { before, last }: Rows): number[] => {
  const row = [i]
  for (let j = 1; j <= b.length; j++) {
    const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
    const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
    const swap = swapped ? (before[j - 2] ?? 0) + 1 : Infinity
    row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change, swap))
  }
  return row
}

/** Edit distance with transpositions (optimal string alignment), for "did you mean". */
export const distance = (a: string, b: string): number => {
  let rows: Rows = { before: [], last: Array.from({ length: b.length + 1 }, (_, j) => j) }
  for (let i = 1; i <= a.length; i++) rows = { before: rows.last, last: nextRow(a, b, i, rows) }
  return rows.last[b.length] ?? 0
}

/** The nearest of `known`, when it is near enough to be a slip of the hand. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, '')
  const ranked = known
    .map((candidate) => ({ candidate, d: distance(plain(word), plain(candidate)) }))
    .sort((x, y) => x.d - y.d)
  const best = ranked[0]
  return best && best.d <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

/** ` - did you mean "port"?`, or what there is to choose from. */
export const suggestion = (word: string, known: readonly string[]): string => {
  const near = nearest(word, known)
  if (near !== undefined) return `; did you mean "${near}"?`
  return known.length > 0 && known.length <= 12 ? `; there is ${known.join(', ')}` : ''
}
