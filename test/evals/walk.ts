/** What a walk for the recorder (record.ts) says, and how it asks: who asks, what collections there are, what is written to them. */
import { request } from 'node:http'

export type Headers = Readonly<Record<string, string>>
export interface Told {
  readonly status: number
  readonly headers: Headers
  readonly body: string | null
  readonly b64?: string
}
export interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: Headers
  readonly json?: unknown
}
export type Tell = (call: Call) => Promise<{ readonly status: number; readonly json: unknown }>
export type Pick = <T>(list: readonly T[]) => T

/** A collection: where it is, what it is asked, what is written to it. Pointers as in RFC 6901. */
export interface Shelf {
  readonly path: string
  /** Lists all of it, before anything is recorded; for want of it the path does. */
  readonly all?: string
  readonly items: string
  readonly id: string
  readonly item?: (id: string) => string
  readonly weight: number
  /** Names of people who ask. */
  readonly as: readonly string[]
  /** What its answers show is nobody else's business, nor can others read it. */
  readonly isPrivate?: boolean
  readonly queries?: (pick: Pick) => string
  /** Queries as the training has none. */
  readonly fresh?: (pick: Pick) => string
  readonly create?: (name: string, pick: Pick) => unknown
  /** PUT to an item's path where there is no POST. */
  readonly creates?: string
  readonly created?: string
  readonly change?: (name: string, pick: Pick) => unknown
  readonly changes?: 'PATCH' | 'PUT' | 'POST'
  readonly removes?: boolean
  readonly missing: (pick: Pick) => string
}
export interface Walk {
  readonly name: string
  /** Fills the server and logs in; what is told is recorded, what is asked is not. Answers people's headers by name. */
  readonly open: (ask: Tell, tell: Tell) => Promise<Readonly<Record<string, Headers>>>
  readonly shelves: readonly Shelf[]
  /** What somebody with a credential that is none sends. */
  readonly bad?: Headers
  readonly unknown: readonly string[]
}

export interface Row {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: string | null
  readonly response: Told
}

const DROPPED = /^(date|content-length|connection|keep-alive|transfer-encoding|server|x-powered-by)$/

interface Sent {
  readonly method: string
  readonly headers: Headers
  readonly body: string | null
}

export const send = (url: URL, { method, headers, body }: Sent): Promise<Told> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { 'Accept-Encoding': 'identity', ...headers } }, (r) => {
      const parts: Buffer[] = []
      r.on('data', (part: Buffer) => parts.push(part))
      r.on('end', () => {
        const bytes = Buffer.concat(parts)
        const kept = Object.entries(r.headers).filter(([name]) => !DROPPED.test(name))
        resolve({
          status: r.statusCode ?? 0,
          headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
          body: bytes.toString(),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })

export const parsed = (body: string | null): unknown => {
  try {
    return JSON.parse(body ?? 'null')
  } catch {
    return undefined
  }
}
export const pointed = (json: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .filter((name) => name !== '')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], json)
export const leavesOf = (json: unknown, at = ''): [string, unknown][] => {
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  return entries.length === 0
    ? [[at, json]]
    : entries.flatMap(([name, value]) => leavesOf(value, `${at}/${name.replaceAll('/', '~1')}`))
}
