/** UUIDv7 (RFC 9562 section 5.7) and trace ids, from a pool of random bytes: one system call for hundreds of them. */
import { randomFillSync } from 'node:crypto'

const bytes = Buffer.allocUnsafe(8192)
let pool = ''
let at = 0

const random = (digits: number): string => {
  if (at + digits > pool.length) {
    pool = randomFillSync(bytes).toString('hex')
    at = 0
  }
  return pool.slice(at, (at += digits))
}

let lastMs = -1
let lastTime = ''
/** The first 48 bits, which many ids share. */
const timeOf = (ms: number): string => {
  const whole = Math.floor(ms)
  if (whole === lastMs) return lastTime
  const time = whole.toString(16).padStart(12, '0')
  lastMs = whole
  return (lastTime = `${time.slice(0, 8)}-${time.slice(8)}-7`)
}

/** Rises with the millisecond; ids of one millisecond are not ordered. */
export const uuid7 = (ms: number): string => {
  const r = random(19)
  const variant = '89ab'[Number.parseInt(r[3] as string, 16) & 3] as string
  return `${timeOf(ms)}${r.slice(0, 3)}-${variant}${r.slice(4, 7)}-${r.slice(7)}`
}

const nonZero = (hex: string): string => (hex.startsWith('0') && /^0+$/.test(hex) ? hex.slice(1) + '1' : hex)
export const newSpan = (): string => nonZero(random(16))
export const newTrace = (): string => nonZero(random(32))
