/** What one process of the ingress found out about an upstream, for the others. */
export interface News {
  readonly kind: 'health' | 'breaker'
  readonly service: string
  /** The upstream's URL; `*`: the service as a whole. */
  readonly subject: string
  readonly to: 'up' | 'down' | 'open' | 'closed'
  readonly reason: string
  /** µs since the epoch. */
  readonly at: number
  /** Its instance. */
  readonly by: string
}
