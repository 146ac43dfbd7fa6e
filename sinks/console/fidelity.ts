/** How right ghosts were when they were asked in secret beside the upstream, by endpoint: from what is published for them. */
import type { Ghost } from '../../schemas/events.ts'
import { keyOf, type EndpointModel } from '../../schemas/semantics/ghosts/model.ts'
import { decodePart } from '../../schemas/semantics/ghosts/parts.ts'
import { endpointFidelity } from '../../schemas/semantics/ghosts/scores.ts'
import { rememberedOf } from '../../schemas/semantics/remembered.ts'
import type { Knowledge } from './knowledge.ts'

export interface Fidelity {
  /** Null where nothing was compared. */
  readonly fidelity: number | null
  readonly fidelity_count: number
}

/** What ghosts know of an endpoint; undefined if this says something else. Each is read once, however often it is asked for. */
export const modelIn = rememberedOf((ghost: Ghost): EndpointModel | undefined => {
  const part = ghost.kind === 'endpoint' ? decodePart(ghost) : undefined
  return part?.kind === 'endpoint' ? part.value : undefined
})

const NEVER: Fidelity = { fidelity: null, fidelity_count: 0 }

export const fidelityOf = ({ ghosts }: Pick<Knowledge, 'ghosts'>, endpoint: string): Fidelity => {
  const ghost = ghosts.get(keyOf('endpoint', endpoint))
  const model = ghost && modelIn(ghost)
  if (model === undefined) return NEVER
  const { fidelity, weight } = endpointFidelity(model)
  return fidelity < 0 ? NEVER : { fidelity, fidelity_count: Math.round(weight) }
}

/** Over several, weighted by how often each was compared. */
export const meanFidelity = (all: readonly Fidelity[]): Fidelity => {
  const count = all.reduce((sum, one) => sum + one.fidelity_count, 0)
  if (count === 0) return NEVER
  return {
    fidelity: all.reduce((sum, one) => sum + (one.fidelity ?? 0) * one.fidelity_count, 0) / count,
    fidelity_count: count,
  }
}
