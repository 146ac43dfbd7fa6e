import { describe, expect, it } from 'vitest'
import { openTickets, ticketSeeds } from '../../../ingress/edge/tickets.ts'

const HOUR = 3_600_000

describe('ticket keys', () => {
  it('are the same for all who got the seed, whenever they got it and ask', () => {
    let now = 1000 * HOUR
    const clock = (): number => now
    const seeds = ticketSeeds(HOUR, clock)
    const early = openTickets(seeds(), HOUR, clock)
    const name = early.current().name
    now += 40 * HOUR
    const late = openTickets(seeds(), HOUR, clock)
    expect(early.current()).toEqual(late.current())
    expect(early.current().name.equals(name)).toBe(false)
  })

  it('are taken one period long after they have served, and one before, by a process whose clock is ahead or behind', () => {
    let now = 1000 * HOUR
    const seeds = ticketSeeds(HOUR, () => now)
    const given = seeds()
    const tickets = openTickets(given, HOUR, () => now)
    const ahead = openTickets(given, HOUR, () => now + HOUR)
    const { name } = tickets.current()
    expect(tickets.find(ahead.current().name)?.name).toEqual(ahead.current().name)
    now += HOUR
    expect(tickets.find(name)?.name).toEqual(name)
    now += HOUR
    expect([tickets.find(name), tickets.find(Buffer.alloc(16))]).toEqual([undefined, undefined])
  })

  it('are three different secrets each, and strangers have others', () => {
    const { name, hmac, aes } = openTickets(ticketSeeds()()).current()
    expect(new Set([name, hmac, aes].map((part) => part.toString('hex'))).size).toBe(3)
    expect([name.length, hmac.length, aes.length]).toEqual([16, 16, 16])
    expect(openTickets(ticketSeeds()()).current().name.equals(name)).toBe(false)
  })
})
