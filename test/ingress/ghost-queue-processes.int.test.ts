/** Kept writes as several processes of one machine have them, and as a process that dies leaves them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { peekJournal } from '../../ingress/edge/queue/journal.ts'
import { openVault } from '../../ingress/edge/queue/vault.ts'
import type { Fate } from '../../schemas/semantics/ghosts/fate.ts'
import { eventually, listen, openStand, type Stand, type StandOptions } from './kit/stand.ts'

let dir: string
/** Bodies that came to the backend, and what it says to each. */
let got: string[]
let status: number
const stands: Stand[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-queue-'))
  got = []
  status = 201
})
afterEach(async () => {
  for (const stand of stands.splice(0)) await stand.close()
  rmSync(dir, { recursive: true, force: true })
})

const backend = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => {
    got.push(body)
    response.writeHead(status).end()
  })
}

/** The first process and the second one share a folder, and the first one's backend. */
const open = async (
  n: number,
  service: StandOptions['service'] = {},
  options: StandOptions['options'] = {},
): Promise<Stand> => {
  const folder = (of: number): string => join(dir, String(of))
  const queue = { dir: folder(n), lines: join(dir, 'lines'), peers: () => [folder(3 - n)], maxBytes: 1e6 }
  const writes = { ghost: { writes: 'queue' }, breaker: { openFor: 50 }, ...service } as const
  const stand = await openStand({ backend, service: writes, options: { queue, ...options } })
  stands.push(stand)
  return stand
}

const MONITOR = '/.well-known/chaos-proxy/writes/'

interface Told {
  readonly state: string
  readonly reason: string
}

it('sends what a sender wrote to one and the other in its order, and each tells of it', async () => {
  const first = await open(1)
  const { backendPort } = first
  const second = await open(2, { upstreams: [{ url: `http://127.0.0.1:${backendPort}` }] })
  await first.stopBackend()
  const write = async (at: Stand, n: number): Promise<string> => {
    const told = await fetch(`${at.url}/notes`, { method: 'POST', body: String(n) })
    expect(told.status).toBe(202)
    return told.headers.get('location') ?? ''
  }
  const monitors: string[] = []
  for (const n of [1, 2, 3, 4, 5]) monitors.push(await write(n % 2 === 0 ? second : first, n))
  status = 503
  await listen(first.backend, backendPort)
  await eventually('it was tried', () => got.length > 0)
  // It waits behind what the other process keeps, though the backend is there.
  monitors.push(await write(second, 6))
  expect(new Set(got)).toEqual(new Set(['1']))
  status = 201
  for (const monitor of monitors)
    await eventually('it is done', async () => {
      const told = await Promise.all([first, second].map(async ({ url }) => (await fetch(url + monitor)).json()))
      return (told as Told[]).every(({ state }) => state === 'done')
    })
  expect([...new Set(got)]).toEqual(['1', '2', '3', '4', '5', '6'])
})

it('notes that a write is sent only when a connection stands: who dies before has sent nothing', async () => {
  const stand = await open(1)
  await stand.stopBackend()
  const { headers } = await fetch(`${stand.url}/notes`, { method: 'POST', body: '1' })
  const told = async () => (await (await fetch(stand.url + headers.get('location'))).json()) as Told
  await eventually('it was tried', async () => (await told()).reason?.includes('No connection'))
  const vault = openVault(new TextEncoder().encode('a secret for tests only'))
  const states = ((await peekJournal(join(dir, '1'), vault)).records as { fate: Fate }[]).map(({ fate }) => fate.state)
  expect([states.length > 1, new Set(states)]).toEqual([true, new Set(['accepted'])])
})

it.each([
  ['cannot be read', (file: string) => mkdirSync(file, { recursive: true }), /journal cannot be read \(EISDIR\)/],
  ['is damaged', (file: string) => writeFileSync(file, Buffer.alloc(64, '\0\0\0\x28')), /damaged, or another key/],
])('says that it cannot tell when what another process keeps %s, and logs it once', async (_, spoil, words) => {
  mkdirSync(join(dir, '2'))
  const told: string[] = []
  const quiet = () => undefined
  const logger = { debug: quiet, info: quiet, warn: quiet, error: (_about: object, text: string) => told.push(text) }
  const { url } = await open(1, {}, { logger })
  const ask = async (): Promise<unknown[]> => {
    const answer = await fetch(`${url}${MONITOR}unknown`)
    return [answer.status, answer.headers.get('retry-after'), ((await answer.json()) as { detail: string }).detail]
  }
  expect(await ask()).toEqual([404, null, expect.stringContaining('No write of this id')])
  spoil(join(dir, '2', 'journal'))
  // What others keep is remembered for a moment.
  await eventually('it is told', async () => (await ask())[0] === 503)
  expect(await ask()).toEqual([503, '2', expect.stringContaining('cannot be told now')])
  expect(told).toEqual([expect.stringMatching(words)])
})
