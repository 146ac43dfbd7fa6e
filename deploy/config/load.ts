/**
 * The configuration of one run: defaults, then the file, then the environment, then the flags. Every problem of every
 * source is found before anything starts, and each value knows who said it.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { configSchema, type Config } from '../../schemas/config.ts'
import { crossCheck } from './checks.ts'
import { nameEntry, readEnvironment } from './environment.ts'
import { readConfigText, type KeyPlace } from './file.ts'
import { ConfigError, suggestion, type Problem } from './problems.ts'
import { keysAt, layer, originOf, pathText, type Entry, type Path } from './tree.ts'

export interface Sources {
  /** The file's path; `named` when a person asked for this one, so that its absence is a problem. */
  readonly file?: { readonly path: string; readonly named: boolean }
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags: readonly Entry[]
}

export interface Loaded {
  readonly config: Config
  /** The file that was read, if one was. */
  readonly file: string | undefined
  readonly origin: (path: Path) => string
  /** Whether a person chose this value (by file, environment or flag). */
  readonly named: (path: Path) => boolean
}

type Issue = z.core.$ZodIssue

const place = (entries: readonly Entry[], keyPlace: KeyPlace | undefined, path: Path): string => {
  const origin = originOf(entries, path)
  if (origin) return origin.where
  for (let depth = path.length; depth > 0; depth--) {
    const found = keyPlace?.(path.slice(0, depth)) ?? originOf(entries, path.slice(0, depth))?.where
    if (found !== undefined) return found
  }
  return 'config'
}

const problemsOf = (issue: Issue, entries: readonly Entry[], keyPlace: KeyPlace | undefined): Problem[] => {
  const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      where: keyPlace?.([...path, key]) ?? place(entries, keyPlace, [...path, key]),
      message: `unknown key "${pathText([...path, key])}"${suggestion(key, keysAt(path))}`,
    }))
  const message = issue.message.replace(/^Invalid (input|option|string): /, '')
  return [{ where: place(entries, keyPlace, path), message: `${pathText(path)}: ${message}` }]
}

const readFile = (sources: Sources): { text: string; path: string } | undefined => {
  const file = sources.file
  if (!file) return undefined
  try {
    return { text: readFileSync(resolve(file.path), 'utf8'), path: file.path }
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    if (missing && !file.named) return undefined
    const cure = missing ? 'there is no such file; `chaos-proxy config init` writes one' : (cause as Error).message
    throw new ConfigError([{ where: file.path, message: cure }])
  }
}

/** Reads all sources. Throws ConfigError with every problem. */
export const loadConfig = (sources: Sources): Loaded => {
  const file = readFile(sources)
  const fromFile = file && readConfigText(file.path, file.text, sources.environment)
  const fromEnvironment = readEnvironment(sources.environment)
  const said = [...(fromFile?.entries ?? []), ...fromEnvironment.entries, ...sources.flags]
  const entries = [...said, ...nameEntry(said)]
  const tree = layer(entries)
  const parsed = configSchema.safeParse(tree)
  const at = (path: Path): string => place(entries, fromFile?.keyPlace, path)
  const problems = [
    ...(fromFile?.problems ?? []),
    ...fromEnvironment.problems,
    ...(parsed.success ? [] : parsed.error.issues.flatMap((i) => problemsOf(i, entries, fromFile?.keyPlace))),
    ...crossCheck(tree, at),
  ]
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems)
  return {
    config: parsed.data,
    file: file?.path,
    origin: (path) => originOf(entries, path)?.where ?? 'default',
    named: (path) => originOf(entries, path) !== undefined,
  }
}
