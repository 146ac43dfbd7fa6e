/** What is found out once and holds for many: of field lines that a client says again, of marks that many answers have. */
import type { Header } from '../../schemas/events.ts'

/** The request as the log and the ghosts may see it. */
export interface Redacted {
  readonly target: string
  readonly headers: readonly Header[]
  readonly principal: string
}

/** Of the fields of all requests that come with the very same ones. */
export interface FieldNotes {
  readonly of: readonly string[]
  redacted: Pick<Redacted, 'headers' | 'principal'> | undefined
  /** What tells this client from others at its address, '' for nothing. */
  credential: string | undefined
  /** As ghosts see them: redacted, by name in small letters. */
  named: ReadonlyMap<string, string> | undefined
}

export const openNotes = (of: readonly string[]): FieldNotes => ({
  of,
  redacted: undefined,
  credential: undefined,
  named: undefined,
})

interface Noted {
  readonly rawHeaders: readonly string[]
  readonly notes?: FieldNotes | undefined
}

/** The notes of a request's fields, if there are any and the fields are still those that came. */
export const notesOf = ({ notes, rawHeaders }: Noted): FieldNotes | undefined =>
  notes?.of === rawHeaders ? notes : undefined

/** Fields that mark an answer as a ghost's. */
export interface Marks {
  readonly lines: readonly string[]
  /** As they stand on the log, once one of their answers is there. */
  logged: readonly Header[] | undefined
}
