/** Attributes paths to endpoints, as learned so far: follows the `endpoints` topic into one matcher per service. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Endpoint } from '../../schemas/events.ts'
import type { EventLog } from '../../schemas/log.ts'
import { openTemplates, type TemplateMatcher } from '../../schemas/semantics/templates.ts'
import { topicName } from '../../schemas/topics.ts'

export interface Locator {
  /** The id of the endpoint, undefined where none is known (yet). */
  find(service: string, method: string, path: string, operation?: () => string | undefined): string | undefined
  close(): Promise<void>
}

const decode = (codecs: Codecs, bytes: Uint8Array | undefined): Endpoint | undefined => {
  try {
    return bytes && codecs.decode('endpoints', bytes)
  } catch {
    return undefined
  }
}

/** Resolves once everything that is on the topic now is known. */
export const followEndpoints = async (log: EventLog, codecs: Codecs): Promise<Locator> => {
  const view = await log.view(topicName('endpoints'))
  const services = new Map<string, TemplateMatcher<Endpoint>>()
  const known = new Map<string, Endpoint>()
  const matcherOf = (service: string): TemplateMatcher<Endpoint> => {
    const matcher = services.get(service) ?? openTemplates<Endpoint>()
    services.set(service, matcher)
    return matcher
  }
  const unsubscribe = view.subscribe((key, bytes) => {
    const before = known.get(key)
    if (before !== undefined) matcherOf(before.service).delete(before)
    known.delete(key)
    const endpoint = decode(codecs, bytes)
    if (endpoint === undefined || endpoint.mergedInto !== '') return
    known.set(key, endpoint)
    matcherOf(endpoint.service).set(endpoint)
  })
  return {
    find: (service, method, path, operation) => services.get(service)?.match(method, path, operation)?.endpoint.id,
    close: async () => {
      unsubscribe()
      await view.close()
    },
  }
}
