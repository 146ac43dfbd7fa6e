/**
 * The Numenta Anomaly Benchmark, read by the product's own detector of readings (processors/anomalies/series.ts), as it is:
 * nothing is set by series or by group. `node --import tsx test/evals/nab.ts PATH [--published DETECTOR]`: PATH is a copy of
 * github.com/numenta/NAB, or a bare git directory of it; a published detector's results there are scored in the same way, to
 * compare with what NAB itself says of it in `results/final_results.json`. Nothing of NAB is kept here.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isTold, newSeries, surpriseAt, TELL } from '../../processors/anomalies/series.ts'
import { groupOf, publishedScores, sourceAt, type Series } from './nab-corpus.ts'
import { bestOf, countAt, pointsOf, PROFILES, scoreAt, type Costs, type Point } from './nab-score.ts'

/** What operators watch, and what else there is. */
const OURS = ['realAWSCloudwatch', 'realTraffic', 'realKnownCause', 'realTweets']
const OTHERS = ['realAdExchange', 'artificialNoAnomaly', 'artificialWithAnomaly']

const scoresOf = ({ readings }: Series): number[] => {
  const series = newSeries()
  return readings.map(({ at, value }) => {
    const surprise = surpriseAt(series, at, value)
    return surprise < TELL || isTold(series, surprise) ? surprise : 0
  })
}

const { values, positionals } = parseArgs({ options: { published: { type: 'string' } }, allowPositionals: true })
const path = positionals[0]
if (path === undefined || !existsSync(path)) {
  console.error('name a copy of github.com/numenta/NAB, or a bare git directory of it')
  process.exit(2)
}
const source = sourceAt(path)
const { published } = values
const read = (series: Series): number[] =>
  published === undefined ? scoresOf(series) : publishedScores(source, published, series)
const byGroup = new Map(
  [...OURS, ...OTHERS].map((group) => [group, groupOf(source, group).flatMap((one) => pointsOf(one, read(one)))]),
)
const pointsIn = (groups: readonly string[]): readonly Point[] => groups.flatMap((group) => byGroup.get(group) ?? [])

const [four, seven] = [pointsIn(OURS), pointsIn([...OURS, ...OTHERS])]

/** Each group at the threshold that is best for the other three: what to expect of readings nobody has seen. */
const leaveOneOut = (costs: Costs): number => {
  const parts = OURS.map((group) => {
    const { threshold } = bestOf(pointsIn(OURS.filter((other) => other !== group)), costs)
    const own = pointsIn([group])
    const { windows } = countAt(own, threshold)
    return { windows, score: scoreAt(own, threshold, costs) }
  })
  const all = parts.reduce((sum, { windows }) => sum + windows, 0)
  return parts.reduce((sum, { windows, score }) => sum + (windows * score) / all, 0)
}

const one = (x: number): string => x.toFixed(1).padStart(6)
console.log('profile              four groups  seven groups  four, threshold of the others')
for (const [profile, costs] of Object.entries(PROFILES)) {
  const [ours, all] = [bestOf(four, costs), bestOf(seven, costs)]
  console.log(
    profile.padEnd(20),
    one(ours.score),
    ' '.repeat(6),
    one(all.score),
    ' '.repeat(7),
    one(leaveOneOut(costs)),
  )
}
const standard: Costs = { falseAlarm: 0.11, missed: 1 }
const threshold = published === undefined ? TELL : bestOf(four, standard).threshold
const at = (points: readonly Point[]): string => scoreAt(points, threshold, standard).toFixed(1)
console.log(
  `at ${threshold.toPrecision(3)}, standard: ${at(four)} on the four groups, ${at(pointsIn(OTHERS))} on the others`,
)
for (const group of byGroup.keys()) {
  const { found, windows, outside } = countAt(pointsIn([group]), threshold)
  console.log(' ', group.padEnd(24), `${found} of ${windows} windows, ${outside} alarms outside`)
}
