/** slow body: the answer's body trickles at so many bytes per second. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Fault } from './fault.ts'

type SlowBody = Extract<FaultSpec, { kind: 'slow_body' }>

export const slowBody =
  ({ bytes_per_second: rate }: SlowBody): Fault =>
  () => ({ effect: { kind: 'distort', distortion: { kind: 'slow', rate } }, mark: `slow_body;rate=${rate}` })
