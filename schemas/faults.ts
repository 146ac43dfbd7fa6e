/**
 * Faults on purpose, as they are ordered: the value of a `control` record under `fault/<id>`. Whoever orders one checks it
 * here, and so does the ingress before it obeys. Names are snake_case, as in the admin API.
 */
import { z } from 'zod'

/** A fault ends by itself; nobody may order one for longer. */
export const LONGEST_FAULT_MS = 24 * 3_600_000
const LONGEST_DELAY_MS = 300_000

const ms = z.number().min(0).max(LONGEST_DELAY_MS)
const bytes = z.int().min(0).max(1e9)

const latency = z.strictObject({
  kind: z.literal('latency'),
  ms: ms.describe('fixed: so long; normal: the mean; heavy: half of the requests wait longer'),
  distribution: z.enum(['fixed', 'normal', 'heavy']).default('fixed'),
  spread: ms.default(0).describe('normal: standard deviation, ms'),
  tail: z
    .number()
    .min(1.05)
    .max(10)
    .default(1.5)
    .describe('heavy: the exponent of the Pareto tail; smaller is heavier'),
  max: ms.default(60_000).describe('No delay is longer'),
})
const failure = z.strictObject({
  kind: z.literal('failure'),
  status: z.int().min(400).max(599).default(503),
  retry_after: z.int().min(0).max(86_400).optional().describe('Seconds'),
})
const abort = z.strictObject({
  kind: z.literal('abort'),
  after_bytes: bytes.optional().describe('Of the body; without it the connection is reset before the answer'),
})
const slowBody = z.strictObject({ kind: z.literal('slow_body'), bytes_per_second: z.int().min(1).max(1e9) })
const truncation = z.strictObject({
  kind: z.literal('truncation'),
  bytes: bytes.describe('So many pass'),
  end: z
    .enum(['broken', 'clean'])
    .default('broken')
    .describe('broken: the message ends too early; clean: as if that were all'),
})
const corruption = z.strictObject({
  kind: z.literal('corruption'),
  field: z.string().min(1).max(500).describe('JSON pointer such as /items/0/price, or a name wherever it stands'),
  how: z.enum(['null', 'type', 'drop', 'garbage']).default('type'),
})

const outage = z.strictObject({ kind: z.literal('outage') })

export const faultSchema = z.discriminatedUnion('kind', [
  latency,
  failure,
  outage,
  abort,
  slowBody,
  truncation,
  corruption,
])

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
export const faultMatchSchema = z.strictObject({
  service: z.string().min(1).max(200).default('*').describe('Its name; * means all'),
  endpoint: z
    .string()
    .max(500)
    .regex(/^([A-Z]+ )?\//, 'expected a template such as /users/{id} or "GET /users/{id}"')
    .optional()
    .describe('A template, with or without its method; /api/* means all below'),
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'expected a method such as GET')
    .optional(),
  header: z
    .strictObject({ name: z.string().regex(token, 'expected the name of a header'), value: z.string().optional() })
    .optional()
    .describe('Only requests with this header; with this value, if one is given'),
  principal: z.string().min(1).max(200).optional().describe('Pseudonym of a credential, as on the log (cp_…)'),
  percent: z.number().gt(0).max(100).default(100).describe('Of the requests that match'),
})

/** `fault/<id>` on `control`. */
export const faultRuleSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, ".", "_" or "-", at most 64'),
  match: faultMatchSchema,
  fault: faultSchema,
  seed: z.int().min(0).max(0xffff_ffff).describe('The same seed hits the same requests, counted as they match'),
  until: z.int().min(0).describe('µs since the epoch: the fault ends then, whatever became of who ordered it'),
  alarm: z
    .boolean()
    .optional()
    .describe('Anomalies are told of what it does, as if the backend did it: to try out who is alarmed'),
})

export type FaultSpec = z.output<typeof faultSchema>
export type FaultMatch = z.output<typeof faultMatchSchema>
export type FaultRule = z.output<typeof faultRuleSchema>
