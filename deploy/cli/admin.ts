/** The commands' way in: the admin API of what runs. */
import { request } from 'node:http'
import { CliError } from './failure.ts'

export interface AdminClient {
  readonly url: string
  get<T>(path: string): Promise<T>
  put<T>(path: string, value: unknown): Promise<T>
  post<T>(path: string, value: unknown): Promise<T>
  patch<T>(path: string, value: unknown): Promise<T>
  delete<T>(path: string): Promise<T>
}

const TIMEOUT_MS = 5_000

interface Raw {
  readonly status: number
  readonly text: string
}

const send = (url: string, method: string, token: string, value: unknown): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const body = value === undefined ? undefined : JSON.stringify(value)
    const headers = {
      accept: 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    const going = request(url, { method, headers, timeout: TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      )
      response.on('error', reject)
    })
    going.on('timeout', () => going.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    going.on('error', reject)
    going.end(body)
  })

/** The API speaks of itself; who came by a command is told of commands. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/PUT \/api\/chaos \{"stopped": false\}/, 'chaos-proxy chaos resume'],
  [/GET \/admin\/drift-alerts/, 'chaos-proxy drift --all'],
  [/GET \/api\/chaos\/rules/, 'chaos-proxy chaos list'],
  [/GET \/api\/ghosts\/writes/, 'chaos-proxy ghosts writes'],
  [/GET \/(?:admin|api)\/(anomalies|endpoints|outages|upstreams)/, 'chaos-proxy $1'],
]

const asCommand = (detail: string): string =>
  COMMANDS.reduce((text, [words, command]) => text.replace(words, command), detail)

/** RFC 9457: title and detail say what is wrong. */
const problem = (raw: Raw): string | undefined => {
  try {
    const said = JSON.parse(raw.text) as { title?: string; detail?: string }
    const words = said.detail ?? said.title
    return words === undefined ? undefined : asCommand(words)
  } catch {
    return undefined
  }
}

export const adminClient = (url: string, token: string): AdminClient => {
  const call = async <T>(method: string, path: string, value?: unknown): Promise<T> => {
    const raw = await send(url + path, method, token, value).catch((cause: Error) => {
      throw new CliError(
        `the admin API at ${url} does not answer (${cause.message || (cause as NodeJS.ErrnoException).code})`,
        {
          cure: 'start it with `chaos-proxy dev`, or say where it is with --admin-port',
          cause,
        },
      )
    })
    if (raw.status >= 400) {
      const cure = raw.status === 401 ? 'set CHAOS_PROXY_ADMIN_TOKEN to its token' : ''
      throw new CliError(problem(raw) ?? `${method} ${url}${path} answered ${raw.status}`, { cure })
    }
    return JSON.parse(raw.text) as T
  }
  return {
    url,
    get: (path) => call('GET', path),
    put: (path, value) => call('PUT', path, value),
    post: (path, value) => call('POST', path, value),
    patch: (path, value) => call('PATCH', path, value),
    delete: (path) => call('DELETE', path, {}),
  }
}
