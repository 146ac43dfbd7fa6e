/**
 * Around decide: requests that only ask though their method may change things. A GraphQL query is a POST; that it is one
 * stands in its body, which therefore has to be there before it is decided whether a ghost may answer.
 */
import type { Context, Reply } from './context.ts'
import type { Decide } from './decide.ts'

export interface QuerySettings {
  /** It may be a query: its body decides. */
  readonly mayAsk: (context: Context) => boolean
  /** Its body, which is there, asks and changes nothing. */
  readonly asks: (context: Context) => boolean
  /** Reads the request's body, if that was not done; `whole` is false where it cannot be kept. */
  readonly gather: (context: Context, done: (whole: boolean) => void) => void
}

/** The same decisions, with queries as reads. */
export const withQueries = <D extends Decide>(decide: D, { mayAsk, asks, gather }: QuerySettings): D => {
  const knowing = (context: Context, made: () => Reply): Reply => {
    if (context.reads || !mayAsk(context)) return made()
    const decided = (send: (reply: Reply) => void) => (whole: boolean) => {
      context.reads = whole && asks(context)
      const reply = made()
      return reply.later === undefined ? send(reply) : reply.later(send)
    }
    return { ...made(), later: (send) => gather(context, decided(send)) }
  }
  return {
    ...decide,
    recover: (context, failure) => knowing(context, () => decide.recover(context, failure)),
    replace: (context, why) => {
      // What was sent was read whole, or is too long for a ghost.
      context.reads ||= mayAsk(context) && asks(context)
      return decide.replace(context, why)
    },
    phase: (context, next) => {
      if (context.service?.mode !== 'mock' || !mayAsk(context)) return decide.phase(context, next)
      gather(context, (whole) => {
        context.reads = whole && asks(context)
        decide.phase(context, next)
      })
    },
  }
}
