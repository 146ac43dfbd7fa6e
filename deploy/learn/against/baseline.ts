/** What `--against` names: an OpenAPI file, or the folder of an earlier `learn`. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

type Json = Readonly<Record<string, unknown>>

/** It cannot be read as a description; the message says why. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError'
}

/** The file that is meant; undefined when there is none. */
export const baselineFile = (name: string): string | undefined => {
  if (!existsSync(name)) return undefined
  if (!statSync(name).isDirectory()) return name
  const learned = join(name, 'openapi.json')
  return existsSync(learned) ? learned : undefined
}

/** An OpenAPI or Swagger document. YAML is read as JSON is: one is the other. */
export const readBaseline = (file: string): Json => {
  let read: unknown
  try {
    read = parse(readFileSync(file, 'utf8'), { logLevel: 'silent', maxAliasCount: 1000 })
  } catch (cause) {
    throw new BaselineError(`${file} is neither JSON nor YAML: ${(cause as Error).message.split('\n')[0] ?? ''}`, {
      cause,
    })
  }
  const isDocument = typeof read === 'object' && read !== null && ('openapi' in read || 'swagger' in read)
  if (!isDocument) throw new BaselineError(`${file} is no OpenAPI document: it has neither "openapi" nor "swagger"`)
  return read as Json
}
