/**
 * What a service's traffic usually is at this hour of the week, learned as it comes. Before a day is seen it is what was
 * just now; before a week is seen it is the hour of the day; the level of the last hours corrects both. `knows` says how
 * much may be claimed.
 */
import { hourAt, middleBefore, newHours, slotAt, turnHour, type Hours } from './hours.ts'

export interface Season extends Hours {
  /** Decayed sums of what came and what was expected: the level of the last hours. */
  came: number
  expected: number
  /** Requests a minute just now. */
  recent: number
  /** Minutes seen, and those of them in which something came. */
  age: number
  busy: number
}

export const newSeason = (): Season => ({
  ...newHours(),
  came: 0,
  expected: 0,
  recent: 0,
  age: 0,
  busy: 0,
})

/** Half-lives in minutes. */
const LEVEL_DECAY = 0.5 ** (1 / 120)
const RECENT_DECAY = 0.5 ** (1 / 20)
/** The level is not believed before so many requests. */
const LEVEL_PRIOR = 20

/** An hour is learned if so many minutes of it were usual. */
const LEAST_MINUTES = 30

/** 0: only what was just now; 1: the hour of the day; 2: the hour of the week. */
export type Knows = 0 | 1 | 2

const rateAt = ({ day, week }: Season, hour: number): Forecast => {
  const weekly = slotAt(week, hour)
  if (weekly >= 0) return { rate: weekly, knows: 2 }
  const daily = slotAt(day, hour)
  return { rate: daily, knows: daily < 0 ? 0 : 1 }
}

export interface Forecast {
  /** Requests expected in the minute that begins at the time asked for. */
  readonly rate: number
  readonly knows: Knows
}

const levelOf = ({ came, expected }: Season): number =>
  Math.min(5, Math.max(0.2, (came + LEVEL_PRIOR) / (expected + LEVEL_PRIOR)))

/** The rate by season alone, between the middles of two hours. */
const seasonal = (season: Season, at: number): Forecast => {
  const { hour, share } = middleBefore(at)
  const [before, after] = [rateAt(season, hour), rateAt(season, hour + 1)]
  if (before.knows === 0 || after.knows === 0) return rateAt(season, hourAt(at))
  const rate = before.rate * (1 - share) + after.rate * share
  return { rate, knows: Math.min(before.knows, after.knows) as Knows }
}

export const forecast = (season: Season, at: number): Forecast => {
  const { rate, knows } = seasonal(season, at)
  return knows === 0 ? { rate: season.recent, knows } : { rate: rate * levelOf(season), knows }
}

/** Takes a minute's count; an unusual one (`learns` false) moves nothing but the hour. */
export const learnSeason = (season: Season, at: number, count: number, learns: boolean): void => {
  turnHour(season, at, LEAST_MINUTES)
  if (!learns) return
  const { rate, knows } = seasonal(season, at)
  season.came *= LEVEL_DECAY
  season.expected *= LEVEL_DECAY
  if (knows > 0) {
    season.came += count
    season.expected += rate
  }
  season.age++
  if (count > 0) season.busy++
  const gain = Math.max(1 - RECENT_DECAY, 1 / season.age)
  season.recent += (count - season.recent) * gain
  season.sum += count
  season.minutes++
}

/** What stayed is the new normal: the level is that of `rate` requests a minute from now on. */
export const acceptLevel = (season: Season, at: number, rate: number): void => {
  const expected = seasonal(season, at)
  season.recent = rate
  if (expected.knows === 0 || expected.rate <= 0) return
  const weight = 60 * Math.max(1, expected.rate)
  season.expected = weight
  season.came = (weight * rate) / expected.rate
}
