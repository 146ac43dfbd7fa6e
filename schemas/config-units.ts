/** Units and addresses as people write them in the configuration. Once read they are milliseconds, bytes and 0..1. */
import { z } from 'zod'

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const BYTES = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const

const unit = (text: string, factors: Readonly<Record<string, number>>): number => {
  const digits = /^[\d.]+/.exec(text)?.[0] ?? ''
  return Math.round(Number(digits) * (factors[text.slice(digits.length).trim()] ?? Number.NaN))
}

const DURATION = 'a duration such as 500ms, 5s, 10m, 24h or 7d'
export const duration = z
  .string({ error: `expected ${DURATION}` })
  .regex(/^\d+(\.\d+)? ?(ms|s|m|h|d|w)$/, `expected ${DURATION}`)
  .meta({ description: DURATION })
  .transform((text) => unit(text, MS))

const SIZE = 'a size such as 512B, 64KiB or 1GiB'
export const size = z
  .string({ error: `expected ${SIZE}` })
  .regex(/^\d+(\.\d+)? ?(B|KB|MB|GB|KiB|MiB|GiB)$/, `expected ${SIZE}`)
  .meta({ description: SIZE })
  .transform((text) => unit(text, BYTES))

const SHARE = 'a share such as 50% or 0.5'
export const share = z
  .union([z.number().min(0).max(1), z.string().regex(/^(100|\d{1,2})(\.\d+)?%$/, `expected ${SHARE}`)], {
    error: `expected ${SHARE}`,
  })
  .meta({ description: SHARE })
  .transform((value) => (typeof value === 'number' ? value : Number(value.slice(0, -1)) / 100))

export const port = z.int({ error: 'expected a port number from 0 to 65535' }).min(0).max(65_535)

export const URL_TEXT = 'an address such as http://localhost:3000'
export const httpUrl = z
  .string({ error: `expected ${URL_TEXT}` })
  .refine((text) => /^https?:\/\/[^/]/.test(text) && URL.canParse(text), `expected ${URL_TEXT}`)

/** What a setting that names a PEM file says of itself. */
export const FILE = 'path of a PEM file, from the folder in which chaos-proxy starts'
