/**
 * Mutated bytes: whatever a client or an upstream makes of them, the other side reads it in one way only, strictly, or sees
 * that it is broken. A strict reader that finds no fault finds what every lenient one does.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chance } from './kit/candidates.ts'
import { mutate } from './kit/mutate.ts'
import { openStand, type Stand } from './kit/stand.ts'
import { answerCases } from './kit/wire-answers.ts'
import { requestCases } from './kit/wire-requests.ts'
import { converse, openRawBackend, type Canned, type RawBackend } from './kit/wire.ts'

const SEEDS = Number(process.env['CHAOS_PROXY_TEST_SEEDS'] ?? 400)

let stand: Stand
let backend: RawBackend
const canned = new Map<string, Canned>()

beforeAll(async () => {
  backend = await openRawBackend((line) => canned.get(line.split(' ')[1] ?? ''))
  stand = await openStand({
    backend: (_req, res) => res.end(),
    service: {
      upstreams: [{ url: `http://127.0.0.1:${backend.port}` }],
      ghost: { mode: 'off' },
      breaker: { minRequests: 1_000_000 },
      passive: 'off',
      health: 'off',
    },
    options: { listen: { host: '127.0.0.1', port: 0, timeouts: { stall: 1000, head: 1000 } } },
  })
})
afterAll(async () => {
  backend.close()
  await stand.close()
})

/** Runs the seeds, so many at once; what went wrong. */
const forSeeds = async (atOnce: number, run: (seed: number) => Promise<string | undefined>): Promise<string[]> => {
  const wrong: string[] = []
  for (let from = 0; from < SEEDS; from += atOnce) {
    const seeds = Array.from({ length: Math.min(atOnce, SEEDS - from) }, (_, i) => from + i)
    const found = await Promise.all(seeds.map(run))
    wrong.push(...found.filter((each) => each !== undefined))
  }
  return wrong
}

const told = (error: unknown, bytes: string): string => `${(error as Error).message}: ${JSON.stringify(bytes)}`
const pick = <T>(all: readonly T[], random: () => number): T => all[Math.floor(random() * all.length)] as T
const pathOf = (seed: number): string => `/w${String(seed).padStart(4, '0')}`

it('of requests', async () => {
  const good = requestCases.filter(({ bytes }) => bytes.length < 2000)
  const wrong = await forSeeds(40, async (seed) => {
    const random = chance(seed)
    const bytes = mutate(pick(good, random).bytes.replaceAll('§', pathOf(seed)), random)
    return await converse(stand.ingress.port, bytes, { end: true }).then(
      () => undefined,
      (error: unknown) => told(error, bytes),
    )
  })
  expect(wrong).toEqual([])
  expect(backend.faults).toEqual([])
})

it('of answers', async () => {
  const good = answerCases.filter(({ bytes }) => bytes.length > 0 && bytes.length < 2000)
  // Few at once, each with a good one behind it: so many bad ones in a row would open the breaker.
  const wrong = await forSeeds(2, async (seed) => {
    const random = chance(seed)
    const path = pathOf(seed)
    const { bytes: whole, method = 'GET' } = pick(good, random)
    const bytes = mutate(whole, random)
    canned.set(path, { bytes, after: 'close' })
    try {
      await converse(stand.ingress.port, `${method} ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
      const next = await converse(stand.ingress.port, `GET ${path}/next HTTP/1.1\r\nHost: a.test\r\n\r\n`)
      return next.message?.body === 'ok' ? undefined : told(new Error(`then ${next.text}`), bytes)
    } catch (error) {
      return told(error, bytes)
    }
  })
  expect(wrong).toEqual([])
})
