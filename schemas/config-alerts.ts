/** What the configuration says of alerts: who is told. */
import { z } from 'zod'
import { LEVELS } from './webhooks.ts'
import { URL_TEXT } from './config-units.ts'

const webhook = z.strictObject({
  url: z
    .string()
    .refine((text) => /^https?:\/\/[^/]/.test(text) && URL.canParse(text), `expected ${URL_TEXT}`)
    .describe('Told of drift and incidents by POST, until it answers 2xx'),
  secret: z
    .string()
    .default('')
    .describe('Signs each message (HMAC-SHA256, as Standard Webhooks asks); better in the environment than in a file'),
  about: z
    .array(z.enum(['drift', 'incidents']))
    .min(1)
    .default(['drift', 'incidents'])
    .describe('What it is told of'),
  minSeverity: z.enum(LEVELS).default('warning').describe('Of what is less it hears nothing'),
  services: z.array(z.string()).default([]).describe('Only of these; empty: of all'),
})

export const alerts = z.strictObject({
  faults: z
    .boolean()
    .default(false)
    .describe('Anomalies are told of faults that were ordered, too; one order may say otherwise (chaos add --alarm)'),
  webhooks: z.array(webhook).default([]),
})
