/** What the configuration says of the shield: whom to believe, TLS, limits, load shedding, the access log. */
import { z } from 'zod'
import { duration, FILE, httpUrl, share } from './config-units.ts'
import { isAddressRange } from './semantics/addresses.ts'

const range = z
  .string()
  .refine(isAddressRange, 'expected an address, a range such as 10.0.0.0/8 or 2001:db8::/32, "loopback" or "private"')

const serverName = z
  .string()
  .regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'expected a host name such as shop.example or *.shop.example')

const pair = {
  cert: z.string().default('').describe(`Certificate, with those between it and the root: ${FILE}`),
  key: z.string().default('').describe(`Its private key: ${FILE}`),
}

const listenTls = z.strictObject({
  enabled: z.boolean().default(false),
  ...pair,
  sni: z
    .array(z.strictObject({ names: z.array(serverName).min(1, 'needs at least one name'), ...pair }))
    .default([])
    .describe('More certificates, chosen by the name that the client asks for'),
  clientCa: z.string().default('').describe(`Who signs clients' certificates (mTLS): ${FILE}`),
  clientAuth: z
    .enum(['none', 'request', 'require'])
    .default('none')
    .describe('request: who shows a certificate must have one of clientCa; require: nobody comes in without one'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  ticketRotation: duration
    .prefault('12h')
    .describe('How long a key of session tickets serves; tickets of the one before are still taken'),
})

/** Goes into `listen`. */
export const listenShield = {
  trustedProxies: z
    .array(range)
    .default([])
    .describe("Neighbours whose word on the client's address, scheme and host is believed"),
  clientFrom: z
    .enum(['x-forwarded-for', 'forwarded'])
    .default('x-forwarded-for')
    .describe('The field in which trusted proxies say it; the other one is dropped'),
  forwarded: z
    .enum(['x-forwarded', 'rfc7239', 'both'])
    .default('x-forwarded')
    .describe('How upstreams are told: X-Forwarded-*, Forwarded, or both'),
  proxyProtocol: z
    .boolean()
    .default(false)
    .describe('Connections begin with a PROXY protocol header (v1 or v2); only trustedProxies may connect then'),
  h2c: z
    .boolean()
    .default(false)
    .describe('HTTP/2 also without TLS, for clients that begin with it (prior knowledge), as gRPC clients do'),
  tls: listenTls.prefault({}),
}

const rateRule = z
  .strictObject({
    limit: z.int().min(1).max(1e9).describe('So many requests'),
    per: duration.describe('in so much time'),
    burst: z.int().min(1).max(1e9).optional().describe('So many at once; as many as limit unless given'),
    by: z
      .enum(['ip', 'principal', 'header', 'route'])
      .default('ip')
      .describe('Who is counted: each client address, each credential, each value of a header, or all together'),
    header: z.string().default('').describe('The header to count by, with by: header'),
    match: z
      .string()
      .startsWith('/', 'expected a path such as /*, /api/* or /users/{id}')
      .default('/*')
      .describe('The paths that count'),
    methods: z
      .array(z.string().regex(/^[A-Z]+$/, 'expected a method such as GET'))
      .default([])
      .describe('The methods that count; empty: all'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{0,64}$/, 'expected letters, digits, ".", "_" or "-"')
      .default('')
      .describe('Its name in the RateLimit fields; what it counts by unless given'),
  })
  .refine(({ by, header }) => (by === 'header') === (header !== ''), {
    path: ['header'],
    error: 'by: header needs the name of the header, and nothing else does',
  })

const concurrency = z
  .strictObject({
    max: z.int().min(0).max(1e6).default(0).describe('Requests under way at once; 0: no limit'),
    adaptive: z.boolean().default(false).describe('Finds the limit by itself, from min to max, by latency'),
    min: z.int().min(1).max(1e6).default(10).describe('Adaptive: never fewer than this'),
  })
  .refine(({ max, min, adaptive }) => !adaptive || max === 0 || min <= max, {
    path: ['min'],
    error: 'concurrency.min is above concurrency.max',
  })

const upstreamTls = z.strictObject({
  ca: z.string().default('').describe(`Who signed the upstreams' certificates, when no public authority did: ${FILE}`),
  cert: z.string().default('').describe(`Our certificate, where upstreams ask for one: ${FILE}`),
  key: z.string().default('').describe(`Its private key: ${FILE}`),
  serverName: z.string().default('').describe('The name asked for and verified; that of the URL unless given'),
  verify: z.boolean().default(true).describe('false: any certificate will do; for development only'),
})

/** Goes into each service. */
export const serviceShield = {
  rateLimit: z.array(rateRule).max(16, 'at most 16 rules for one service').default([]),
  concurrency: concurrency.prefault({}),
  tls: upstreamTls.prefault({}).describe('TLS to https upstreams'),
}

export const overload = z.strictObject({
  maxMemory: share
    .prefault('92%')
    .describe('Of the heap, or of the memory the process may have: from here on requests get 503; 100%: never'),
  maxRequests: z
    .int()
    .min(0)
    .default(0)
    .describe('Requests under way at once, of all services; 0: as many as the heap has room for'),
})

/** Goes into `telemetry`. */
export const telemetryShield = {
  accessLog: z
    .string()
    .default('')
    .describe('File for one line of JSON per request; "-" is the standard output; empty: none'),
  otlp: z
    .union([z.literal(''), httpUrl])
    .default('')
    .describe('Collector of traces (OTLP/HTTP), such as http://localhost:4318; empty: none'),
  traceShare: share
    .prefault('10%')
    .describe("Requests that begin a trace of their own; a caller's is always continued"),
  serverTiming: z
    .boolean()
    .default(false)
    .describe('Tells clients in Server-Timing where the time went; dev does unless this says false'),
}
