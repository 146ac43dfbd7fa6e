/** The clocks: the only place where the ingress asks what time it is. */
const ORIGIN = performance.timeOrigin

/** µs of a monotonic clock. */
export const monotonic = (): number => performance.now() * 1000

/** Event time: µs since the epoch, stepped by the machine's clock but never by less than a monotonic µs within one process. */
let drift = 0
export const wall = (): number => {
  const steady = ORIGIN + performance.now()
  const now = Date.now()
  if (Math.abs(now - steady - drift) > 50) drift = now - steady
  return Math.floor((steady + drift) * 1000)
}

let second = 0
let date = ''
/** Now, as Date fields say it (RFC 9110 section 5.6.7). */
export const httpDate = (): string => {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) date = new Date(now * 1000).toUTCString()
  second = now
  return date
}
