/**
 * The score of the Numenta Anomaly Benchmark (Lavin, Ahmad: "Evaluating Real-time Anomaly Detection Algorithms", ICMLA 2015),
 * as its own `nab/sweeper.py` and `nab/runner.py` count: the first 15 % of a series are on probation, of a window the earliest
 * alarm counts, one threshold serves all series, and 0 is silence and 100 perfection.
 */
import type { Series } from './nab-corpus.ts'

/** What a false alarm and a missed window cost. */
export interface Costs {
  readonly falseAlarm: number
  readonly missed: number
}

export const PROFILES: Readonly<Record<string, Costs>> = {
  standard: { falseAlarm: 0.11, missed: 1 },
  reward_low_FP_rate: { falseAlarm: 0.22, missed: 1 },
  reward_low_FN_rate: { falseAlarm: 0.11, missed: 2 },
}

const PROBATION = 0.15

/** NAB's scaled sigmoid of a position: -1 is the left end of a window, 0 its right end. */
const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1)
const BEST = sigmoid(-1)

export interface Point {
  readonly score: number
  /** Of an alarm: in a window up to 1, outside down to -1. */
  readonly worth: number
  /** The window's name; undefined: in none. */
  readonly window: string | undefined
}

/** What an alarm at each point after probation is worth. */
export const pointsOf = ({ name, readings, windows }: Series, scores: readonly number[]): Point[] => {
  const skip = Math.ceil(Math.min(Math.floor(PROBATION * readings.length), PROBATION * 5000))
  const points: Point[] = []
  for (let i = skip; i < readings.length; i++) {
    const score = scores[i] ?? 0
    const inside = windows.find(([from, to]) => i >= from && i <= to)
    if (inside !== undefined) {
      const [from, to] = inside
      points.push({ score, worth: sigmoid(-(to - i + 1) / (to - from + 1)) / BEST, window: `${name} ${from}` })
      continue
    }
    const before = windows.filter(([, to]) => to < i).at(-1)
    const past = before === undefined ? Infinity : (i - before[1]) / (before[1] - before[0])
    points.push({ score, worth: sigmoid(past), window: undefined })
  }
  return points
}

export interface Result {
  readonly threshold: number
  /** 0: as good as silence; 100: every window found at its beginning, and nothing else. */
  readonly score: number
}

const windowsOf = (points: readonly Point[]): Set<string> =>
  new Set(points.flatMap(({ window }) => (window === undefined ? [] : [window])))

/** The score of points at a threshold: what every alarm at or above it is worth. */
export const scoreAt = (points: readonly Point[], threshold: number, { falseAlarm, missed }: Costs): number => {
  const worths = new Map<string, number>()
  let sum = 0
  for (const { score, worth, window } of points) {
    if (score < threshold) continue
    if (window === undefined) sum += falseAlarm * worth
    else worths.set(window, Math.max(worths.get(window) ?? -missed, worth))
  }
  const all = windowsOf(points).size
  for (const worth of worths.values()) sum += worth + missed
  return (100 * sum) / (all * (1 + missed))
}

/** The best threshold over all points, as NAB's own optimizer looks for it. */
export const bestOf = (points: readonly Point[], { falseAlarm, missed }: Costs): Result => {
  const all = windowsOf(points).size
  const worths = new Map<string, number>()
  let [sum, best, threshold] = [0, 0, Infinity]
  const sorted = points.toSorted((a, b) => b.score - a.score)
  for (const [i, { score, worth, window }] of sorted.entries()) {
    if (window === undefined) sum += falseAlarm * worth
    else {
      const known = worths.get(window) ?? -missed
      sum += Math.max(0, worth - known)
      worths.set(window, Math.max(worth, known))
    }
    if (sorted[i + 1]?.score === score || sum <= best) continue
    best = sum
    threshold = score
  }
  return { threshold, score: (100 * best) / (all * (1 + missed)) }
}

/** At a threshold: windows found, windows, and alarms outside. */
export const countAt = (
  points: readonly Point[],
  threshold: number,
): { readonly found: number; readonly windows: number; readonly outside: number } => {
  const alarms = points.filter((one) => one.score >= threshold)
  return {
    found: windowsOf(alarms).size,
    windows: windowsOf(points).size,
    outside: alarms.filter(({ window }) => window === undefined).length,
  }
}
