/**
 * The sets of paths made harder: other orders, thin traffic, and values that are words of APIs. It says how much of a score is
 * luck and tells a rule that holds from one that fits. `node --import tsx test/evals/paths-redrawn.ts PATHS_FOLDER [TIMES]`.
 */
import { join } from 'node:path'
import type { Observation } from '../../processors/kit/processor.ts'
import { memoryStore } from '../processors/kit/store.ts'
import { templates } from '../../processors/templates/templates.ts'
import { vocabularyWords } from '../../processors/templates/vocabulary.ts'
import { hash32 } from '../../processors/kit/hash.ts'
import { random } from '../topology/recording.ts'
import { casesOf, readRows, type Row } from './convert.ts'

const [folder = '', times = '3'] = process.argv.slice(2)
if (folder === '') {
  console.error('usage: paths-redrawn.ts PATHS_FOLDER [TIMES]')
  process.exit(2)
}

/** An exchange and its true template, null for a scanner's. */
interface Known {
  readonly row: Row
  readonly template: string | null
}

const load = async (name: string, file: string): Promise<Known[]> => {
  const rows: Row[] = []
  for await (const row of readRows(file)) rows.push(row)
  const known: Known[] = []
  for await (const truth of readRows(join(folder, 'truth', `${name}.jsonl.gz`)))
    known.push({ row: rows[known.length] as Row, template: truth['t'] as string | null })
  return known
}

const pathOf = (row: Row): string => String(row['p']).split('?')[0] ?? ''

const shuffled = (known: readonly Known[], next: () => number): Known[] =>
  known
    .map((one) => [next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one)

const words = [...vocabularyWords()].filter((word) => /^[a-z]{4,}$/.test(word))

/** Each word of a value is, in so many of a hundred, another one: a word of APIs, the same each time. */
const withWords = ({ row, template }: Known, share: number, seed: number): Known => {
  if (template === null) return { row, template }
  const other = (word: string): string => {
    const hash = hash32(`${seed} ${word}`)
    return hash % 100 < share ? (words[Math.floor(hash / 100) % words.length] ?? word) : word
  }
  const truth = template.split('/')
  const segments = pathOf(row).split('/')
  if (truth.length !== segments.length) return { row, template }
  const path = segments.map((segment, i) =>
    truth[i] === '{}' && /^[a-z]+(?:-[a-z]+)*$/.test(segment) ? segment.split('-').map(other).join('-') : segment,
  )
  return { row: { ...row, p: path.join('/') }, template }
}

const nameless = (template: string): string => template.replaceAll(/\{[^{}]*\}/g, '{}').replace(/\/$/, '')

/** What each path reads as once all have passed. */
const learned = (known: readonly Known[]): (string | undefined)[] => {
  const steps = templates.open({ open: () => memoryStore() })
  for (const [i, { row }] of known.entries()) {
    const about = {
      event: { service: 'api' },
      exchange: { method: row['m'], status: row['s'] },
      query: [],
      teaches: true,
    }
    const observation = { ...about, at: i * 1_000_000, path: pathOf(row), responseJson: row['b'] ?? undefined }
    steps.locate(observation as unknown as Observation, () => undefined)
  }
  return known.map(({ row }) => {
    const found = steps.find('api', String(row['m']), pathOf(row))
    return found && nameless(found.template)
  })
}

const pairs = (counts: Iterable<number>): number => {
  let sum = 0
  for (const n of counts) sum += (n * (n - 1)) / 2
  return sum
}

const countBy = (keys: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** As the set's own scorer has it: F1 over pairs of exchanges, and the share of exact templates. */
const score = (known: readonly Known[]): readonly [f1: number, exact: number] => {
  const told = learned(known)
  const both = known.flatMap(({ template }, i) =>
    template === null ? [] : [[nameless(template), told[i] ?? `none ${i}`] as const],
  )
  const together = pairs(countBy(both.map((one) => one.join(' '))).values())
  const all =
    pairs(countBy(both.map(([truth]) => truth)).values()) + pairs(countBy(both.map(([, said]) => said)).values())
  return [all === 0 ? 1 : (2 * together) / all, both.filter(([truth, said]) => truth === said).length / both.length]
}

const cases: Known[][] = []
for (const { name, file } of casesOf(join(folder, 'data'))) cases.push(await load(name, file))

const measure = (what: string, change: (known: readonly Known[], seed: number) => readonly Known[]): void => {
  const scores = cases.flatMap((known) =>
    Array.from({ length: Number(times) }, (_, seed) => score(change(known, seed + 1))),
  )
  const mean = (which: 0 | 1): string => (scores.reduce((sum, one) => sum + one[which], 0) / scores.length).toFixed(3)
  const worst = Math.min(...scores.map(([f1]) => f1)).toFixed(3)
  console.log(`${what.padEnd(34)} pair F1 ${mean(0)}, exact ${mean(1)}, worst F1 ${worst}`)
}

measure('as it is', (known) => known)
measure('in another order', (known, seed) => shuffled(known, random(seed)))
measure('a quarter of it', (known, seed) => shuffled(known, random(seed)).slice(0, Math.ceil(known.length / 4)))
for (const share of [30, 60, 90])
  measure(`${share} % of words are words of APIs`, (known, seed) => known.map((one) => withWords(one, share, seed)))
