/**
 * What endpoints were, learned again from the log after one turned out to be several. What changed in that time is expected
 * by now: nobody is told.
 */
import type { Observation, Relearning, Store } from '../kit/processor.ts'
import { emptyService, type Service } from './codec.ts'
import { dismiss, type Case } from './court.ts'
import { emptyEndpoint, learn, type Endpoint } from './endpoint.ts'
import { knownOf, lessonOf, sightingOf } from './facts.ts'
import { isFieldKind, placeAt } from './place.ts'
import { settle } from './settle.ts'

interface Kept {
  readonly endpoints: Store<Endpoint>
  readonly services: Store<Service>
  readonly visits: { count: number }
}

const relearnOne = ({ endpoints, services, visits }: Kept, o: Observation): void => {
  if (o.endpoint === undefined || !o.teaches) return
  const { id, service: name } = o.endpoint
  const service = services.get(name) ?? emptyService()
  const endpoint = endpoints.get(id) ?? emptyEndpoint(service.n)
  const suspect = (one: Case): void => {
    const root = isFieldKind(one.kind) ? endpoint.roots.get(one.status) : undefined
    settle(endpoint, root && placeAt(root, one.pointer), one)
  }
  const now = sightingOf(o, ++service.n)
  learn(endpoint, lessonOf(o, id, now, { known: knownOf(service), suspect, forget: () => undefined }), visits)
  endpoints.set(id, endpoint)
  services.set(name, service)
}

/** An endpoint of which something is told already keeps what it knows: people follow it. */
export const relearn = (kept: Kept, { endpoints, past }: Relearning): void => {
  const anew = new Set(endpoints.filter((id) => (kept.endpoints.get(id)?.signals.length ?? 0) === 0))
  for (const id of anew) {
    kept.endpoints.delete(id)
    const name = id.slice(0, id.indexOf(' '))
    const service = kept.services.get(name)
    if (service === undefined) continue
    dismiss(service.court, id)
    kept.services.set(name, service)
  }
  for (const o of past) if (anew.has(o.endpoint?.id ?? '')) relearnOne(kept, o)
}
