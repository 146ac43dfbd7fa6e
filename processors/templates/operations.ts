/** GraphQL: one path, many operations, each an endpoint of its own. */
import { graphqlOperation } from '../../schemas/semantics/graphql.ts'
import type { Observation } from '../kit/processor.ts'

const valueOf = (query: Observation['query'], name: string): string | undefined =>
  query.find(([known]) => known === name)?.[1]

/** The operation that a request asks for; undefined when it is no GraphQL. */
export const operationOf = ({ exchange, requestJson, query }: Observation): string | undefined => {
  if (requestJson !== undefined) return graphqlOperation(requestJson)
  const text = exchange.method === 'GET' ? valueOf(query, 'query') : undefined
  if (text === undefined || !text.includes('{')) return undefined
  return graphqlOperation({ query: text, operationName: valueOf(query, 'operationName') })
}

/** A server that knows no such operation answers 200 all the same, with errors and without data. */
export const isAnswered = ({ responseJson }: Observation): boolean => {
  if (typeof responseJson !== 'object' || responseJson === null || !('data' in responseJson)) return false
  const { data } = responseJson as { readonly data: unknown }
  return typeof data === 'object' && data !== null
}
