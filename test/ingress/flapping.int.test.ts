/** F16 over real sockets: a backend that comes and goes several times a second, and a client that asks all the time. */
import { Agent } from 'node:http'
import { expect, it } from 'vitest'
import type { GhostAnswer } from '../../schemas/semantics/ghost-port.ts'
import { eventually, fakeBook, get, openStand } from './kit/stand.ts'

const FLAP = 250
const TIMES = 8

const answer: GhostAnswer = {
  kind: 'answer',
  ghost: 'exact',
  endpoint: 'shop GET /books/{id}',
  status: 200,
  headers: [],
  body: Buffer.from('ghost'),
  confidence: 0.9,
  learnedAt: Date.now() * 1000,
}

it('keeps its client with ghosts while it flaps, and gives it back though no check was due', async () => {
  let isUp = true
  // Neither the pause of a breaker nor a check comes to an end in this test.
  const health = { path: '/health', every: 600_000, timeout: 500, unhealthyAfter: 3, healthyAfter: 2 }
  const stand = await openStand({
    backend: (_req, res) => res.writeHead(isUp ? 200 : 503).end('live'),
    ghosts: fakeBook(answer),
    service: { health, breaker: { openFor: 600_000 } },
  })
  const agent = new Agent({ keepAlive: true })
  const ask = async (): Promise<string> => (await get(`${stand.url}/books/1`, agent)).body
  const told: string[] = []
  let changes = 0
  const flapping = setInterval(() => {
    isUp = !isUp
    changes++
  }, FLAP)
  while (changes < TIMES) told.push(await ask())
  clearInterval(flapping)
  const flips = told.filter((one, i) => i > 0 && one !== told[i - 1]).length
  // Without more ado it would be told the other thing at each change.
  expect(flips).toBeLessThanOrEqual(TIMES / 2)
  isUp = true
  await eventually('the truth', async () => (await ask()) === 'live')
  agent.destroy()
  await stand.close()
})
