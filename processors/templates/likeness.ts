/**
 * Do two siblings behave as one? The log Bayes factor of one shared multinomial against one each, both under a Dirichlet
 * prior whose mean is the service's own base rate of each token (what follows, by which method, with which body keys).
 */
export type Tokens = ReadonlyMap<string, number>

/** How firmly the base rates are believed, in observations. */
const CONCENTRATION = 2
/** Repeats of one token in one child are habits of clients, not new evidence. */
const REPEATS = 3

/** Stirling with two correction terms after shifting the argument above 7: relative error below 1e-9. */
export const logGamma = (x: number): number => {
  let shift = 0
  let y = x
  while (y < 7) {
    shift -= Math.log(y)
    y++
  }
  const inverse = 1 / y
  const square = inverse * inverse
  return (
    shift + (y - 0.5) * Math.log(y) - y + 0.9189385332046727 + inverse * (1 / 12 - square * (1 / 360 - square / 1260))
  )
}

export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b)

export interface BaseRates {
  /** Prior mean of a token, > 0. */
  rate(token: string): number
}

/** Each position counts a token once, however many siblings or requests it had. */
export const createBaseRates = (): BaseRates & { count(tokens: Iterable<string>): void } => {
  const counts = new Map<string, number>()
  let sum = 0
  return {
    count: (tokens) => {
      for (const token of tokens) {
        counts.set(token, (counts.get(token) ?? 0) + 1)
        sum++
      }
    },
    rate: (token) => ((counts.get(token) ?? 0) + 0.5) / (sum + 20),
  }
}

/** Log evidence of one child's (or a group's) tokens under its own multinomial. */
export const logEvidence = (tokens: Tokens, base: BaseRates): number => {
  let sum = 0
  let seen = 0
  for (const [token, count] of tokens) {
    const prior = CONCENTRATION * base.rate(token)
    sum += logGamma(prior + count) - logGamma(prior)
    seen += count
  }
  return sum + logGamma(CONCENTRATION) - logGamma(CONCENTRATION + seen)
}

export const capRepeats = (tokens: Tokens): Map<string, number> => {
  const out = new Map<string, number>()
  for (const [token, count] of tokens) out.set(token, Math.min(count, REPEATS))
  return out
}

export const addTokens = (to: Map<string, number>, from: Tokens, sign = 1): void => {
  for (const [token, count] of from) {
    const sum = (to.get(token) ?? 0) + sign * count
    if (sum > 0) to.set(token, sum)
    else to.delete(token)
  }
}

/** Log Bayes factor of all being one, against each its own. */
export const likeness = (children: readonly Tokens[], base: BaseRates): number => {
  const together = new Map<string, number>()
  let apart = 0
  for (const tokens of children) {
    addTokens(together, tokens)
    apart += logEvidence(tokens, base)
  }
  return logEvidence(together, base) - apart
}
