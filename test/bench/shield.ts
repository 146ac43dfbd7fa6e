/**
 * What the shield costs one request, without sockets: CPU per call, the cheapest of some rounds. A flood is 65,536 new
 * clients and more, none of whom comes twice.
 */
import { openAccessLog } from '../../ingress/edge/access-log.ts'
import { openKeys } from '../../ingress/edge/keys.ts'
import { orderedFaults } from '../../ingress/faults/ordered.ts'
import { openFault } from '../../ingress/faults/rule.ts'
import { openGcra } from '../../ingress/limits/gcra.ts'
import { createAccept } from '../../ingress/phases/accept.ts'
import type { Context, Service } from '../../ingress/phases/context.ts'
import { NEIGHBOURS } from '../../ingress/phases/forwarded.ts'
import { createLimit, limitConcurrency, limitRates, shedLoad } from '../../ingress/phases/limit.ts'
import { addressSet } from '../../schemas/semantics/addresses.ts'
import { createRedactor } from '../../schemas/semantics/redaction.ts'
import { contextOf } from '../ingress/kit/context.ts'

import { best, costOf, round, stopwatch, type Figure, type Section } from './kit/figure.ts'

const section = 'shield'
const CALLS = 200_000
const ROUNDS = 7

const measure = async (name: string, call: (i: number) => void, calls = CALLS, pause = 0): Promise<Figure> => {
  const rounds = []
  while (rounds.length < ROUNDS) {
    const read = stopwatch()
    for (let i = 0; i < calls; i++) call(i)
    rounds.push(costOf(read(), calls))
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return { section, name, unit: 'ns', value: round(best(rounds).micros * 1000), better: 'less' }
}

const next = (): void => undefined
const clock = (): number => performance.now()
const keys = openKeys(new TextEncoder().encode('a secret of the benchmark'))
const redactor = createRedactor(keys, { headers: [], fields: [], pii: 'pseudonymise' })
const clients = Array.from({ length: 4096 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
const at = (i: number): string => clients[i % 4096] as string

const serviceOf = (shield: Service['shield']): Service => ({ name: 'shop', shield }) as Service
const headers = ['Host', 'shop.test', 'User-Agent', 'bench/1', 'Accept', '*/*', 'Authorization', 'Bearer abcdef']
const contexts = clients.map((client) => {
  const context: Context = contextOf({ headers })
  context.head.client = client
  context.path = '/books/7'
  return context
})
const contextFor = (i: number, service: Service): Context => {
  const context = contexts[i % 4096] as Context
  context.service = service
  context.own = []
  return context
}

const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  const note = async (...args: Parameters<typeof measure>): Promise<void> => void figures.push(await measure(...args))
  const gcra = openGcra({ limit: 1e9, per: 60_000, burst: 1e9 }, 65_536, 1)
  await note('one key counted (GCRA, 4,096 keys)', (i) => void gcra.take(at(i), i))
  await note('one key counted (GCRA, every key new)', (i) => void gcra.take(`10.${i}`, i))

  const settings = { principalOf: redactor.principalOf, seed: 1 }
  const idle = shedLoad({ maxMemory: 0.92, maxRequests: 0 }, { memory: () => 0.1, inFlight: () => 1 })
  const limit = createLimit([
    idle,
    limitRates({ ...settings, clock, services: [] }).limiter,
    limitConcurrency(clock).limiter,
  ])
  const rule = { limit: 1e9, per: 60_000, match: '/*' }
  const cases: readonly (readonly [string, Service['shield']])[] = [
    ['limit: nothing is limited', {}],
    ['limit: by address, with fields', { rateLimit: [{ ...rule, by: 'ip' }] }],
    ['limit: by principal, with fields', { rateLimit: [{ ...rule, by: 'principal' }] }],
    ['limit: by address, /books/{id} only', { rateLimit: [{ ...rule, by: 'ip', match: '/books/{id}' }] }],
    [
      'limit: by address and by route',
      {
        rateLimit: [
          { ...rule, by: 'ip' },
          { ...rule, by: 'route', name: 'all' },
        ],
      },
    ],
  ]
  for (const [name, shield] of cases) {
    const service = serviceOf(shield)
    await note(name, (i) => limit(contextFor(i, service), next))
  }
  const refusing = serviceOf({ rateLimit: [{ limit: 1, per: 60_000, by: 'route' }] })
  await note('limit: refused, with the problem', (i) => limit(contextFor(i, refusing), next))

  const gate = limitConcurrency(clock)
  const gated = serviceOf({ concurrency: { max: 100, adaptive: true } })
  await note('concurrency: adaptive, entered and left', (i) => {
    const context = contextFor(i, gated)
    gate.limiter(context)
    gate.over(context)
  })

  const fault = (percent: number) =>
    openFault(
      {
        id: 'f',
        match: { service: 'shop', endpoint: '/books/{id}', percent },
        fault: { kind: 'latency', ms: 0, distribution: 'fixed', spread: 0, tail: 1.5, max: 1 },
        seed: 1,
        until: 1,
      },
      redactor.principalOf,
    )
  const phaseOf = (active: ReturnType<typeof fault>[]) =>
    orderedFaults({
      active: () => active,
      wait: (_, _ms, then) => then(),
      gone: () => false,
      reset: next,
      distort: next,
      onHit: next,
    })
  const plain = serviceOf({})
  for (const [name, phase] of [
    ['faults: none ordered', phaseOf([])],
    ['faults: one that spares this request', phaseOf([fault(1e-9)])],
  ] as const)
    await note(name, (i) => phase(contextFor(i, plain), next))

  const ids = { newSpan: () => 'b'.repeat(16), newTrace: () => 'a'.repeat(32), neighbours: NEIGHBOURS }
  const behind = [...headers, 'X-Forwarded-For', '203.0.113.9, 10.1.1.1', 'X-Forwarded-Proto', 'https', 'Via', '1.1 lb']
  const trusted = addressSet(['192.0.2.0/24', '10.0.0.0/8'])
  for (const [name, accept] of [
    ['accept: nobody is trusted', createAccept(ids)],
    ['accept: behind two trusted proxies', createAccept({ ...ids, trusted })],
  ] as const)
    await note(name, () => accept(contextOf({ headers: behind }), next))

  const log = openAccessLog({ file: '/dev/null', redactor, clock: () => performance.now() * 1000, logger: console })
  await note('access log: taken down', (i) => log.note(contextFor(i, plain)), 15_000, 300)
  await log.close()
  return figures
}

export const shieldSection: Section = { name: section, run }
