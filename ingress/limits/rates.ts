/**
 * The rate limits of one service: every rule that a request falls under is asked, the first that is spent refuses. What
 * is left is said in the fields of draft-ietf-httpapi-ratelimit-headers-10.
 */
import { clientOf } from '../../schemas/semantics/addresses.ts'
import { problem } from '../phases/problem.ts'
import { fieldOf } from '../phases/fields.ts'
import { pathMatcher } from '../phases/paths.ts'
import type { Context, FieldLines, Reply } from '../phases/context.ts'
import type { LimitCount, RateLimitOptions } from '../options-shield.ts'
import { openGcra, type Gcra, type Verdict } from './gcra.ts'

export interface RateSettings {
  /** The pseudonym of the credential that a request carries, '' when it carries none. */
  readonly principalOf: (lines: FieldLines) => string
  /** Any number, another one at each start. */
  readonly seed: number
  /** Told of each request that was let through and counted, for those who count together with us. */
  readonly onCounted?: ((rule: string, key: string) => void) | undefined
}

/** Clients that one rule can tell apart: 0.8 MB. */
const KEYS = 65_536

interface Rule {
  readonly options: RateLimitOptions
  readonly name: string
  readonly gcra: Gcra
  readonly concerns: (context: Context) => boolean
  readonly keyOf: (context: Context) => string
}

const byClient = ({ head }: Context): string => clientOf(head.client)

const keyOf = ({ by, header = '' }: RateLimitOptions, { principalOf }: RateSettings): Rule['keyOf'] => {
  if (by === 'route') return () => ''
  if (by === 'ip') return byClient
  const name = header.toLowerCase()
  const read =
    by === 'principal'
      ? ({ arrival }: Context) => principalOf(arrival.rawHeaders)
      : ({ arrival }: Context) => fieldOf(arrival.rawHeaders, name) ?? ''
  return (context) => {
    const value = read(context)
    // Who does not say who they are is told by where they come from, and cannot be taken for a value.
    return value === '' ? `@${byClient(context)}` : `=${value}`
  }
}

const concerns = ({ match = '/*', methods = [] }: RateLimitOptions): Rule['concerns'] => {
  const fits = pathMatcher(match)
  return ({ path, arrival }) => fits(path) && (methods.length === 0 || methods.includes(arrival.method))
}

const ruleOf = (options: RateLimitOptions, name: string, settings: RateSettings): Rule => {
  const { limit, per, burst = limit } = options
  const gcra = openGcra({ limit, per, burst }, options.by === 'route' ? 1 : KEYS, settings.seed)
  return { options, name, gcra, concerns: concerns(options), keyOf: keyOf(options, settings) }
}

/** Rules of one name cannot be told apart by a client. */
const named = (rules: readonly RateLimitOptions[]): readonly (readonly [RateLimitOptions, string])[] => {
  const seen = new Map<string, number>()
  return rules.map((rule) => {
    const name = rule.name || rule.by
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return [rule, times === 1 ? name : `${name}-${times}`]
  })
}

/** Sums of times are not exact: a thousandth of a millisecond is no second more. */
const wholeSeconds = (ms: number): number => Math.max(0, Math.ceil(ms / 1000 - 1e-6))
const seconds = (ms: number): number => Math.max(1, wholeSeconds(ms))

const policyOf = ({ name, options }: Rule): string => `"${name}";q=${options.limit};w=${seconds(options.per)}`

const WHO: Readonly<Record<RateLimitOptions['by'], string>> = {
  ip: 'your address',
  principal: 'your credential',
  header: 'that value of the header',
  route: 'everybody together',
}

const refusal = (context: Context, rule: Rule, verdict: Verdict): Reply => {
  const { limit, per, by, header = '' } = rule.options
  const again = seconds(verdict.retryAfter)
  const who = by === 'header' ? `each value of ${header}` : WHO[by]
  const reply = problem(context, {
    why: 'rate-limited',
    detail: `More than ${limit} requests in ${per / 1000} s from ${who}: ask again in ${again} s.`,
    retryAfter: again,
    more: { 'violated-policies': [rule.name] },
  })
  return { ...reply, answeredBy: 'limiter' }
}

/** `now` is in ms of a monotonic clock. */
export interface RateLimiter {
  readonly ask: (context: Context, now: number) => Reply | undefined
  /** Requests that another process has let through. */
  readonly absorb: (count: Pick<LimitCount, 'rule' | 'key' | 'count'>, now: number) => void
}

export const openRates = (options: readonly RateLimitOptions[], settings: RateSettings): RateLimiter => {
  const rules = named(options).map(([rule, name]) => ruleOf(rule, name, settings))
  const policies = rules.map(policyOf)
  const giveBack = (context: Context, taken: readonly Rule[]): void => {
    for (const { concerns, gcra, keyOf } of taken) if (concerns(context)) gcra.giveBack(keyOf(context))
  }
  const tell = (context: Context): void => {
    for (const { concerns, name, keyOf } of rules) if (concerns(context)) settings.onCounted?.(name, keyOf(context))
  }
  const ask: RateLimiter['ask'] = (context, now) => {
    let policy = ''
    let left = ''
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as Rule
      if (!rule.concerns(context)) continue
      const verdict = rule.gcra.take(rule.keyOf(context), now)
      const comma = policy === '' ? '' : ', '
      policy += comma + policies[i]
      left += `${comma}"${rule.name}";r=${verdict.remaining};t=${wholeSeconds(verdict.reset)}`
      if (verdict.allowed) continue
      giveBack(context, rules.slice(0, i))
      context.own = [...context.own, 'ratelimit-policy', policy, 'ratelimit', left]
      return refusal(context, rule, verdict)
    }
    if (policy === '') return undefined
    context.own = [...context.own, 'ratelimit-policy', policy, 'ratelimit', left]
    if (settings.onCounted !== undefined) tell(context)
    return undefined
  }
  return {
    ask,
    absorb: ({ rule: name, key, count }, now) => rules.find((rule) => rule.name === name)?.gcra.charge(key, count, now),
  }
}
