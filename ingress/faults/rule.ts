/** An ordered fault: whom it means, how many of them, and until when. */
import type { FaultMatch, FaultRule, FaultSpec } from '../../schemas/faults.ts'
import type { Context, FieldLines } from '../phases/context.ts'
import { fieldOf } from '../phases/fields.ts'
import { pathMatcher } from '../phases/paths.ts'
import { abort } from './abort.ts'
import { corruption } from './corruption.ts'
import { drawOf } from './draw.ts'
import { failure } from './failure.ts'
import type { Fault } from './fault.ts'
import { latency } from './latency.ts'
import { outage } from './outage.ts'
import { slowBody } from './slow-body.ts'
import { truncation } from './truncation.ts'

export interface ActiveFault {
  readonly rule: FaultRule
  readonly fault: Fault
  readonly means: (context: Context) => boolean
  /** Requests that matched so far: the number of the next draw. */
  matched: number
}

/** The pseudonym of the credential that a request carries. */
export type PrincipalOf = (lines: FieldLines) => string

const faultOf = (spec: FaultSpec): Fault => {
  switch (spec.kind) {
    case 'latency':
      return latency(spec)
    case 'failure':
      return failure(spec)
    case 'outage':
      return outage
    case 'abort':
      return abort(spec)
    case 'slow_body':
      return slowBody(spec)
    case 'truncation':
      return truncation(spec)
    case 'corruption':
      return corruption(spec)
  }
}

type Test = (context: Context) => boolean

const endpointTests = (endpoint: string): Test[] => {
  const space = endpoint.indexOf(' ')
  const fits = pathMatcher(endpoint.slice(space + 1))
  const method = endpoint.slice(0, Math.max(0, space))
  return [...(method === '' ? [] : [methodTest(method)]), ({ path }) => fits(path)]
}
const methodTest =
  (method: string): Test =>
  ({ arrival }) =>
    arrival.method === method

const headerTest = ({ name, value }: NonNullable<FaultMatch['header']>): Test => {
  const lower = name.toLowerCase()
  return ({ arrival }) => {
    const found = fieldOf(arrival.rawHeaders, lower)
    return found !== undefined && (value === undefined || found === value)
  }
}

const meansOf = (match: FaultMatch, principalOf: PrincipalOf): Test => {
  const { service, endpoint, method, header, principal } = match
  const tests: Test[] = []
  if (service !== '*') tests.push((context) => context.service?.name === service)
  if (method !== undefined) tests.push(methodTest(method))
  if (endpoint !== undefined) tests.push(...endpointTests(endpoint))
  if (header !== undefined) tests.push(headerTest(header))
  if (principal !== undefined) tests.push(({ arrival }) => principalOf(arrival.rawHeaders) === principal)
  return (context) => tests.every((test) => test(context))
}

export const openFault = (rule: FaultRule, principalOf: PrincipalOf): ActiveFault => ({
  rule,
  fault: faultOf(rule.fault),
  means: meansOf(rule.match, principalOf),
  matched: 0,
})

/** What the fault does to this request, undefined when it is not meant or is spared. */
export const hit = (active: ActiveFault, context: Context): ReturnType<Fault> | undefined => {
  if (!active.means(context)) return undefined
  const { rule } = active
  const draw = drawOf(rule.seed, active.matched++)
  return draw(0) * 100 < rule.match.percent ? active.fault(draw) : undefined
}
