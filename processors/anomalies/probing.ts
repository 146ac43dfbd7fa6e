/** What is kept of a service's clients that probe, little each: see crowd.ts. */
import { newWatch, type Watch } from './cusum.ts'
import { newScatter, type Scale } from './scatter.ts'

export const PROBINGS = ['scan', 'enumeration', 'credential_stuffing'] as const
export type Probing = (typeof PROBINGS)[number]

export interface Share {
  bad: number
  all: number
}

/** What came in a minute, or since an excursion began. */
export interface Seen extends Share {
  /** Clients that had not done so for a while. */
  clients: number
  /** The same of clients that come often. */
  regular: Share
  /** What was asked for, as hashes. */
  targets: number[]
}

export interface Watched {
  /** Decayed. */
  usual: Share
  usualRegular: Share
  swing: Scale[]
  watch: Watch
  minute: Seen
  since?: Seen
}

export type Crowd = Record<Probing, Watched>

export const nothing = (): Seen => ({ bad: 0, all: 0, clients: 0, regular: { bad: 0, all: 0 }, targets: [] })

/** Shares of the requests that are worth an alarm, at least. */
export const WORTH = [0.02, 0.06, 0.2] as const

const newWatched = (): Watched => ({
  usual: { bad: 0, all: 0 },
  usualRegular: { bad: 0, all: 0 },
  swing: newScatter(),
  watch: newWatch(WORTH.length),
  minute: nothing(),
})

export const newCrowd = (): Crowd => ({
  scan: newWatched(),
  enumeration: newWatched(),
  credential_stuffing: newWatched(),
})
