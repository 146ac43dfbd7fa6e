/**
 * The configuration: what `chaos-proxy.yaml`, the environment and the flags may say, what each thing means, and what it is
 * when nobody says it. Here is the shape only; deploy/config reads the sources and remembers where each value came from.
 *
 * In files durations, sizes and shares have units (`5s`, `64KiB`, `50%`); once read they are milliseconds, bytes and 0..1.
 */
import { z } from 'zod'
import { alerts } from './config-alerts.ts'
import { balance, breaker, health, retry, upstream } from './config-balance.ts'
import { listenLimits, off } from './config-listen.ts'
import { listenShield, overload, serviceShield, telemetryShield } from './config-shield.ts'
import { duration, FILE, port, share, size, URL_TEXT } from './config-units.ts'

const ghost = z.strictObject({
  mode: z
    .enum(['off', 'failover', 'mock'])
    .default('failover')
    .describe('off: never; failover: when no upstream can answer; mock: always'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, 'expected a method such as GET'))
    .default(['GET', 'HEAD', 'OPTIONS'])
    .describe('What ghosts answer; without OPTIONS browsers ask for nothing from other origins'),
  writes: z
    .enum(['reject', 'simulate', 'queue'])
    .default('reject')
    .describe(
      'Writes that no upstream can take. reject: 503; simulate: a ghost answers, and shows its sender what they wrote; queue: 202, and it is replayed once the backend is back',
    ),
  control: z
    .enum(['auto', 'off', 'loopback', 'on'])
    .default('auto')
    .describe(
      "Whose x-ghost-control is obeyed: off: nobody's; loopback: clients' on this machine; auto: loopback in dev, else off",
    ),
  latency: z
    .enum(['learned', 'none'])
    .default('learned')
    .describe('How long mock mode takes. learned: as long as the backend did; none: no longer than it must'),
  keepFor: duration.prefault('24h').describe('How long a write that was accepted can be replayed'),
  trustKeys: z
    .boolean()
    .default(false)
    .describe(
      'The backend honours Idempotency-Key: a replay of which nobody knows whether it was carried out is sent again',
    ),
  minConfidence: share.prefault(0.6).describe('Below this measured fidelity the answer is an honest 503'),
  maxAge: duration.prefault('24h').describe('Older knowledge than this is not shown'),
  patience: duration
    .prefault('1s')
    .describe('A read waits at least this long, and four times as long as usual, then a ghost answers; 0s: never'),
  stay: duration
    .prefault('3s')
    .describe('While the backend comes and goes, a client that a ghost answered stays with ghosts for so long'),
  model: z
    .boolean()
    .default(true)
    .describe('A response model says how sure an answer is, where one is published; false: the learned tables alone'),
  minReadiness: share
    .prefault(0)
    .describe('Off for an endpoint until its ghost could have answered this share of its last requests'),
})

const service = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'expected letters, digits, ".", "_" or "-", at most 63')
    .describe('Its name, as in the endpoint id "shop GET /users/{id}"'),
  match: z
    .string()
    .regex(/^\/[^*]*\*?$/, 'expected a path prefix such as /* or /api/*')
    .default('/*')
    .describe('The paths that belong to it'),
  upstreams: z.array(upstream).min(1, 'needs at least one upstream'),
  host: z
    .enum(['auto', 'keep', 'upstream'])
    .default('auto')
    .describe("The Host that upstreams see: the client's, or their own; auto: keep for http, upstream for https"),
  protocol: z
    .enum(['http/1.1', 'h2'])
    .default('http/1.1')
    .describe('What upstreams speak; h2 also without TLS (prior knowledge), as gRPC servers do'),
  balance: balance.prefault({}),
  health: health.prefault({}),
  breaker: breaker.prefault({}),
  retry: retry.prefault({}),
  timeouts: z
    .strictObject({
      connect: duration.prefault('2s'),
      response: duration.prefault('30s').describe('Until the head of the answer, and between two pieces of its body'),
      total: z
        .union([off, duration])
        .prefault('off')
        .describe('From the beginning of a request to the end of its answer (408, 504, or a broken answer)'),
    })
    .prefault({}),
  ghost: ghost.prefault({}),
  ...serviceShield,
  partitionBy: z
    .enum(['service', 'resource'])
    .default('service')
    .describe('service: one order for all of it; resource: by first path segment, for a service too hot for one core'),
})

const capture = z.strictObject({
  bodies: z.enum(['none', 'json', 'all']).default('all').describe('Which bodies are recorded'),
  maxBody: size.prefault('64KiB').describe('Longer bodies pass untouched and are recorded cut'),
  noStore: z
    .enum(['own', 'drop'])
    .default('own')
    .describe(
      'Bodies of answers marked no-store. own: recorded, and shown by ghosts to nobody but who got them (whole frameworks mark every answer so); drop: never recorded, and no ghost has them',
    ),
  redact: z
    .strictObject({
      pii: z.enum(['pseudonymise', 'off']).default('pseudonymise'),
      headers: z.array(z.string()).default([]).describe('More headers that hold secrets'),
      fields: z.array(z.string()).default([]).describe('More body fields and query parameters that hold secrets'),
    })
    .prefault({}),
})

const SSL = 'true, false, or { ca, cert, key } with the names of files'
const sslFiles = z.strictObject({
  ca: z.string().default('').describe(`Who signed the brokers' certificates, when no public authority did: ${FILE}`),
  cert: z.string().default('').describe(`Our certificate, where brokers ask for one: ${FILE}`),
  key: z.string().default('').describe(`Its private key: ${FILE}`),
})
const ssl = z.union([z.boolean(), sslFiles], { error: `expected ${SSL}` })

const login = {
  username: z.string().default('').describe('Empty: no login'),
  password: z.string().default('').describe('Better in the environment than in a file'),
}
const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('plain'),
  ...login,
})

const log = z.strictObject({
  kind: z.enum(['embedded', 'kafka']).default('embedded'),
  dir: z.string().min(1).default('.chaos-proxy').describe('Where profiles, spool and embedded database live'),
  profile: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected a plain name: letters, digits, ".", "_" or "-"')
    .default('default')
    .describe('A name for one body of knowledge'),
  retention: duration.prefault('7d').describe('How long exchanges stay; what was learned stays longer'),
  brokers: z.array(z.string().regex(/^[^:/\s]+:\d+$/, 'expected host:port')).default([]),
  registry: z
    .string()
    .default('')
    .refine((text) => text === '' || (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)), `expected ${URL_TEXT}`)
    .describe('URL of a Confluent-compatible schema registry; empty: schemas stand on the log'),
  registryAuth: z.strictObject(login).prefault({}).describe('Its basic auth; may also stand in the URL'),
  ssl: ssl.default(false).describe('TLS to the brokers; with files where their certificates or ours need them'),
  sasl: sasl.prefault({}).describe('Login at the brokers'),
  producer: z.enum(['auto', 'rdkafka', 'kafkajs']).default('auto').describe('auto: node-rdkafka when it is installed'),
  partitions: z.int().min(1).max(1024).default(1).describe('Partitions of the exchanges topic'),
  spool: size.prefault('256MiB').describe('The most the ingress keeps on disk while the log is away'),
  queue: size.prefault('64MiB').describe('The most it keeps of writes that wait for their backend'),
})

/** The whole file. Input is what people write, output what the program reads. */
const workers = z.int().min(1).max(64).default(1).describe('Processes of the ingress that share the port')

export const configSchema = z.strictObject({
  version: z.literal(1, { error: 'expected 1, the only version there is' }).default(1),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(8080),
      workers,
      ...listenLimits,
      ...listenShield,
    })
    .prefault({}),
  admin: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: port.default(8000),
      token: z.string().default('').describe('Asked of every caller of the admin API; a must off loopback'),
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe('Host names under which the console is reached, besides its own'),
    })
    .prefault({}),
  services: z.array(service).default([]),
  overload: overload.prefault({}),
  capture: capture.prefault({}),
  log: log.prefault({}),
  alerts: alerts.prefault({}),
  database: z
    .strictObject({ url: z.string().default('').describe('A Postgres URL; empty: the embedded database') })
    .prefault({}),
  telemetry: z
    .strictObject({
      logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      ...telemetryShield,
    })
    .prefault({}),
})

export type Config = z.output<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
export type ServiceConfig = Config['services'][number]

/** JSON Schema 2020-12 of the file, for editors and for `config schema`. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(configSchema, { io: 'input', reused: 'inline' }),
  title: 'chaos-proxy.yaml',
})

/** Everything as it is when nobody says anything. */
export const defaultConfig = (): Config => configSchema.parse({})
