/** Whether a role can do its work now, and why not: for /readyz. */
import type { EventLog } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Database } from '../../sinks/sinks.ts'

export interface Readiness {
  readonly ready: boolean
  /** Why not; or, of a role that works all the same, what is not as it should be. */
  readonly reasons: readonly string[]
}

/** A reason, or undefined when all is well. Never rejects. */
export type Check = () => Promise<string | undefined>

const PATIENCE_MS = 2_000

/** Asks; says `${what} does not answer` when that fails or takes long. A question under way is not asked again. */
const answers = (what: string, ask: () => Promise<unknown>, patience: number): Check => {
  let asking: Promise<string | undefined> | undefined
  return async () => {
    asking ??= ask()
      .then(
        () => undefined,
        (error: Error) => `${what} does not answer: ${error.message}`,
      )
      .finally(() => (asking = undefined))
    const late = new Promise<string>((resolve) =>
      setTimeout(() => resolve(`${what} does not answer within ${patience / 1000} s`), patience).unref(),
    )
    return await Promise.race([asking, late])
  }
}

export const logAnswers = (log: Pick<EventLog, 'ranges'>, patience = PATIENCE_MS): Check =>
  answers('the log', () => log.ranges(topicName('exchanges')), patience)

export const databaseAnswers = (database: Pick<Database, 'query'>, patience = PATIENCE_MS): Check =>
  answers('the database', () => database.query('select 1'), patience)

/** Ready when none of them has a reason against it. */
export const allOf = async (checks: readonly Check[]): Promise<Readiness> => {
  const reasons = (await Promise.all(checks.map((check) => check()))).filter((reason) => reason !== undefined)
  return { ready: reasons.length === 0, reasons }
}
