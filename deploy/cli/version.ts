/** The version, put in by the build; in the source tree, the package's. */
import { readFileSync } from 'node:fs'

declare const CHAOS_PROXY_VERSION: string | undefined

const fromPackage = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version

export const version: string = typeof CHAOS_PROXY_VERSION === 'string' ? CHAOS_PROXY_VERSION : fromPackage()
