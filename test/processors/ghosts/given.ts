/** given(exchanges).ask(request): what the book, fed by the processor's parts, would say. */
import type {
  AcceptedAnswer,
  GhostAnswer,
  GhostExplanation,
  GhostRequest,
  GhostVerdict,
} from '../../../schemas/semantics/ghost-port.ts'
import { openGhostBook } from '../../../schemas/semantics/ghosts/book.ts'
import { openOffline } from './offline.ts'
import type { Offline, Told } from './offline.ts'

export const START = 1_700_000_000_000_000

export interface Given {
  readonly offline: Offline
  ask(request: Partial<GhostRequest> & { readonly target: string }): GhostVerdict
  explain(request: Partial<GhostRequest> & { readonly target: string }): GhostExplanation
  accept(request: Partial<GhostRequest> & { readonly target: string }, answer: AcceptedAnswer): void
}

export const textOf = (verdict: GhostVerdict): string =>
  verdict.kind === 'answer' ? Buffer.from(verdict.body).toString() : ''

/** The answer of a verdict; fails with the refusal's reason. */
export const answerOf = (verdict: GhostVerdict): GhostAnswer => {
  if (verdict.kind === 'refuse') throw new Error(`refused: ${verdict.reason}: ${verdict.detail}`)
  return verdict
}

export const jsonOf = (verdict: GhostVerdict): unknown => JSON.parse(textOf({ ...answerOf(verdict) }))

/** Exchanges are a second apart unless they say otherwise. */
export const given = (exchanges: readonly (Omit<Told, 'at'> & { readonly at?: number })[]): Given => {
  const book = openGhostBook()
  const offline = openOffline((key, part) => book.apply(key, part ?? undefined))
  exchanges.forEach((told, i) => offline.feed({ at: START + i * 1_000_000, ...told }))
  offline.advance(START + 3_600_000_000)
  const full = (request: Partial<GhostRequest> & { readonly target: string }): GhostRequest => ({
    service: 'shop',
    method: 'GET',
    headers: [],
    body: undefined,
    principal: '',
    at: START + 3_600_000_000,
    ...request,
  })
  return {
    offline,
    ask: (request) => book.answer(full(request)),
    explain: (request) => book.explain(full(request)),
    accept: (request, answer) => book.accept(full(request), answer),
  }
}
