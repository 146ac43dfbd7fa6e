/** failure: a status in the upstream's place; the upstream is not asked. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Fault } from './fault.ts'

type Failure = Extract<FaultSpec, { kind: 'failure' }>

export const failure =
  ({ status, retry_after: retryAfter }: Failure): Fault =>
  () => ({ effect: { kind: 'answer', status, retryAfter }, mark: `failure;status=${status}` })
