/** What was written and has not gone out, as one looks at it again and again: whether the client takes any of it. */
export interface Outgoing {
  bytes: number
  /** Since when it is just as much, ms. */
  since: number
}

export const openOutgoing = (): Outgoing => ({ bytes: 0, since: 0 })

/** `bytes` wait now; whether nothing of them has moved for `limit` ms. */
export const isStuck = (outgoing: Outgoing, bytes: number, now: number, limit: number): boolean => {
  if (bytes > 0 && bytes === outgoing.bytes) return now - outgoing.since >= limit
  outgoing.bytes = bytes
  outgoing.since = now
  return false
}
