/** Mock mode takes the time that was learned, where that is wanted. */
import { afterEach, expect, it } from 'vitest'
import { noteAnswer, openVitals } from '../../schemas/semantics/vitals.ts'
import { fakeBook, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

/** µs: far above what an answer takes on a busy machine. */
const USUAL = 1_000_000

const timed = async (latency: 'learned' | 'none'): Promise<readonly [ghost: string | null, ms: number]> => {
  const vitals = openVitals()
  for (let i = 0; i < 30; i++) noteAnswer(vitals, 200, USUAL)
  const endpoint = 'shop GET /books/{id}'
  const about = { kind: 'answer', ghost: 'exact', endpoint, status: 200, headers: [], confidence: 1 } as const
  const book = fakeBook({ ...about, body: Buffer.from('{}'), learnedAt: Date.now() * 1000 })
  stand = await openStand({
    backend: (_, response) => response.end('live'),
    ghosts: { ...book, learned: () => ({ endpoint, vitals }) },
    service: { ghost: { mode: 'mock', latency } },
  })
  const start = performance.now()
  const answer = await fetch(`${stand.url}/books/7`)
  return [answer.headers.get('x-ghost'), performance.now() - start]
}

it('learned: as long as the backend did', async () => {
  const [ghost, ms] = await timed('learned')
  expect(ghost).toBe('exact')
  // The learned time lies somewhere in its bucket, a quarter of an octave.
  expect(ms).toBeGreaterThanOrEqual(USUAL / 1000 / 2 ** 0.25 - 2)
})

it('none: no longer than it must', async () => {
  const [ghost, ms] = await timed('none')
  expect(ghost).toBe('exact')
  expect(ms).toBeLessThan(USUAL / 1000 / 2 ** 0.25 - 2)
})
