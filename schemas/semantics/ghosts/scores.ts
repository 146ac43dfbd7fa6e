/** What the shadow scores of an endpoint come to. */
import type { EndpointModel } from './model.ts'

/** Fidelity of the endpoint over all rules, and how many answers stand behind it; -1 when none do. */
export const endpointFidelity = (model: EndpointModel): { readonly fidelity: number; readonly weight: number } => {
  let sum = 0
  let weight = 0
  for (const score of Object.values(model.scores)) {
    sum += score.sum
    weight += score.weight
  }
  return { fidelity: weight === 0 ? -1 : sum / weight, weight }
}
