/**
 * Asks the recovered backend again what ghosts answered, and says how much of it was right. Only GET and HEAD, only what was
 * asked for without a credential, only the service's own upstreams, slowly; past the proxy, so that nobody learns from it.
 */
import type { Row } from '../kit/database.ts'
import { pause } from '../kit/backoff.ts'
import type { ApiContext } from './api/context.ts'
import { detailOf } from './api/traffic.ts'

export interface Verified {
  readonly target: string
  readonly told: number
  /** What the backend says now; 0: it did not answer. */
  readonly status: number
  /** Of the values in the backend's answer, those that the ghost told; null where only statuses can be compared. */
  readonly agreement: number | null
  readonly right: boolean
}

/** ms between two requests, and for one. */
const EVERY = 100
const TIMEOUT = 2000
/** From this share of agreeing values on an answer was right, as in a backtest. */
const RIGHT = 0.9
/** Requests in a row that get no answer end it. */
const GIVE_UP = 3
const MOST_LEAVES = 2000
const MOST_BYTES = 1 << 20

/** What was redacted cannot be asked for or compared. */
const REDACTED = /cp_[\w-]{10,}|@sealed\.invalid/

const parse = (text: string | null): unknown => {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

const leaves = (json: unknown, at: string, into: Map<string, string>): Map<string, string> => {
  if (into.size >= MOST_LEAVES) return into
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  if (entries.length === 0) into.set(at, JSON.stringify(json))
  for (const [name, value] of entries) leaves(value, `${at}/${name}`, into)
  return into
}

/** Share of the truth's values that were told; those that were redacted on the log count neither way. */
export const agreementOf = (truth: unknown, told: unknown): number => {
  const said = leaves(told, '', new Map())
  const all = [...leaves(truth, '', new Map())].filter(([at]) => !REDACTED.test(said.get(at) ?? ''))
  return all.length === 0 ? 1 : all.filter(([at, value]) => said.get(at) === value).length / all.length
}

interface Answer {
  readonly status: number
  readonly text: string
}

const NO_ANSWER: Answer = { status: 0, text: '' }

const textOf = async (answer: Response): Promise<string> => {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer.body ?? []) {
    length += part.length
    if (length > MOST_BYTES) return ''
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const ask = async (url: string, method: string): Promise<Answer> => {
  const headers = { accept: 'application/json, */*', 'user-agent': 'chaos-proxy-verify', 'x-chaos-replay': 'verify' }
  const signal = AbortSignal.timeout(TIMEOUT)
  try {
    const answer = await fetch(url, { method, headers, redirect: 'manual', signal })
    return { status: answer.status, text: await textOf(answer) }
  } catch {
    return NO_ANSWER
  }
}

const targetOf = (row: Row): string => `${String(row['path'])}${row['query'] === '' ? '' : `?${String(row['query'])}`}`

/** Only an absolute path stays on the host. */
const isAskable = (target: string): boolean => /^\/(?!\/)/.test(target) && !REDACTED.test(target)

const compare = async (context: ApiContext, row: Row, origin: string): Promise<Verified> => {
  const target = targetOf(row)
  const told = Number(row['status'])
  const { status, text } = await ask(new URL(origin).origin + target, String(row['method']))
  const { response } = await detailOf(context, row)
  const ghost = parse(response?.body.text ?? null)
  const truth = parse(text)
  const agreement =
    status !== told || status >= 400 || ghost === undefined || truth === undefined ? null : agreementOf(truth, ghost)
  return { target, told, status, agreement, right: status === told && (agreement ?? 1) >= RIGHT }
}

/** Each different request once, newest first, until enough were asked or the backend does not answer. */
export const verifyRows = async (
  context: ApiContext,
  rows: readonly Row[],
  { origin, limit }: { readonly origin: string; readonly limit: number },
): Promise<readonly Verified[]> => {
  const distinct = new Map(rows.filter((row) => isAskable(targetOf(row))).map((row) => [targetOf(row), row]))
  const found: Verified[] = []
  let silent = 0
  for (const row of [...distinct.values()].slice(0, limit)) {
    const one = await compare(context, row, origin)
    silent = one.status === 0 ? silent + 1 : 0
    if (one.status > 0) found.push(one)
    if (silent >= GIVE_UP) break
    await pause(EVERY)
  }
  return found
}
