/** truncation: the answer's body ends too early. */
import type { FaultSpec } from '../../schemas/faults.ts'
import type { Fault } from './fault.ts'

type Truncation = Extract<FaultSpec, { kind: 'truncation' }>

export const truncation =
  ({ bytes, end }: Truncation): Fault =>
  () => ({
    effect: { kind: 'distort', distortion: { kind: 'truncate', bytes, end } },
    mark: `truncation;bytes=${bytes};end=${end}`,
  })
