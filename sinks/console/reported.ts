/** Upstreams as one ingress lists them in its heartbeats. */

/** What one ingress says of an upstream (ingress/options.ts, `UpstreamStatus`). */
export interface Reported {
  readonly url: string
  readonly health: string
  readonly breaker: string
  readonly latency: number
  readonly weight: number
  readonly drained: boolean
  readonly ejected: boolean
  readonly inFlight: number
  readonly ewma: number
  readonly checkedAt: number
  /** Time of the last order to check that was carried out, µs. */
  readonly obeyed: number
  readonly checked: string
}

/** undefined for what is none. */
export const readJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const reportedOf = (text: string | undefined): readonly Reported[] => {
  const list = readJson(text)
  return Array.isArray(list)
    ? list.filter((one): one is Reported => isRecord(one) && typeof one['url'] === 'string')
    : []
}
