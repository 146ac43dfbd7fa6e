/** What goes wrong, for a person: what, where and the cure; and for a shell: the exit code. */
import { cureOf } from './cures.ts'
import { DatabaseError } from '../../sinks/kit/database.ts'
import { ConfigError } from '../config/problems.ts'

export const EXIT = { ok: 0, failed: 1, usage: 2, checkFailed: 3, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exit: ExitCode
  readonly cure: string
  constructor(
    message: string,
    options: { readonly cure?: string; readonly exit?: ExitCode; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.cure = options.cure ?? ''
    this.exit = options.exit ?? EXIT.failed
  }
}

const CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what listens there, or choose another port with --port or --admin-port',
  EACCES: 'choose a port above 1023, or a folder that you may write to (--data-dir)',
  ENOSPC: 'make room on the disk, or choose another folder with --data-dir',
  locked: 'another chaos-proxy works on this profile: stop it, or choose another with --profile',
  'unknown-topic': 'start chaos-proxy on this log once, or make them: chaos-proxy topics create',
  unavailable: 'check that the brokers of --bus answer: chaos-proxy doctor',
}

/** A refused connection has its cure below; what TLS complains of has one of its own. */
const tls = (code: string, message: string): string | undefined =>
  code === 'unavailable' && !message.includes('ECONNREFUSED') ? cureOf(message) : undefined

const cureFor = (code: string, message: string): string | undefined => tls(code, message) ?? CURES[code]

/** A server is no broker; the embedded database says itself who holds it, or that its disk is full. */
const databaseCure = ({ code, message }: DatabaseError): string | undefined =>
  code === 'unavailable' && message.startsWith('postgres')
    ? 'start it, or correct its URL: --database, DATABASE_URL, database.url'
    : undefined

/** The lines that tell a person about an error, without a stack. */
export const explain = (error: unknown): readonly string[] => {
  if (error instanceof ConfigError) {
    const count = error.problems.length
    return [
      `The configuration has ${count === 1 ? 'a problem' : `${count} problems`}:`,
      ...error.problems.map((p) => `  ${p.where}: ${p.message}`),
    ]
  }
  if (error instanceof CliError) return [error.message, ...(error.cure === '' ? [] : [`  ${error.cure}`])]
  const { message, code, retry } = error as Error & { code?: string; retry?: boolean }
  // What no other try can cure says so itself.
  const said = code === 'unavailable' && retry === false
  const cure = error instanceof DatabaseError ? databaseCure(error) : said ? undefined : cureFor(code ?? '', message)
  return [message, ...(cure === undefined ? [] : [`  ${cure}`])]
}

export const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof ConfigError) return EXIT.usage
  return error instanceof CliError ? error.exit : EXIT.failed
}
