/**
 * Sequential detection of a change, and of its end. For each alternative ("1.5 times slower", "a tenth of the traffic") the
 * log likelihood ratio against "as usual" is summed up and never falls below 0: Page's CUSUM (Biometrika 1954). By Lorden
 * (Ann. Math. Stat. 1971) the mean time to a false alarm is at least e^bar steps; `barOf` chooses the bar so that all
 * tests of a service together stay below one false alarm in FALSE_ALARM_EVERY.
 *
 * While an alarm is raised the same sum runs the other way, for the alternative that fits: when what comes is
 * likelier "as usual" by e^BACK, in three minutes or more, it is over since that sum began to rise.
 */
export interface Watch {
  /** By alternative. */
  sums: number[]
  /** When the present excursion began, µs; 0 when there is none. */
  since: number
  /** When the alarm was raised, µs; 0 when there is none. */
  raised: number
  /** The alternative that raised it. */
  fits: number
  back: number
  backSince: number
}

export const newWatch = (alternatives: number): Watch => ({
  sums: Array.from({ length: alternatives }, () => 0),
  since: 0,
  raised: 0,
  fits: 0,
  back: 0,
  backSince: 0,
})

/** In minutes: 5 days. */
const FALSE_ALARM_EVERY = 7_200
/** Alternatives that are looked at for one stream, of all kinds together. */
const TESTS = 12
const BACK = 6
/** One minute may bring this share of the bar, so that one outlier is no change. */
const ONE_STEP = 0.4
/** A sum does not grow beyond: what is over is seen to be over. */
const CAP = 1.3

/** The bar, for a service with so many streams. */
export const barOf = (streams: number): number => Math.log(FALSE_ALARM_EVERY * TESTS * Math.max(1, streams))

const MIDDLE = 1

export type Turn = 'raised' | 'over' | undefined

export interface Step {
  /** Log likelihood ratios of this minute, by alternative; undefined: not to be asked. */
  readonly ratios: readonly (number | undefined)[]
  readonly bar: number
  readonly at: number
  /** What is too small to matter raises no alarm, however sure it is. */
  readonly matters: () => boolean
}

const follow = (watch: Watch, { ratios, at }: Step): Turn => {
  const back = Math.max(0, watch.back + Math.min(-(ratios[watch.fits] ?? 0), BACK * ONE_STEP))
  if (watch.back === 0) watch.backSince = at
  watch.back = back
  if (back < BACK) return undefined
  watch.raised = 0
  watch.since = 0
  watch.back = 0
  watch.sums.fill(0)
  return 'over'
}

/** Adds up the evidence; returns the alternative that has most of it. */
const addUp = ({ sums }: Watch, { ratios, bar }: Step): number => {
  let best = 0
  for (let i = 0; i < sums.length; i++) {
    const ratio = ratios[i]
    const sum = ratio === undefined ? 0 : (sums[i] ?? 0) + Math.min(ratio, bar * ONE_STEP)
    sums[i] = Math.min(Math.max(0, sum), bar * CAP)
    if ((sums[i] ?? 0) > (sums[best] ?? 0)) best = i
  }
  return best
}

/** One minute more. */
export const step = (watch: Watch, now: Step): Turn => {
  if (watch.raised > 0) return follow(watch, now)
  const best = addUp(watch, now)
  const sum = watch.sums[best] ?? 0
  // The middle alternative tells where an excursion begins: the faintest one never quite forgets.
  const teller = now.ratios[MIDDLE] === undefined ? best : MIDDLE
  if ((watch.sums[teller] ?? 0) === 0) watch.since = 0
  else if (watch.since === 0) watch.since = now.at
  if (sum < now.bar || !now.matters()) return undefined
  if (watch.since === 0) watch.since = now.at
  watch.raised = now.at
  watch.fits = best
  watch.back = 0
  return 'raised'
}

/** Something is going on, if perhaps by chance: nothing is learned from it yet. */
export const isSuspicious = (watch: Watch, bar: number): boolean =>
  watch.raised > 0 || Math.max(...watch.sums) > bar / 2
