/**
 * What response models are trained on: each scored answer, as evidence and outcome. Those of young endpoints, the doubtful
 * and the wrong ones always; of the right ones that were to be expected one in `DRAWN`, chosen by the event's id, which
 * then stands for as many. So the samples are few, and the rates among them are still those of the traffic.
 */
import { hash32 } from '../kit/hash.ts'
import type { Emit, Observation } from '../kit/processor.ts'
import type { Ruled } from '../../schemas/semantics/ghosts/place.ts'
import { EVIDENCE_VERSION } from '../../schemas/semantics/model/evidence.ts'

const DRAWN = 4
/** Right and expected: as sure before as it was right after. */
const RIGHT = 0.95
const SURE = 0.9

export interface Scored {
  readonly ruled: Ruled
  readonly fidelity: number
  readonly isYoung: boolean
}

/** Puts one scored answer on `samples`, when it is drawn. */
export const putSample = (o: Observation, { ruled, fidelity, isYoung }: Scored, emit: Emit): void => {
  const { rule, verdict, evidence } = ruled
  if (verdict.kind !== 'answer' || evidence === undefined) return
  const isExpected = !isYoung && fidelity >= RIGHT && verdict.confidence >= SURE
  if (isExpected && hash32(o.event.id, 1) % DRAWN !== 0) return
  emit('samples', o.event.service, {
    service: o.event.service,
    endpoint: verdict.endpoint,
    at: o.at,
    version: EVIDENCE_VERSION,
    evidence: evidence(),
    rule,
    told: verdict.status,
    truth: o.exchange.status,
    fidelity,
    believed: verdict.confidence,
    weight: isExpected ? DRAWN : 1,
  })
}
