/** Writes that ghosts accepted: kept until a person drops them, so that nothing a client was told is silently lost. */
import type { WriteState } from './fate.ts'
import { keyOf } from './model.ts'

export type { WriteState } from './fate.ts'

/** Command among a service's events: what became of a write. Its subject is the write's id, its value a `Told` as JSON. */
export const FATE = 'ghosts.fate'

/** The newest replay of a write, as on the log: redacted. */
export interface Told {
  readonly state: WriteState
  readonly attempts: number
  readonly at: number
  readonly reason: string
  /** What the backend said to it; 0 and '' when it said nothing. */
  readonly status: number
  readonly body: string
  /** What the backend shows there since, where the two do not agree; '' where nobody asked. */
  readonly now: string
}

/** `contradicted`: the backend showed the thing again since, and did not know of the write. */
export interface AcceptedWrite {
  readonly key: string
  readonly service: string
  /** Event id of the exchange. */
  readonly id: string
  readonly endpoint: string
  readonly method: string
  readonly target: string
  /** Whose it is, as a pseudonym; '' is anybody's. */
  readonly asker: string
  readonly mediaType: string
  /** As on the log: redacted. */
  readonly body: string
  /** What its sender was told. */
  readonly status: number
  /** The answer that its sender got; '' where there was none. */
  readonly answer?: string
  /** Keys of what it changed for its sender. */
  readonly changes: readonly string[]
  state: WriteState
  readonly told?: Told
  readonly at: number
  tick: number
}

export const writeKey = (service: string, id: string): string => keyOf('write', service, id)

const isTold = (value: unknown): value is Told =>
  typeof value === 'object' &&
  value !== null &&
  ['state', 'reason', 'body', 'now'].every((name) => typeof (value as Record<string, unknown>)[name] === 'string') &&
  ['attempts', 'at', 'status'].every((name) => typeof (value as Record<string, unknown>)[name] === 'number')

/** The value of a `FATE` command; undefined when it is none. */
export const readTold = (value: string): Told | undefined => {
  try {
    const told: unknown = JSON.parse(value)
    return isTold(told) ? told : undefined
  } catch {
    return undefined
  }
}
