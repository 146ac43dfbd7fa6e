/** What learning one exchange has at hand. */
import type { Emit, Observation } from '../kit/processor.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import type { Memory } from './memory.ts'

export interface Lesson {
  readonly o: Observation
  readonly asked: Asked
  readonly memory: Memory
  readonly emit: Emit
}

export const isGood = (status: number): boolean => status >= 200 && status < 300
export const isGone = (status: number): boolean => status === 404 || status === 410
