/** abort: the client's connection is reset, before the answer or in the middle of its body. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Fault } from './fault.ts'

type Abort = Extract<FaultSpec, { kind: 'abort' }>

export const abort =
  ({ after_bytes: bytes }: Abort): Fault =>
  () =>
    bytes === undefined
      ? { effect: { kind: 'reset' }, mark: 'abort' }
      : { effect: { kind: 'distort', distortion: { kind: 'abort', bytes } }, mark: `abort;bytes=${bytes}` }
