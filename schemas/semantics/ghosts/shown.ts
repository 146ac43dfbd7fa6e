/** An explanation as people read it: what would be answered, or why nothing is, and where each part came from. */
import type { GhostAnswer, GhostExplanation } from '../ghost-port.ts'
import { fromUtf8, toLatin1 } from './text.ts'

const readable = (bytes: Uint8Array): unknown => {
  const text = fromUtf8(bytes) ?? toLatin1(bytes)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const shownAnswer = ({ status, ghost, headers }: GhostAnswer, body: Uint8Array) => ({
  status,
  ghost,
  headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
  body: readable(body),
})

/** Why an answer is not given though there may be one. */
export interface Unanswered {
  readonly reason: string
  readonly detail: string
}

/** `body`: the answer's, as its reader may see it. */
export const shownExplanation = (said: GhostExplanation, miss: Unanswered | undefined, body?: Uint8Array) => {
  const { verdict, rule, confidence, why, closest, leaves } = said
  return {
    endpoint: verdict.endpoint,
    answered: miss === undefined,
    refused: miss === undefined ? null : { reason: miss.reason, detail: miss.detail },
    rule,
    confidence,
    why,
    closest: closest ?? null,
    answer: verdict.kind === 'answer' ? shownAnswer(verdict, body ?? verdict.body) : null,
    leaves,
  }
}
