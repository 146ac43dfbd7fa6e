/** What a request on the log asks for beyond its path. */
import type { Exchange } from '../../schemas/events.ts'
import { graphqlOperation } from '../../schemas/semantics/graphql.ts'

/** The GraphQL operation of its body; of a GET, of its query. Undefined when it is none. */
export const graphqlAsked = ({ target, requestBody }: Pick<Exchange, 'target' | 'requestBody'>): string | undefined => {
  try {
    if (requestBody.bytes.length > 0) return graphqlOperation(JSON.parse(new TextDecoder().decode(requestBody.bytes)))
    const question = target.indexOf('?')
    return question < 0 ? undefined : graphqlOperation(Object.fromEntries(new URLSearchParams(target.slice(question))))
  } catch {
    return undefined
  }
}
