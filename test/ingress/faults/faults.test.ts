import { describe, expect, it } from 'vitest'
import { drawOf } from '../../../ingress/faults/draw.ts'
import { latency } from '../../../ingress/faults/latency.ts'
import { orderedFaults } from '../../../ingress/faults/ordered.ts'
import { openFault, type ActiveFault } from '../../../ingress/faults/rule.ts'
import type { Context, Reply, Service } from '../../../ingress/phases/context.ts'
import { createFault } from '../../../ingress/phases/fault.ts'
import { faultRuleSchema, type FaultSpec } from '../../../schemas/faults.ts'
import { contextOf, through, type Asked } from '../kit/context.ts'

const rule = (fault: object, match: object = {}, seed = 1, id = 'f1') =>
  faultRuleSchema.parse({ id, match, fault, seed, until: 1 })
const active = (...args: Parameters<typeof rule>): ActiveFault =>
  openFault(rule(...args), (lines) => (lines.includes('ann') ? 'cp_ann' : ''))
const asked = (ask: Asked = {}, service = 'shop'): Context => {
  const context = Object.assign(contextOf(ask), { service: { name: service } as Service })
  context.path = context.target.replace(/\?.*/, '')
  return context
}

/** One walk through these faults. */
const walk = (faults: readonly ActiveFault[], context: Context = asked()) => {
  const seen = { waited: 0, reset: false, distorted: false, hits: [] as string[] }
  const phase = createFault([
    orderedFaults({
      active: () => faults,
      wait: (_, ms, then) => {
        seen.waited += ms
        then()
      },
      gone: () => false,
      reset: () => (seen.reset = true),
      distort: () => (seen.distorted = true),
      onHit: (_, kind) => seen.hits.push(kind),
    }),
  ])
  return { outcome: through(phase, context), context, ...seen }
}

describe('ordered faults', () => {
  it('none is no special case', () => {
    expect(walk([])).toMatchObject({ outcome: 'next', context: { own: [], faults: [] } })
  })

  it('latency waits, and marks', () => {
    const { outcome, waited, context, hits } = walk([active({ kind: 'latency', ms: 250 })])
    expect([outcome, waited, hits]).toEqual(['next', 250, ['latency']])
    expect(context.own).toEqual(['x-chaos', 'latency;ms=250;id=f1'])
    expect(context.faults).toEqual(['latency/f1'])
  })

  it('failure answers in the place of the upstream, and marks', () => {
    const { outcome, context } = walk([active({ kind: 'failure', status: 500, retry_after: 7 })])
    expect(outcome).toMatchObject({ status: 500, answeredBy: 'fault', why: 'fault' })
    expect((outcome as Reply).headers).toEqual(expect.arrayContaining(['retry-after', '7']))
    expect(context.own).toEqual(['x-chaos', 'failure;status=500;id=f1'])
  })

  it('outage leaves no upstream to ask', () => {
    const context = asked()
    const upstreams = [{}, {}] as unknown as Service['upstreams']
    context.service = { name: 'shop', upstreams } as Service
    expect(walk([active({ kind: 'outage' })], context).outcome).toBe('next')
    expect(context.tried).toEqual(upstreams)
  })

  it('abort resets before the answer; nothing was said', () => {
    expect(walk([active({ kind: 'abort' })])).toMatchObject({
      reset: true,
      outcome: { status: 0, answeredBy: 'fault' },
    })
  })

  it.each([
    [
      { kind: 'abort', after_bytes: 9 },
      { kind: 'abort', bytes: 9 },
    ],
    [
      { kind: 'slow_body', bytes_per_second: 10 },
      { kind: 'slow', rate: 10 },
    ],
    [
      { kind: 'truncation', bytes: 5, end: 'clean' },
      { kind: 'truncate', bytes: 5, end: 'clean' },
    ],
    [
      { kind: 'corruption', field: '/a', how: 'drop' },
      { kind: 'corrupt', field: '/a', how: 'drop' },
    ],
  ])('%j is described for the edge', (fault, distortion) => {
    const { outcome, context, distorted } = walk([active(fault)])
    expect([outcome, context.distortions, distorted]).toEqual(['next', [distortion], true])
  })

  it('all that mean a request hit it', () => {
    const faults = [
      active({ kind: 'latency', ms: 10 }),
      active({ kind: 'latency', ms: 20 }, {}, 1, 'f2'),
      active({ kind: 'failure' }, {}, 1, 'f3'),
    ]
    const { waited, outcome, context } = walk(faults)
    expect([waited, (outcome as Reply).status]).toEqual([30, 503])
    expect(context.own[1]).toBe('latency;ms=10;id=f1, latency;ms=20;id=f2, failure;status=503;id=f3')
  })
})

describe('whom a fault means', () => {
  const meant = (match: object, context: Context): boolean =>
    walk([active({ kind: 'failure' }, match)], context).outcome !== 'next'
  it.each<[object, Asked, boolean]>([
    [{}, {}, true],
    [{ service: 'shop' }, {}, true],
    [{ service: 'other' }, {}, false],
    [{ method: 'GET' }, {}, true],
    [{ method: 'POST' }, {}, false],
    [{ endpoint: '/books/{id}' }, { target: '/books/7?x=1' }, true],
    [{ endpoint: 'GET /books/{id}' }, { target: '/books/7' }, true],
    [{ endpoint: 'POST /books/{id}' }, { target: '/books/7' }, false],
    [{ endpoint: '/books/{id}' }, { target: '/books/7/pages' }, false],
    [{ endpoint: '/books/*' }, { target: '/books/7/pages' }, true],
    [{ header: { name: 'X-Canary' } }, { headers: ['x-canary', 'yes'] }, true],
    [{ header: { name: 'X-Canary', value: 'yes' } }, { headers: ['x-canary', 'no'] }, false],
    [{ header: { name: 'X-Canary' } }, {}, false],
    [{ principal: 'cp_ann' }, { headers: ['authorization', 'ann'] }, true],
    [{ principal: 'cp_ann' }, { headers: ['authorization', 'bob'] }, false],
    [{ service: 'shop', method: 'GET', endpoint: '/other' }, {}, false],
  ])('%j means %j: %s', (match, ask, expected) => expect(meant(match, asked(ask))).toBe(expected))

  const hits = (percent: number, seed: number): string => {
    const fault = active({ kind: 'failure' }, { percent }, seed)
    return Array.from({ length: 2000 }, () => (walk([fault]).outcome === 'next' ? '.' : 'x')).join('')
  }

  it.each([1, 10, 50, 99])('hits %d %% of those that match', (percent) => {
    const share = hits(percent, 7).replaceAll('.', '').length / 20
    expect(Math.abs(share - percent)).toBeLessThan(4)
  })

  it('hits the same ones for the same seed, others for another', () => {
    expect(hits(50, 7)).toBe(hits(50, 7))
    expect(hits(50, 7)).not.toBe(hits(50, 8))
  })
})

describe('latency', () => {
  const sample = (settings: object): number[] => {
    const spec = rule({ kind: 'latency', ...settings }).fault as Extract<FaultSpec, { kind: 'latency' }>
    const fault = latency(spec)
    return Array.from({ length: 5000 }, (_, n) => {
      const { effect } = fault(drawOf(3, n))
      return effect.kind === 'delay' ? effect.ms : Number.NaN
    }).toSorted((a, b) => a - b)
  }
  const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] as number

  it('is normal around its mean', () => {
    const sorted = sample({ ms: 200, distribution: 'normal', spread: 20 })
    expect(Math.abs(at(sorted, 0.5) - 200)).toBeLessThan(3)
    expect(Math.abs(at(sorted, 0.8413) - 220)).toBeLessThan(4)
    expect(sample({ ms: 1, distribution: 'normal', spread: 50 })[0]).toBe(0)
  })

  it('has a heavy tail, cut at its maximum', () => {
    const sorted = sample({ ms: 100, distribution: 'heavy', tail: 1.5, max: 3000 })
    expect(Math.abs(at(sorted, 0.5) - 100)).toBeLessThan(6)
    // Pareto: the 99th percentile is 50^(1/1.5) times the median.
    expect(at(sorted, 0.99) / at(sorted, 0.5)).toBeGreaterThan(10)
    expect(sorted.at(-1)).toBe(3000)
  })
})

describe('what may be ordered', () => {
  it.each([
    [{ kind: 'failure', status: 200 }],
    [{ kind: 'latency', ms: -1 }],
    [{ kind: 'latency', ms: 1e9 }],
    [{ kind: 'slow_body', bytes_per_second: 0 }],
    [{ kind: 'truncation' }],
    [{ kind: 'nonsense' }],
    [{ kind: 'abort', after: 3 }],
  ])('not %j', (fault) =>
    expect(faultRuleSchema.safeParse(rule({ kind: 'abort' }) && { ...rule({ kind: 'abort' }), fault }).success).toBe(
      false,
    ),
  )

  it.each([{ percent: 0 }, { percent: 101 }, { endpoint: 'books' }, { method: 'get' }, { header: { name: 'a b' } }])(
    'not for %j',
    (match) => expect(faultRuleSchema.safeParse({ ...rule({ kind: 'abort' }), match }).success).toBe(false),
  )
})
