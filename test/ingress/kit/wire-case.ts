/** A request as bytes and what must become of it. `§` is the case's path, `/w` and four digits. */

export interface RequestCase {
  readonly name: string
  readonly bytes: string
  /** What the client is told. */
  readonly status: number | readonly number[]
  /** The request lines that reach the backend, without the version; none: it is refused. */
  readonly lines?: readonly string[]
  /** Of the first of them. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly body?: string
  readonly trailers?: readonly (readonly [string, string])[]
  /** Final answers on the connection. */
  readonly answers?: number
  /** The client ends its side at once. */
  readonly end?: boolean
}

export const HOST = 'Host: a.test\r\n'
export const get = (fields = '', { method = 'GET', target = '§', version = 'HTTP/1.1', host = HOST } = {}): string =>
  `${method} ${target} ${version}\r\n${host}${fields}\r\n`
export const post = (fields: string, body: string): string => get(fields, { method: 'POST' }) + body
export const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body)
export const SMUGGLED = 'GET §/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'
export const END = '0\r\n\r\n'

export const refused = (name: string, bytes: string, status: number | readonly number[] = 400): RequestCase => ({
  name,
  bytes,
  status,
})
export const passed = (name: string, bytes: string, rest: Partial<RequestCase> = {}): RequestCase => ({
  name,
  bytes,
  status: 200,
  lines: [`${bytes.slice(0, bytes.indexOf(' '))} §`],
  ...rest,
})
