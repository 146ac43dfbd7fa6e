/** A backend that comes and goes every half second, on a clock of its own: the row F16 of the fault matrix. */
import { expect, it } from 'vitest'
import { hint } from '../../../ingress/balance/breaker.ts'
import { createSettling } from '../../../ingress/edge/settle.ts'
import { choose } from '../../../ingress/phases/balance.ts'
import { createConduct } from '../../../ingress/phases/conduct.ts'
import type { Context, Upstream } from '../../../ingress/phases/context.ts'
import { contextOf } from '../kit/context.ts'
import { serviceOf } from '../kit/services.ts'

type Told = 'truth' | 'ghost'
interface Seen {
  readonly at: number
  readonly client: string
  readonly told: Told
  readonly probe: boolean
}

const START = 1_000_000
const FLAP = 500
const CHECK = 250

/** Clients that ask every so many ms, one request after the other. */
interface Play {
  readonly clients: readonly (readonly [name: string, every: number])[]
  readonly isUp: (at: number) => boolean
  readonly until: number
}

const play = ({ clients, isUp, until }: Play): { readonly seen: readonly Seen[]; readonly opened: number } => {
  const service = serviceOf(['http://a'])
  const upstream = service.upstreams[0] as Upstream
  const conduct = createConduct()
  let now = START
  let opened = -1
  const settling = createSettling({
    conduct,
    clock: () => now * 1000,
    signals: {
      breaker: (_service, _upstream, { to }) => void (opened = to === 'open' && opened < 0 ? now - START : opened),
      circuit: () => undefined,
      ejected: () => undefined,
    },
  })
  const ask = (client: string): Omit<Seen, 'at' | 'client'> => {
    const context: Context = Object.assign(contextOf({ target: `/books/${client}` }), { service, chosenAt: now * 1000 })
    context.head.client = client
    if (conduct.isPinned(context, now) || !choose(context, service, now * 1000, conduct)) {
      conduct.pin(context, now)
      return { told: 'ghost', probe: false }
    }
    const probe = context.permission === 'probe'
    context.handedAt = now * 1000
    const isGood = isUp(now - START)
    settling.tried(context, isGood ? 'good' : 'bad', '')
    settling.over(context)
    if (!isGood) conduct.pin(context, now)
    return { told: isGood ? 'truth' : 'ghost', probe }
  }
  const seen: Seen[] = []
  for (; now < START + until; now += 5) {
    if (now % CHECK === 0) {
      if (isUp(now - START)) hint(upstream.breaker, now)
      else conduct.ill(service, now)
    }
    for (const [client, every] of clients) if (now % every === 0) seen.push({ at: now - START, client, ...ask(client) })
  }
  return { seen, opened }
}

const DOWN_AT = 2000
const GOOD_AT = 22_000
const flapping = (at: number): boolean => at < DOWN_AT || at >= GOOD_AT || Math.floor(at / FLAP) % 2 === 1
const crowd = Array.from({ length: 20 }, (_, i): readonly [string, number] => [`client ${i}`, 20 + 5 * i])

/** How often a client is told the other thing than before, per second. */
const flips = (seen: readonly Seen[], client: string): number => {
  const own = seen.filter((one) => one.client === client && one.at >= DOWN_AT + 1000 && one.at < GOOD_AT)
  const changes = own.filter(({ told }, i) => i > 0 && told !== own[i - 1]?.told).length
  return changes / ((GOOD_AT - DOWN_AT - 1000) / 1000)
}

it.each([
  ['one client', [['alone', 20]] as const],
  ['many clients', crowd],
])(
  'opens within a second, probes once a second, and gives back within a second of its return: %s',
  (_name, clients) => {
    const { seen, opened } = play({ clients, isUp: flapping, until: GOOD_AT + 5000 })
    expect(opened - DOWN_AT).toBeLessThanOrEqual(1000)
    const probes = seen.filter(({ probe }) => probe).map(({ at }) => at)
    for (const [i, at] of probes.entries()) if (i > 0) expect(at - (probes[i - 1] ?? 0)).toBeGreaterThanOrEqual(990)
    const ghosts = seen.filter(({ told, at }) => told === 'ghost' && at >= GOOD_AT)
    expect(Math.max(GOOD_AT, ...ghosts.map(({ at }) => at)) - GOOD_AT).toBeLessThanOrEqual(1000)
    expect(seen.filter(({ told, at }) => told === 'ghost' && at < DOWN_AT)).toEqual([])
  },
)

it('does not show clients truth and ghost in turns', () => {
  const { seen } = play({ clients: crowd, isUp: flapping, until: GOOD_AT })
  const rates = crowd.map(([client]) => flips(seen, client))
  // The backend itself changes twice a second.
  expect(Math.max(...rates)).toBeLessThanOrEqual(0.5)
})

it('lets clients back after one outage, not all at once', () => {
  const isUp = (at: number): boolean => at < DOWN_AT || at >= 12_000
  const { seen } = play({ clients: crowd, isUp, until: 20_000 })
  const firstTruth = crowd.map(
    ([client]) => seen.find((s) => s.client === client && s.at > 3000 && s.told === 'truth')?.at ?? Infinity,
  )
  expect(Math.max(...firstTruth)).toBeLessThanOrEqual(13_000)
  const back = new Set(firstTruth.map((at) => Math.floor(at / 100)))
  expect(back.size).toBeGreaterThan(2)
})
