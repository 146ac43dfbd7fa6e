/** What payloads are checked by before they are believed: small checks, and checks of checks. */
import { parseJson } from './json.ts'

export type Check = (value: unknown) => boolean
export const isText: Check = (v) => typeof v === 'string'
export const isNumber: Check = (v) => typeof v === 'number' && Number.isFinite(v)
export const isValue: Check = (v) => isText(v) || isNumber(v)
export const isFlag: Check = (v) => typeof v === 'boolean'
export const record = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v)
export const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (v) =>
    record(v) && Object.entries(checks).every(([name, check]) => Object.hasOwn(v, name) && check(v[name]))
export const listOf =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check)
export const mapOf =
  (check: Check): Check =>
  (v) =>
    record(v) && Object.entries(v).every(([name, x]) => name !== '__proto__' && check(x))
export const tuple =
  (...checks: readonly Check[]): Check =>
  (v) =>
    Array.isArray(v) && v.length === checks.length && checks.every((check, i) => check(v[i]))
export const maybe =
  (check: Check): Check =>
  (v) =>
    v === null || check(v)

/** JSON text, or ''. */
export const isJsonText: Check = (v) => v === '' || (typeof v === 'string' && parseJson(v) !== undefined)
export const optional =
  (name: string, check: Check): Check =>
  (v) =>
    record(v) && (!Object.hasOwn(v, name) || check(v[name]))
export const all =
  (...checks: readonly Check[]): Check =>
  (v) =>
    checks.every((check) => check(v))
