/** Reads what `learn` is given: JSON lines as the README describes them (also gzipped), or HAR files. */
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip, gunzipSync } from 'node:zlib'
import { harLines } from './har.ts'

/** One exchange as it is written in a file; only time, method, path and status must be there. */
export interface InputLine {
  /** Microseconds since the epoch. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly client: string
  readonly service: string | undefined
  readonly requestHeaders: Readonly<Record<string, unknown>>
  readonly responseHeaders: Readonly<Record<string, unknown>>
  readonly requestBody: unknown
  readonly responseBody: unknown
  readonly requestBytes: number | undefined
  readonly responseBytes: number | undefined
}

/** A line that cannot be used: where, what and the cure. */
export interface BadLine {
  readonly file: string
  readonly line: number
  readonly reason: string
}

export type Read = { readonly kind: 'line'; readonly line: InputLine } | { readonly kind: 'bad'; readonly bad: BadLine }

type Raw = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)

const SECONDS_BELOW = 1e11
const MILLIS_BELOW = 1e14

/** ISO 8601, or a number: seconds, milliseconds or microseconds since the epoch, told apart by size. */
export const readTime = (time: unknown): number | undefined => {
  if (typeof time === 'string') {
    const millis = Date.parse(time)
    return Number.isNaN(millis) ? undefined : millis * 1000
  }
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0) return undefined
  if (time < SECONDS_BELOW) return Math.round(time * 1e6)
  return Math.round(time < MILLIS_BELOW ? time * 1000 : time)
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined

/** What must be there, or the complaint. */
const readRequired = (raw: Raw): Pick<InputLine, 'at' | 'method' | 'path' | 'status'> | string => {
  const told = (name: string): string => JSON.stringify(raw[name]) ?? 'missing'
  const at = readTime(raw['time'])
  if (at === undefined) return `has no usable "time" (${told('time')}): write ISO 8601 or a number of seconds`
  const method = text(raw['method']).toUpperCase()
  if (method === '') return 'has no "method": write GET, POST, …'
  const path = text(raw['path'])
  if (!path.startsWith('/')) return `has no usable "path" (${told('path')}): it must start with /`
  const status = raw['status']
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599)
    return `has no usable "status" (${told('status')}): write a number from 100 to 599`
  return { at, method, path, status }
}

/** Checks one parsed line; a string is the complaint. */
export const toInputLine = (raw: unknown): InputLine | string => {
  if (!isRecord(raw)) return 'is no JSON object'
  const required = readRequired(raw)
  if (typeof required === 'string') return required
  const service = text(raw['service'])
  return {
    ...required,
    durationMs: number(raw['duration_ms']) ?? 0,
    client: text(raw['client']),
    service: service === '' ? undefined : service,
    requestHeaders: isRecord(raw['request_headers']) ? raw['request_headers'] : {},
    responseHeaders: isRecord(raw['response_headers']) ? raw['response_headers'] : {},
    requestBody: raw['request_body'],
    responseBody: raw['response_body'],
    requestBytes: number(raw['request_bytes']),
    responseBytes: number(raw['response_bytes']),
  }
}

const parseLine = (file: string, line: number, json: string): Read => {
  const bad = (reason: string): Read => ({ kind: 'bad', bad: { file, line, reason } })
  try {
    const found = toInputLine(JSON.parse(json))
    return typeof found === 'string' ? bad(found) : { kind: 'line', line: found }
  } catch (error) {
    return bad(`is no JSON: ${(error as Error).message}`)
  }
}

async function* readLines(file: string): AsyncGenerator<Read> {
  const raw = createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  // A pipe does not hand errors on: without this a file that vanishes would end the process.
  raw.on('error', (error) => input.destroy(error))
  let line = 0
  try {
    for await (const json of createInterface({ input, crlfDelay: Infinity })) {
      line++
      if (json.trim() !== '') yield parseLine(file, line, json)
    }
  } finally {
    raw.destroy()
  }
}

async function* readHar(file: string): AsyncGenerator<Read> {
  const bytes = await readFile(file)
  const json = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  let entry = 0
  for (const raw of harLines(JSON.parse(json.replace(/^\uFEFF/, '')))) {
    entry++
    const found = toInputLine(raw)
    if (typeof found === 'string') yield { kind: 'bad', bad: { file, line: entry, reason: `(entry) ${found}` } }
    else yield { kind: 'line', line: found }
  }
}

/** A HAR begins with an object that spans lines or holds `log`; JSON lines have one whole object in the first line. */
const isHar = async (file: string): Promise<boolean> => {
  if (/\.har(?:\.gz)?$/i.test(file)) return true
  if (file.endsWith('.gz')) return false
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0)
    return /^\uFEFF?\s*\{\s*"log"\s*:/.test(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** Every exchange of a file in its order, bad lines among them as such. Lines are streamed; a HAR is one JSON text and is read whole. */
export async function* readInput(file: string): AsyncGenerator<Read> {
  yield* (await isHar(file)) ? readHar(file) : readLines(file)
}
