/**
 * What sinks and console ask of a database: Postgres behind a URL, or PGlite in a process of its own. Types only but for the
 * error; the drivers live in sinks/postgres. One contract suite (test/sinks/sink-contract.ts) runs over both.
 *
 * A transaction is data: all steps in one call. So it costs one round trip to the PGlite process, nobody can hold it open,
 * and a process that dies in the middle of it leaves nothing behind.
 */
export type Row = Readonly<Record<string, unknown>>

export type Step =
  | { readonly kind: 'query'; readonly sql: string; readonly params: readonly unknown[] }
  /** Several statements, without parameters. */
  | { readonly kind: 'script'; readonly sql: string }
  /** COPY FROM STDIN in the text format: see `copyText`. */
  | { readonly kind: 'copy'; readonly table: string; readonly columns: readonly string[]; readonly text: string }

export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /** For people: the URL without its password, or the directory. */
  readonly where: string
  /** int8 arrives as a number, timestamptz as ISO text (UTC, microseconds), json parsed. Rejects with DatabaseError. */
  query(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
  /** All steps or none. Transactions run one after another, in the order of the calls. Rejects with DatabaseError. */
  transaction(steps: readonly Step[]): Promise<void>
  /** Waits for what runs, then lets go of connections, process and lock. */
  close(): Promise<void>
}

/** A closed list: each has one cause and one cure, and says whether trying again can help. */
export type DatabaseErrorCode =
  | 'unavailable' // it does not answer, or broke off: retry
  | 'locked' // another process holds the directory; the message names it
  | 'data' // it refuses these values: trying again cannot help
  | 'conflict' // deadlock, serialisation, statement timeout: retry
  | 'failed' // a statement is wrong, a right is missing
  | 'closed'

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  readonly retry: boolean
  /** SQLSTATE, '' when the failure is not Postgres's own. */
  readonly state: string
  constructor(
    code: DatabaseErrorCode,
    message: string,
    options: { readonly state?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.state = options.state ?? ''
    this.retry = code === 'unavailable' || code === 'conflict'
  }
}

/** By SQLSTATE class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const codeOfState = (state: string): DatabaseErrorCode => {
  if (state === '57014') return 'conflict'
  if (/^(08|53|57|58|XX|25006)/.test(state)) return 'unavailable'
  if (/^(40|55)/.test(state)) return 'conflict'
  if (/^(22|23|54)/.test(state)) return 'data'
  return state === '' ? 'unavailable' : 'failed'
}

/** Fields that do not pass through the text format as they are. */
// oxlint-disable-next-line no-control-regex -- NUL, tab and line ends are what it is about
const special = /[\\\t\n\r\u0000]/g
const escaped: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\u0000': '\uFFFD',
}

const field = (value: unknown): string => {
  if (value === null || value === undefined) return '\\N'
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '\\N'
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return String(value).replace(special, (c) => escaped[c] as string)
}

/** Rows in COPY's text format. NUL, which Postgres text cannot hold, becomes U+FFFD; NaN and infinities become null. */
export const copyText = (rows: readonly (readonly unknown[])[]): string => {
  let text = ''
  for (const row of rows) text += `${row.map(field).join('\t')}\n`
  return text
}
