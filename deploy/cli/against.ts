/** `learn --against`: what was learned held against a description, for a person and for a pipeline. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareDocuments, type Against } from '../learn/against/against.ts'
import { baselineFile, BaselineError, readBaseline } from '../learn/against/baseline.ts'
import type { Change } from '../learn/against/compare.ts'
import { adminOf } from './admin-of.ts'
import { CliError, EXIT } from './failure.ts'

type Json = Readonly<Record<string, unknown>>

/** A file, the folder of an earlier `learn`, or else a profile that runs now. Asked before anything is learned. */
export const describedBy = async (name: string): Promise<Json> => {
  const file = baselineFile(name)
  if (file === undefined && /[./\\]/.test(name))
    throw new CliError(`there is no description ${name}`, {
      cure: 'name an OpenAPI file, a folder that learn -o wrote, or a profile that runs',
      exit: EXIT.usage,
    })
  try {
    if (file === undefined) return await adminOf({ profile: name }).get<Json>('/admin/docs/openapi.json')
    return readBaseline(file)
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error
    throw new CliError(error.message, { cure: 'name an OpenAPI 3 or Swagger 2 file', exit: EXIT.usage, cause: error })
  }
}

const lineOf = (c: Change): string =>
  `  ${c.severity.padEnd(8)}  ${c.endpoint}  ${c.kind}${c.pointer === '' ? '' : ` ${c.pointer}`}  ${c.before} → ${c.after}`

const SHOWN = 50

const textOf = ({ changes, score, unasked }: Against, name: string): string => {
  const lines = changes.slice(0, SHOWN).map(lineOf)
  if (changes.length > SHOWN) lines.push(`  and ${changes.length - SHOWN} more (--json lists all)`)
  const not = unasked.length === 0 ? '' : `; ${unasked.length} of its operations were not asked for`
  const what = changes.length === 0 ? 'no drift' : `${changes.length} change${changes.length === 1 ? '' : 's'}`
  return [`${what} against ${name}, score ${score}${not}`, ...lines].join('\n')
}

export interface Comparison {
  readonly name: string
  readonly described: Json
  /** The folder that was written. */
  readonly out: string
}

/** Compares, and gives what to print: for a person, and as data. */
export const compareWith = ({
  name,
  described,
  out,
}: Comparison): { readonly text: string; readonly found: Against } => {
  const learned = JSON.parse(readFileSync(join(out, 'openapi.json'), 'utf8')) as Json
  const found = compareDocuments(described, learned)
  return { text: textOf(found, name), found }
}

/** A pipeline's verdict. */
export const failOver = ({ score }: Against, limit: number | undefined): void => {
  if (limit === undefined || score <= limit) return
  throw new CliError(`the drift scores ${score}, more than ${limit}`, {
    cure: 'mend the backend, or bring the description up to date: what was learned is in openapi.json',
    exit: EXIT.checkFailed,
  })
}
