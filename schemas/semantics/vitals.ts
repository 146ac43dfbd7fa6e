/**
 * What is normal for an endpoint: how often it answers 5xx, and how long it takes to its first byte. Folded from the log,
 * read by the ingress. Bounded: old counts are halved.
 */
export interface Vitals {
  answers: number
  /** Of them, 5xx. */
  errors: number
  /** 5xx since the last other answer. */
  streak: number
  /** Bucket and count: a bucket is a quarter of an octave of µs. */
  latency: [bucket: number, count: number][]
  /** Of `asked` requests, fading, a ghost could have answered `ready` with enough confidence. */
  asked: number
  ready: number
  /** How right they would have been, part by part: sums and weights, fading. */
  parts?: { [P in FidelityPart]?: [sum: number, weight: number] }
}

export type FidelityPart = 'status' | 'shape' | 'values' | 'echo'

export const openVitals = (): Vitals => ({ answers: 0, errors: 0, streak: 0, latency: [], asked: 0, ready: 0 })

/** So many answers are remembered, about. */
const MEMORY = 2000
/** More 5xx in a row than this are an outage, and say nothing of what is normal. */
const LONGEST = 3
/** Buckets of latencies in an octave. */
export const PER_OCTAVE = 4
/** Fewer answers than this make no norm. */
const ENOUGH = 20
/** What never failed may fail this often: it was not seen often enough to know better. */
const LEAST_RATE = 0.01

const bucketOf = (micros: number): number => Math.floor(PER_OCTAVE * Math.log2(Math.max(1, micros)))

const halve = (vitals: Vitals): void => {
  vitals.answers /= 2
  vitals.errors /= 2
  vitals.latency = vitals.latency
    .map(([bucket, count]): [number, number] => [bucket, Math.floor(count / 2)])
    .filter(([, count]) => count > 0)
}

const timed = ({ latency }: Vitals, micros: number): void => {
  const bucket = bucketOf(micros)
  const known = latency.find(([one]) => one === bucket)
  if (known !== undefined) known[1]++
  else latency.push([bucket, 1])
}

/** One answer of the upstream; `micros` to its first byte, 0: not known. */
export const noteAnswer = (vitals: Vitals, status: number, micros: number): void => {
  const isError = status >= 500
  vitals.streak = isError ? vitals.streak + 1 : 0
  if (vitals.streak > LONGEST) return
  vitals.answers++
  if (isError) vitals.errors++
  else if (micros > 0) timed(vitals, micros)
  if (vitals.answers > MEMORY) halve(vitals)
}

/** Older requests count for this much less with each new one: about the last twenty count. */
const FADE = 0.95
/** Confidence that is enough, as in the default of `ghost.minConfidence`. */
export const CONFIDENT = 0.6
const ASKED = 3

/** Whether a ghost could have answered a request, asked beside the upstream. */
export const noteReady = (vitals: Vitals, ready: boolean): void => {
  vitals.asked = vitals.asked * FADE + 1
  vitals.ready = vitals.ready * FADE + (ready ? 1 : 0)
}

/** How right an answer would have been; a part that does not apply is undefined. */
export const noteParts = (vitals: Vitals, parts: Readonly<Record<FidelityPart, number | undefined>>): void => {
  const known = (vitals.parts ??= {})
  for (const [name, value] of Object.entries(parts) as [FidelityPart, number | undefined][]) {
    if (value === undefined) continue
    const [sum, weight] = known[name] ?? [0, 0]
    known[name] = [sum * FADE + value, weight * FADE + 1]
  }
}

/** The share of recent requests that could have been answered; undefined: too little was seen. */
export const readinessOf = ({ asked, ready }: Vitals): number | undefined => (asked < ASKED ? undefined : ready / asked)

/** The share of 5xx that is normal, by Krichevsky and Trofimov's estimate; undefined: too little was seen. */
export const normalErrors = ({ answers, errors }: Vitals): number | undefined =>
  answers < ENOUGH ? undefined : Math.max(LEAST_RATE, (errors + 0.5) / (answers + 1))

const SHARE = 0.99

/** ms to the first byte that 99 of 100 good answers keep to (the upper end of a bucket); undefined: too little was seen. */
export const usualLatency = ({ latency }: Vitals): number | undefined => {
  const all = latency.reduce((sum, [, count]) => sum + count, 0)
  if (all < ENOUGH) return undefined
  let seen = 0
  for (const [bucket, count] of latency.toSorted((a, b) => a[0] - b[0])) {
    seen += count
    if (seen >= SHARE * all) return 2 ** ((bucket + 1) / PER_OCTAVE) / 1000
  }
  return undefined
}
