/** corruption: a field of a JSON answer gets another value, or goes. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Fault } from './fault.ts'

type Corruption = Extract<FaultSpec, { kind: 'corruption' }>

export const corruption =
  ({ field, how }: Corruption): Fault =>
  () => ({
    effect: { kind: 'distort', distortion: { kind: 'corrupt', field, how } },
    mark: `corruption;how=${how}`,
  })
