/** What the configuration says of balancing: strategies, health, breakers, retries. */
import { z } from 'zod'
import { duration, httpUrl, share } from './config-units.ts'

export const upstream = z.strictObject({
  url: httpUrl.describe('Where the backend listens'),
  weight: z.int().min(1).max(1000).default(1).describe('Its share of the requests, against the other upstreams'),
})

const sticky = z.strictObject({
  by: z
    .literal('cookie', { error: 'expected cookie; for the client address there is strategy: ip-hash' })
    .default('cookie'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, "_" or "-"')
    .default('cp_route')
    .describe('Name of the cookie; its value says nothing about the upstream'),
  ttl: duration.prefault('1h').describe('How long a client keeps it'),
})

export const balance = z.strictObject({
  strategy: z
    .enum(['weighted', 'round-robin', 'least-connections', 'peak-ewma', 'ip-hash'])
    .default('weighted')
    .describe(
      'weighted: in turn, by weight; round-robin: in turn, whatever the weights; least-connections: the least busy; peak-ewma: the better of two by latency and load; ip-hash: the same client to the same upstream',
    ),
  slowStart: duration
    .prefault('10s')
    .describe('An upstream that comes back gets its share little by little in this time; 0s: at once'),
  sticky: sticky.optional().describe('Clients keep their upstream while it is well'),
})

const STATUSES = 'statuses such as 200, 200-299 or "200-299,404"'
const statuses = z
  .union([z.int(), z.string()], { error: `expected ${STATUSES}` })
  .transform(String)
  .refine((text) => /^[1-5]\d\d(-[1-5]\d\d)?(, ?[1-5]\d\d(-[1-5]\d\d)?)*$/.test(text), `expected ${STATUSES}`)
  .transform((text) =>
    text.split(',').map((part): readonly [number, number] => {
      const [from = '', to = from] = part.trim().split('-')
      return [Number(from), Number(to)]
    }),
  )

const active = z.strictObject({
  enabled: z.boolean().default(true),
  path: z.string().startsWith('/', 'expected a path that starts with /').default('/'),
  every: duration.prefault('5s'),
  timeout: duration.prefault('2s'),
  jitter: share.prefault('10%').describe('Checks come so much earlier or later'),
  unhealthyAfter: z.int().min(1).default(3).describe('Failed checks in a row that make an upstream unhealthy'),
  healthyAfter: z.int().min(1).default(2).describe('Good checks in a row that make it healthy again'),
  expect: z
    .strictObject({
      status: statuses.prefault('100-499').describe(STATUSES),
      body: z.string().default('').describe('Text that must stand in the first 64 KiB of the body'),
    })
    .prefault({})
    .describe('What a good check answers'),
})

const passive = z
  .strictObject({
    enabled: z.boolean().default(true),
    consecutiveErrors: z.int().min(1).default(5).describe('Errors in a row after which it is left alone'),
    errorRate: share.prefault('50%').describe('The same, of its answers in an interval, while the others do better'),
    slowerThan: z.number().min(1.1).default(5).describe('The same, so many times the latency of the others'),
    minRequests: z.int().min(1).default(20).describe('Fewer requests in an interval than this say nothing'),
    interval: duration.prefault('10s'),
    ejectFor: duration.prefault('10s').describe('How long, the first time; each further time so much longer'),
    maxEjected: share.prefault('50%').describe('No more of the upstreams than this'),
  })
  .describe('Upstreams that do worse than the others, by what clients get; never the only one that is left')

export const health = z.strictObject({ active: active.prefault({}), passive: passive.prefault({}) })

export const breaker = z.strictObject({
  window: duration.prefault('30s'),
  minRequests: z.int().min(1).default(20).describe('Fewer requests in the window than this never open it'),
  openAtErrorRate: share.prefault('50%'),
  slowCall: duration.prefault('0s').describe('An answer that takes longer until its first byte is slow; 0s: none is'),
  openAtSlowRate: share.prefault('80%').describe('Share of slow answers in the window that opens it'),
  openFor: duration.prefault('5s').describe('How long it stays open before it lets a probe through'),
  probes: z.int().min(1).max(100).default(1).describe('Good probes, one after the other, that close it'),
})

export const retry = z
  .strictObject({
    attempts: z.int().min(0).max(10).default(2).describe('Further upstreams that are asked at most; 0: none'),
    budget: share.prefault('20%').describe('Retries for each request, so that they never multiply the traffic'),
    perSecond: z.number().min(0).max(10_000).default(10).describe('Retries that are free besides'),
  })
  .describe('Of requests that were sent and may be sent twice: idempotent methods, before an answer began')
