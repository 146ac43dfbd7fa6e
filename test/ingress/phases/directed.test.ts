/** What a request says of itself holds until it is answered, however long its body takes to come. */
import { expect, it } from 'vitest'
import type { Next } from '../../../ingress/phases/compose.ts'
import type { Context, Reply, Service } from '../../../ingress/phases/context.ts'
import type { Decide, Staying } from '../../../ingress/phases/decide.ts'
import { withDirections, type DirectedSettings } from '../../../ingress/phases/directed.ts'
import { withQueries } from '../../../ingress/phases/queries.ts'
import { contextOf } from '../kit/context.ts'

const ghost: Reply = { status: 200, headers: [], body: new Uint8Array(0), answeredBy: 'ghost', why: 'mode-mock' }
const decide: Decide & Staying = {
  phase: (context, next) => next(context.service?.mode === 'mock' ? ghost : undefined),
  recover: () => ghost,
  replace: () => undefined,
  keep: () => undefined,
  suspect: () => 'unknown',
}

it('given x-ghost-control: only, a GraphQL query gets a ghost though its body comes later', () => {
  let arrive: () => void = () => undefined
  const gather = (_: Context, done: (whole: boolean) => void): void => void (arrive = () => done(true))
  const asked = withQueries(decide, { mayAsk: () => true, asks: () => true, gather })
  const { phase } = withDirections(asked, { gather } as unknown as DirectedSettings)
  const context = contextOf({ method: 'POST', target: '/graphql' })
  context.service = { name: 'shop', mode: 'failover' } as Service
  context.directions = { off: false, only: true, explain: false, seed: undefined }
  let reply: Reply | undefined
  const next: Next = (given) => void (reply = given)
  phase(context, next)
  arrive()
  expect(reply).toBe(ghost)
})
