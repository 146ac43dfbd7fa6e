/**
 * What a service consents to have answered by ghosts: which methods, which requests never, how sure, how old. Asked when a
 * ghost is wanted, and by whoever reckons what ghosts would have answered.
 */
import type { GhostAnswer, GhostRefusal, GhostVerdict } from '../../schemas/semantics/ghost-port.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'
import type { GhostOptions } from '../options.ts'
import type { Context, FieldLines } from './context.ts'

/** Why there is no ghost, to be told to the client and to the operator. */
export interface Miss {
  readonly reason: GhostRefusal['reason'] | 'health-check' | 'not-ready'
  readonly detail: string
}

export type Consent = Pick<GhostOptions, 'methods' | 'writes' | 'minConfidence' | 'maxAge'>

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** RFC 9110 section 9.2.1, as far as ghosts are asked for it. */
export const isSafe = (method: string): boolean => SAFE.has(method)

/** Whether it may change something. */
export const isWriting = ({ arrival, reads }: Pick<Context, 'arrival' | 'reads'>): boolean =>
  !isSafe(arrival.method) && !reads

/** Whether a ghost may say that a write was done. */
export const mayWrite = ({ writes }: Consent, method: string): boolean => writes === 'simulate' && !isSafe(method)

export const forbidden = (consent: Consent, method: string): Miss | undefined =>
  mayWrite(consent, method) || consent.methods.includes(method)
    ? undefined
    : { reason: 'write', detail: `Ghosts do not answer ${method}: nothing was done, nothing was kept.` }

/** Names under which servers tell how they are (Kubernetes, Spring, Go, Rails), as a whole path or behind a prefix. */
const HEALTH =
  /(?:^|\/)(?:health|healthz|healthcheck|health-check|livez|readyz|liveness|readiness|alive|ready|heartbeat|metrics|actuator\/[a-z]+|__heartbeat__|_health)\/?$/i
/** Who asks only to hear how the server is. */
const PROBER =
  /^(?:kube-probe|ELB-HealthChecker|GoogleHC|GoogleStackdriverMonitoring|Amazon-Route53-Health|Prometheus|Blackbox[ -]Exporter|Consul Health|Envoy\/HC|UptimeRobot|Pingdom|StatusCake|chaos-proxy-health)/i

const isProber = remembered((agent) => PROBER.test(agent))

const AGENT = 'user-agent'

const agentOf = (fields: FieldLines): string => {
  for (let i = 0; i < fields.length; i += 2)
    if ((fields[i] as string).length === AGENT.length && (fields[i] as string).toLowerCase() === AGENT)
      return fields[i + 1] as string
  return ''
}

/** Whoever asks how the backend is must hear of the outage: `health` is the path of the service's own checks. */
export const isHealthCheck = (path: string, fields: FieldLines, health: string): boolean =>
  path === health || HEALTH.test(path) || isProber(agentOf(fields))

export const HEALTH_CHECK: Miss = {
  reason: 'health-check',
  detail: 'It asks how the backend is: ghosts never answer that.',
}

/** Why this answer is not given, undefined: it is. `now` in µs. */
export const missOf = (consent: Consent, verdict: GhostVerdict, now: number): Miss | undefined => {
  if (verdict.kind === 'refuse') return verdict
  return unsure(consent, verdict) ?? outdated(consent, verdict, now)
}

const unsure = ({ minConfidence }: Consent, { endpoint, confidence }: GhostAnswer): Miss | undefined =>
  confidence >= minConfidence
    ? undefined
    : {
        reason: 'low-confidence',
        detail: `The ghost of ${endpoint} is right with probability ${confidence.toFixed(2)}; at least ${minConfidence} is wanted.`,
      }

const outdated = ({ maxAge }: Consent, { endpoint, learnedAt }: GhostAnswer, now: number): Miss | undefined =>
  now - learnedAt <= maxAge * 1000
    ? undefined
    : { reason: 'nothing-learned', detail: `What was learned of ${endpoint} is older than ${maxAge} ms.` }
