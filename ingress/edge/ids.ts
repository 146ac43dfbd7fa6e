/** UUIDv7 (RFC 9562 section 5.7) and trace ids, from a pool of random bytes: one system call for hundreds of them. */
import { randomFillSync } from 'node:crypto'

const pool = Buffer.allocUnsafe(8192)
let at = pool.length

const random = (bytes: number): string => {
  if (at + bytes > pool.length) {
    randomFillSync(pool)
    at = 0
  }
  const hex = pool.toString('hex', at, at + bytes)
  at += bytes
  return hex
}

/** Rises with the millisecond; ids of one millisecond are not ordered. */
export const uuid7 = (ms: number): string => {
  const time = Math.floor(ms).toString(16).padStart(12, '0')
  const r = random(10)
  const variant = '89ab'[Number.parseInt(r[3] as string, 16) & 3] as string
  return `${time.slice(0, 8)}-${time.slice(8)}-7${r.slice(0, 3)}-${variant}${r.slice(4, 7)}-${r.slice(7, 19)}`
}

const nonZero = (hex: string): string => (/^0+$/.test(hex) ? hex.slice(1) + '1' : hex)
export const newSpan = (): string => nonZero(random(8))
export const newTrace = (): string => nonZero(random(16))
