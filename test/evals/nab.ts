/**
 * The Numenta Anomaly Benchmark (Lavin, Ahmad: "Evaluating Real-time Anomaly Detection Algorithms", ICMLA 2015), scored as its
 * own scorer does: standard profile, the first 15 % of a series on probation, one threshold for the whole corpus, chosen for
 * the best score. `node --import tsx test/evals/nab.ts PATH [group…]`: PATH is a copy of github.com/numenta/NAB, or a bare git
 * directory of it; the groups are those of what operators watch, unless given. Nothing of NAB is kept here.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newGauge, readGauge } from './gauge.ts'

const FALSE_POSITIVE = 0.11
const PROBATION = 0.15
const GROUPS = ['realAWSCloudwatch', 'realTraffic', 'realKnownCause', 'realTweets']

interface Source {
  read(file: string): string
  list(folder: string): readonly string[]
}

const sourceAt = (path: string): Source => {
  if (existsSync(join(path, 'data')))
    return { read: (file) => readFileSync(join(path, file), 'utf8'), list: (folder) => readdirSync(join(path, folder)) }
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['--git-dir', path, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return {
    read: (file) => git('show', `HEAD:${file}`),
    list: (folder) => git('ls-tree', '--name-only', `HEAD:${folder}`).trim().split('\n'),
  }
}

interface Series {
  readonly name: string
  readonly times: readonly string[]
  readonly values: readonly number[]
  readonly windows: readonly (readonly [from: number, to: number])[]
}

const seriesOf = (source: Source, name: string, windows: readonly (readonly [string, string])[]): Series => {
  const rows = source.read(`data/${name}`).trim().split('\n').slice(1)
  const cells = rows.map((row) => row.split(','))
  const times = cells.map(([time = '']) => time.trim())
  const at = (time: string): number => times.indexOf(time.slice(0, 19))
  const values = cells.map(([, value]) => Number(value))
  return { name, times, values, windows: windows.map(([from, to]) => [at(from), at(to)]) }
}

/** NAB's scaled sigmoid of a position: -1 is the left end of a window, 0 its right end. */
const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1)
const BEST = sigmoid(-1)

interface Point {
  readonly score: number
  readonly worth: number
  /** Which window; -1: none. */
  readonly window: number
}

/** What an alarm at each point after probation is worth. */
const pointsOf = ({ values, windows }: Series, scores: readonly number[], first: number): Point[] => {
  const skip = Math.min(Math.floor(PROBATION * values.length), PROBATION * 5000)
  const points: Point[] = []
  for (let i = Math.ceil(skip); i < values.length; i++) {
    const inside = windows.findIndex(([from, to]) => i >= from && i <= to)
    const score = scores[i] ?? 0
    const [from, to] = windows[inside] ?? [0, 0]
    if (inside >= 0) {
      points.push({ score, worth: sigmoid(-(to - i + 1) / (to - from + 1)) / BEST, window: first + inside })
      continue
    }
    const before = windows.filter((one) => one[1] < i).at(-1)
    const past = before === undefined ? Infinity : (i - before[1]) / (before[1] - before[0])
    points.push({ score, worth: FALSE_POSITIVE * sigmoid(past), window: -1 })
  }
  return points
}

interface Best {
  readonly threshold: number
  readonly score: number
  readonly found: number
  readonly falsePositives: number
}

/** The best threshold over all points, and its score between that of silence (0) and of perfection (100). */
const sweep = (points: readonly Point[]): Best & { readonly windows: number } => {
  const windows = new Set(points.map(({ window }) => window).filter((window) => window >= 0))
  const worths = new Map<number, number>()
  let [sum, falsePositives] = [-windows.size, 0]
  let best: Best = { threshold: Infinity, score: sum, found: 0, falsePositives: 0 }
  const sorted = points.toSorted((a, b) => b.score - a.score)
  for (const [i, { score, worth, window }] of sorted.entries()) {
    const known = worths.get(window) ?? -1
    if (window < 0) {
      sum += worth
      falsePositives++
    } else if (worth > known) {
      sum += worth - known
      worths.set(window, worth)
    }
    if (sorted[i + 1]?.score !== score && sum > best.score)
      best = { threshold: score, score: sum, found: worths.size, falsePositives }
  }
  return { ...best, score: (100 * (best.score + windows.size)) / (2 * windows.size), windows: windows.size }
}

const scoresOf = ({ values }: Series): number[] => {
  const gauge = newGauge()
  return values.map((value) => readGauge(gauge, value))
}

const [path, ...asked] = process.argv.slice(2)
if (path === undefined || !existsSync(path)) {
  console.error('name a copy of github.com/numenta/NAB, or a bare git directory of it')
  process.exit(2)
}
const source = sourceAt(path)
const labels = JSON.parse(source.read('labels/combined_windows.json')) as Record<string, [string, string][]>
const groups = asked.length > 0 ? asked : GROUPS
const points: Point[] = []
const byGroup = new Map<string, Point[]>()
let first = 0
for (const group of groups)
  for (const file of source.list(`data/${group}`)) {
    const series = seriesOf(source, `${group}/${file}`, labels[`${group}/${file}`] ?? [])
    const own = pointsOf(series, scoresOf(series), first)
    first += series.windows.length
    points.push(...own)
    byGroup.set(group, [...(byGroup.get(group) ?? []), ...own])
  }
const { threshold, score, found, windows, falsePositives } = sweep(points)
/** At the threshold of the whole corpus. */
const at = (some: readonly Point[]): string => {
  const alarms = some.filter((one) => one.score >= threshold)
  const all = new Set(some.map(({ window }) => window).filter((window) => window >= 0)).size
  const hit = new Set(alarms.map(({ window }) => window).filter((window) => window >= 0)).size
  return `${hit} of ${all} windows, ${alarms.filter(({ window }) => window < 0).length} alarms outside`
}
for (const [group, some] of byGroup) console.log(group.padEnd(24), at(some))
console.log(
  `standard score ${score.toFixed(1)}: ${found} of ${windows} windows, ${falsePositives} alarms outside, threshold ${threshold.toPrecision(4)}`,
)
