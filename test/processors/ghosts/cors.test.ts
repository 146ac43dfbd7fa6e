/** Cross-origin requests while a backend is away, by the rule that its answers showed. */
import { describe, expect, it } from 'vitest'
import { given } from './given.ts'
import type { Told } from './offline.ts'

type Server = (origin: string) => string
const SEEN = ['https://a.test', 'https://b.test', 'http://c.test:81', 'https://d.test']
const NEW = 'https://new.test'
const LIST = ['https://a.test', 'https://b.test']

const servers: Readonly<Record<string, Server>> = {
  wildcard: () => '*',
  reflecting: (origin) => origin,
  list: (origin) => (LIST.includes(origin) ? origin : ''),
  closed: () => '',
}

const asks = (origin: string, more: readonly [string, string][] = []) => [
  { name: 'origin', value: origin },
  ...[['access-control-request-method', 'PUT'] as const, ...more].map(([name, value]) => ({ name, value })),
]
const grants = (value: string) => (value === '' ? [] : [{ name: 'access-control-allow-origin', value }])

/** Each origin asks before and for each of some books. */
const taught = (server: Server, origins = SEEN) =>
  given(
    [1, 2, 3].flatMap((id) =>
      origins.flatMap((origin): Omit<Told, 'at'>[] => [
        {
          method: 'OPTIONS',
          target: `/books/${id}`,
          status: 204,
          responseType: '',
          requestHeaders: asks(origin, id === 1 ? [] : [['access-control-request-headers', `x-${id}`]]),
          responseHeaders: [
            ...grants(server(origin)),
            { name: 'access-control-allow-methods', value: 'GET, PUT' },
            ...(id === 1 ? [] : [{ name: 'access-control-allow-headers', value: `x-${id}` }]),
          ],
        },
        {
          target: `/books/${id}`,
          requestHeaders: [{ name: 'origin', value: origin }],
          responseHeaders: grants(server(origin)),
          responseBody: `{"id":${id}}`,
        },
      ]),
    ),
  )
type Given = ReturnType<typeof taught>

const preflight = ({ ask }: Given, target: string, origin: string) => {
  const verdict = ask({ method: 'OPTIONS', target, headers: asks(origin, [['access-control-request-headers', 'x-9']]) })
  if (verdict.kind === 'refuse') return verdict.reason
  const { status, headers } = verdict
  return [status, ...headers.map(({ name, value }) => `${name.slice('access-control-allow-'.length)} ${value}`).sort()]
}
const granted = ({ ask }: Given, origin: string): string | undefined => {
  const verdict = ask({ target: '/books/1', headers: [{ name: 'origin', value: origin }] })
  if (verdict.kind === 'refuse') throw new Error(verdict.detail)
  return verdict.headers.find(({ name }) => name === 'access-control-allow-origin')?.value
}
const yes = (origin: string) => [204, 'headers x-9', 'methods GET, PUT', `origin ${origin}`]

describe('a preflight', () => {
  it.each([
    ['wildcard', NEW, yes('*')],
    ['reflecting', NEW, yes(NEW)],
    ['reflecting', 'https://b.test', yes('https://b.test')],
    ['list', 'https://b.test', yes('https://b.test')],
    ['list', 'https://d.test', [204, 'headers x-9', 'methods GET, PUT']],
    ['list', NEW, 'nothing-learned'],
    ['closed', NEW, [204, 'headers x-9', 'methods GET, PUT']],
  ])('of a server that is %s, from %s', (server, origin, told) => {
    const books = taught(servers[server] as Server)
    // Also for what nobody asked for before.
    for (const target of ['/books/2', '/books/77']) expect(preflight(books, target, origin), target).toEqual(told)
  })

  it('is refused where few origins could be a list, and where nothing is known of the thing', () => {
    const few = taught(servers['reflecting'] as Server, LIST)
    expect(preflight(few, '/books/2', NEW)).toBe('nothing-learned')
    expect(preflight(few, '/authors/2', 'https://a.test')).toBe('unknown-endpoint')
  })
})

it.each([
  ['wildcard', NEW, '*'],
  ['reflecting', NEW, NEW],
  ['reflecting', 'https://d.test', 'https://d.test'],
  ['list', 'https://a.test', 'https://a.test'],
  ['list', 'https://d.test', undefined],
  ['list', NEW, undefined],
])('an answer of a server that is %s to %s', (server, origin, told) => {
  expect(granted(taught(servers[server] as Server), origin)).toBe(told)
})
