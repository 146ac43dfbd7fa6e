/** What became of a try and of an exchange, as balancers and breakers want to know it. */
import type { Outcome } from '../balance/breaker.ts'
import type { Context, Why } from './context.ts'
import { outcomeOf } from './forward.ts'

/** µs that a failure counts at least: one that fails at once must not look fast. */
const FAILED = 1_000_000
/** Bytes: a longer body was still on its way from the client, so the time says nothing about the upstream. */
const COLLECTED = 64 * 1024

/** µs that a try took until its first byte, 0 when that says nothing. */
export const triedMicros = ({ handedAt, firstByteAt, head }: Context, outcome: Outcome, nowUs: number): number => {
  if (outcome === 'neutral') return 0
  if (outcome === 'bad') return Math.max(FAILED, handedAt === 0 ? 0 : nowUs - handedAt)
  const streamed = head.chunked || head.contentLength > COLLECTED
  return handedAt === 0 || streamed ? 0 : Math.max(1, (firstByteAt === 0 ? nowUs : firstByteAt) - handedAt)
}

const FAILURES: ReadonlySet<Why> = new Set<Why>([
  'connect-failed',
  'timeout',
  'reset',
  'protocol-error',
  'status-500',
  'status-502',
  'status-503',
  'status-504',
])

/** What its clients got of the upstreams, after all tries; `slowCall` in ms, 0: nothing is slow. */
export const outcomeOfExchange = (context: Context, slowCall: number): Outcome => {
  const { answeredBy, why, status, chosenAt, firstByteAt } = context
  if (why === 'slow') return 'slow'
  if (FAILURES.has(why)) return 'bad'
  if (answeredBy !== 'upstream' || status === 0) return 'neutral'
  const outcome = outcomeOf(status)
  return outcome === 'good' && slowCall > 0 && firstByteAt - chosenAt > slowCall * 1000 ? 'slow' : outcome
}
