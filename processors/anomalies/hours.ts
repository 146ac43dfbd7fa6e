/**
 * What is usual at an hour of the day, and at an hour of the week (Monday 0:00 UTC is 0), of anything that is not negative:
 * the means of whole hours, the newer the weightier. Plain JSON data.
 */
export interface Hours {
  /** -1 where none was seen. */
  day: number[]
  week: number[]
  /** The hour in hand: its number since the epoch, the sum of what came, and how often something did. */
  hour: number
  sum: number
  minutes: number
}

const HOUR = 3_600_000_000
/** 1970-01-01 was a Thursday. */
const FIRST_HOUR = 72
const HOURS_OF_WEEK = 168

export const newHours = (): Hours => ({
  day: Array.from({ length: 24 }, () => -1),
  week: Array.from({ length: HOURS_OF_WEEK }, () => -1),
  hour: 0,
  sum: 0,
  minutes: 0,
})

export const hourAt = (at: number): number => Math.floor(at / HOUR)

const placeOf = (hour: number, slots: number): number => (hour + FIRST_HOUR) % slots

/** Hour of the week. */
export const hourOfWeek = (at: number): number => placeOf(hourAt(at), HOURS_OF_WEEK)

/** Of what is new in a day, and in a week. */
const DAY_GAIN = 0.4
const WEEK_GAIN = 0.5

const learnSlot = (slots: number[], hour: number, mean: number, gain: number): void => {
  const place = placeOf(hour, slots.length)
  const old = slots[place] ?? -1
  slots[place] = old < 0 ? mean : old + gain * (mean - old)
}

/** Goes on to the hour of `at`; the one before is learned if something came in it `least` times. */
export const turnHour = (hours: Hours, at: number, least: number): void => {
  const hour = hourAt(at)
  if (hour === hours.hour) return
  if (hours.minutes >= least) {
    const mean = hours.sum / hours.minutes
    learnSlot(hours.day, hours.hour, mean, DAY_GAIN)
    learnSlot(hours.week, hours.hour, mean, WEEK_GAIN)
  }
  hours.hour = hour
  hours.sum = 0
  hours.minutes = 0
}

/** What a whole hour is usually; negative: none was seen. */
export const slotAt = (slots: readonly number[], hour: number): number => slots[placeOf(hour, slots.length)] ?? -1

/** The hour whose middle is the last before `at`, and how much of the way to the next one's is gone. */
export const middleBefore = (at: number): { readonly hour: number; readonly share: number } => {
  const place = at / HOUR - 0.5
  const hour = Math.floor(place)
  return { hour, share: place - hour }
}

/** Between the middles of two hours, if both are known; negative: nothing is. */
export const usualAt = (slots: readonly number[], at: number): number => {
  const { hour, share } = middleBefore(at)
  const [before, after] = [slotAt(slots, hour), slotAt(slots, hour + 1)]
  return before < 0 || after < 0 ? slotAt(slots, hourAt(at)) : before + share * (after - before)
}
