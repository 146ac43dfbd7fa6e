/**
 * Whether a service's answers are of the size they usually are: an upstream that answers 200 with nothing in it fails, too.
 * An answer's size is its rank among those of its endpoint, so that it does not matter which endpoints are asked for; a
 * reading is the mean rank of at least forty answers and five minutes, and series.ts tells which of them are unusual.
 */
import type { Minute } from './minute.ts'
import { isTold, newSeries, surpriseAt, type Series } from './series.ts'
import { ACCEPTED_AFTER, MINUTE, type Turned } from './watch.ts'

export interface Sizes {
  series: Series
  /** The reading in hand: since when, and what came; µs. */
  from: number
  sized: number
  ranks: number
  /** What is raised: when it began and was raised, 0 when nothing is, and how it was read. */
  began: number
  raised: number
  size: number
  /** Readings in a row that were as usual again. */
  calm: number
}

export const newSizes = (from: number): Sizes => ({
  series: newSeries(),
  from,
  sized: 0,
  ranks: 0,
  began: 0,
  raised: 0,
  size: 0,
  calm: 0,
})

const LEAST_ANSWERS = 40
const LEAST_TIME = 5 * MINUTE
/** So many readings in a row that are half-way back, and what was raised is over. */
const CALM_READINGS = 2
/** The mean rank among those that are usual, and how far off it is worth an alarm, however sure it is. */
const USUAL = 0.5
const LEAST_AWAY = 0.25

type Turn = Turned<'sizes'>['change']['turn']

const goesOn = (sizes: Sizes, mean: number, at: number): Turn => {
  const isBack = Math.abs(mean - USUAL) < Math.abs(sizes.size - USUAL) / 2
  sizes.calm = isBack ? sizes.calm + 1 : 0
  if (sizes.calm >= CALM_READINGS) return 'over'
  return at - sizes.raised >= ACCEPTED_AFTER ? 'accepted' : 'goes on'
}

const turnOf = (sizes: Sizes, mean: number, at: number): Turn | undefined => {
  const { series, from } = sizes
  const surprise = surpriseAt(series, from, mean)
  if (sizes.raised > 0) return goesOn(sizes, mean, at)
  if (Math.abs(mean - USUAL) < LEAST_AWAY || !isTold(series, surprise)) return undefined
  sizes.began = from
  sizes.raised = at
  sizes.size = mean
  sizes.calm = 0
  return 'raised'
}

/** Takes a service's minute; returns what there is to say of its answers' sizes. */
export const watchSizes = (sizes: Sizes, { sized, ranks }: Minute, at: number): Turned<'sizes'> | undefined => {
  sizes.sized += sized
  sizes.ranks += ranks
  if (sizes.sized < LEAST_ANSWERS || at - sizes.from < LEAST_TIME) return undefined
  const turn = turnOf(sizes, sizes.ranks / sizes.sized, at)
  sizes.from = at
  sizes.sized = 0
  sizes.ranks = 0
  if (turn === undefined) return undefined
  const { began, size } = sizes
  if (turn === 'over' || turn === 'accepted') sizes.raised = 0
  const alarm = { subject: '', kind: 'sizes', began, raised: at, size, usual: USUAL, share: 1, upstream: '' } as const
  return { subject: '', change: { kind: 'sizes', turn }, alarm }
}
