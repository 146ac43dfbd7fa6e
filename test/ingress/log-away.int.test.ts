import { afterEach, describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/events.ts'
import { memorySpool } from './kit/spool.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

/** Counts what is missing and what stands out of order, by sequence. */
const account = (events: readonly Event[]): { missing: number; disordered: number } => {
  let last = 0
  let missing = 0
  let disordered = 0
  for (const { sequence } of events) {
    if (sequence <= last) disordered++
    else missing += sequence - last - 1
    last = Math.max(last, sequence)
  }
  return { missing, disordered }
}

const ask = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`${stand.url}/${i}`)
    expect([answer.status, await answer.text()]).toEqual([200, 'ok'])
  }
}
const state = (): string => stand.ingress.status().events.state

describe('the log is away', () => {
  it('fails no request, loses no event and keeps the order', async () => {
    const spool = memorySpool()
    stand = await openStand({ backend: (_req, res) => res.end('ok'), spool })
    await ask(20)
    stand.mood('refusing')
    await ask(50)
    await eventually('spooling', () => state() === 'spooling' && spool.size.records >= 40)
    stand.mood('well')
    await ask(50)
    await eventually('direct again', () => state() === 'direct')
    await ask(10)
    await eventually('every exchange', async () => (await stand.exchanges()).length === 130)
    expect(account(await stand.events())).toEqual({ missing: 0, disordered: 0 })
    expect(stand.seen.flatMap((e) => (e.kind === 'log' ? [e.state] : []))).toEqual(['spooling', 'direct'])
  })

  it('counts exactly what a full spool could not take, and puts the count on the log', async () => {
    const spool = memorySpool(30)
    stand = await openStand({ backend: (_req, res) => res.end('ok'), spool, options: { heartbeat: 20 } })
    stand.mood('refusing')
    await ask(40)
    await eventually('losing', () => state() === 'losing')
    await ask(40)
    stand.mood('well')
    await eventually('direct again', () => state() === 'direct')
    await ask(10)
    const gaps = async (): Promise<number> =>
      (await stand.events()).reduce((sum, { signal }) => sum + (signal?.kind === 'gap' ? signal.count : 0), 0)
    await eventually('the gap', async () => (await gaps()) > 0)
    await stand.ingress.close()
    const found = account(await stand.events())
    expect(found.disordered).toBe(0)
    expect(found.missing).toBe(stand.ingress.status().events.dropped)
    expect(await gaps()).toBe(found.missing)
    expect(found.missing).toBeGreaterThan(40)
  })

  it('gives up an append that never comes back, without a request waiting for it', async () => {
    stand = await openStand({ backend: (_req, res) => res.end('ok') })
    stand.mood('hanging')
    const started = Date.now()
    await ask(20)
    expect(Date.now() - started).toBeLessThan(1400)
    await eventually('spooling', () => state() === 'spooling')
    stand.mood('well')
    await eventually('every exchange', async () => (await stand.exchanges()).length >= 20)
    expect(account(await stand.events()).missing).toBe(0)
  })

  it('drains what an earlier process left in the spool before anything new', async () => {
    const spool = memorySpool()
    stand = await openStand({ backend: (_req, res) => res.end('ok'), spool })
    stand.mood('refusing')
    await ask(5)
    await eventually('spooled', () => spool.size.records >= 5)
    await stand.close()
    const before = spool.size.records
    stand = await openStand({ backend: (_req, res) => res.end('ok'), spool })
    await ask(3)
    await eventually('everything', async () => (await stand.exchanges()).length === 8)
    const order = (await stand.exchanges()).map((event) => event.exchange?.target)
    expect(order).toEqual(['/0', '/1', '/2', '/3', '/4', '/0', '/1', '/2'])
    expect(before).toBeGreaterThanOrEqual(5)
  })
})
