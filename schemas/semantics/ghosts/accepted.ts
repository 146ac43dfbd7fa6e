/** Writes that ghosts accepted: kept until a person drops them, so that nothing a client was told is silently lost. */
import { keyOf } from './model.ts'

/** `contradicted`: the backend showed the thing again since, and did not know of the write. */
export type WriteState = 'accepted' | 'dropped' | 'contradicted'

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
  /** Keys of what it changed for its sender. */
  readonly changes: readonly string[]
  state: WriteState
  readonly at: number
  tick: number
}

export const writeKey = (service: string, id: string): string => keyOf('write', service, id)
