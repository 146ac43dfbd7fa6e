/** A profile without data is most often another profile than the one that was meant. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../schemas/config.ts'
import { CliError } from './failure.ts'
import { displayPath } from './terminal.ts'

const profilesIn = (dir: string): readonly string[] =>
  existsSync(dir) ? readdirSync(dir).filter((name) => existsSync(join(dir, name, 'log'))) : []

const noData = ({ dir, profile }: Config['log'], cause: unknown): CliError => {
  const others = profilesIn(dir).filter((name) => name !== profile)
  const cure =
    others.length === 0
      ? 'let some traffic pass first: chaos-proxy --target http://localhost:3000, or chaos-proxy demo'
      : `there is some of ${others.join(', ')}: --profile ${others[0] ?? ''}`
  return new CliError(`the profile "${profile}" has no data in ${displayPath(dir)} yet`, { cure, cause })
}

/** Does the work; where it needs what nobody has written yet, says so, and what there is instead. */
export const needingData = async <T>({ log }: Config, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (log.kind === 'embedded' && (error as { code?: string }).code === 'unknown-topic') throw noData(log, error)
    throw error
  }
}
