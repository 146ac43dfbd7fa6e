/** A backtest as people and programs read it. */
import { harmless, table, type Paint } from '../cli/terminal.ts'
import type { Backtested } from './backtest.ts'
import type { Span } from './span.ts'
import { calibrationError, meanOf, type EndpointTally, type FalseSuccess, type Tally } from './tally.ts'

interface EndpointReport {
  readonly endpoint: string
  readonly requests: number
  readonly answered: number
  readonly refused: number
  readonly excluded: number
  readonly scored: number
  readonly right: number
  readonly fidelity: number | null
}

interface ReasonReport {
  readonly reason: string
  readonly endpoint: string
  readonly count: number
  readonly detail: string
}

/** Shares are 0..1; null: nothing to reckon it from. */
export interface Report {
  readonly service: string | null
  readonly learned: { readonly from: string; readonly to: string; readonly exchanges: number }
  readonly outage: { readonly from: string; readonly to: string }
  readonly requests: number
  /** Requests that ghosts may answer at all: no writes unless simulated, no health checks. */
  readonly eligible: number
  readonly answered: number
  readonly answered_share: number | null
  /** Answers that could be compared with what the backend said, and those that agreed. */
  readonly scored: number
  readonly right: number
  readonly right_share: number | null
  /** Of what could be compared: answered and right. What --min is held against. */
  readonly survived_share: number | null
  readonly fidelity: number | null
  readonly parts: Readonly<Record<string, number | null>>
  readonly confidence: number | null
  readonly calibration_error: number | null
  readonly false_successes: number
  readonly false_success_samples: readonly FalseSuccess[]
  readonly endpoints: readonly EndpointReport[]
  readonly refusals: readonly ReasonReport[]
  readonly not_asked: readonly ReasonReport[]
}

const iso = (ms: number): string => new Date(ms).toISOString()
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
const total = (all: readonly EndpointTally[], of: (one: EndpointTally) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0)

const reasonsOf = (all: readonly EndpointTally[], kind: 'refused' | 'excluded'): ReasonReport[] =>
  all
    .filter((one) => one[kind] > 0)
    .flatMap(({ endpoint, reasons }) =>
      [...reasons].map(([reason, { count, detail }]) => ({ reason, endpoint, count, detail })),
    )
    .filter(({ reason }) => isExclusion(reason) === (kind === 'excluded'))
    .toSorted((a, b) => b.count - a.count || (a.endpoint < b.endpoint ? -1 : 1))

const isExclusion = (reason: string): boolean =>
  reason.startsWith('write ') || reason === 'health-check' || reason === 'method'

const endpointReport = (one: EndpointTally): EndpointReport => {
  const { endpoint, requests, answered, refused, excluded, scored, right } = one
  return { endpoint, requests, answered, refused, excluded, scored, right, fidelity: meanOf(one.fidelity) ?? null }
}

const partsReport = ({ parts }: Tally): Report['parts'] =>
  Object.fromEntries(Object.entries(parts).map(([name, sum]) => [name, meanOf(sum) ?? null]))

/** Where most was asked comes first. */
const sorted = ({ endpoints }: Tally): EndpointTally[] =>
  [...endpoints.values()].toSorted((a, b) => b.requests - a.requests || (a.endpoint < b.endpoint ? -1 : 1))

export const reportOf = (
  { tally, learned, asked }: Backtested,
  about: { readonly service: string | undefined; readonly learn: Span; readonly outage: Span },
): Report => {
  const all = sorted(tally)
  const eligible = asked - total(all, ({ excluded }) => excluded)
  const answered = total(all, (one) => one.answered)
  const scored = total(all, (one) => one.scored)
  const right = total(all, (one) => one.right)
  const fidelity = ratio(
    total(all, (one) => one.fidelity.sum),
    scored,
  )
  return {
    service: about.service ?? null,
    learned: { from: iso(about.learn.from), to: iso(about.learn.to), exchanges: learned },
    outage: { from: iso(about.outage.from), to: iso(about.outage.to) },
    requests: asked,
    eligible,
    answered,
    answered_share: ratio(answered, eligible),
    scored,
    right,
    right_share: ratio(right, scored),
    survived_share: ratio(tally.rightly, tally.judged),
    fidelity,
    parts: partsReport(tally),
    confidence: meanOf(tally.confidence) ?? null,
    calibration_error: calibrationError(tally) ?? null,
    false_successes: tally.falseCount,
    false_success_samples: tally.falseSuccesses,
    endpoints: all.map(endpointReport),
    refusals: reasonsOf(all, 'refused'),
    not_asked: reasonsOf(all, 'excluded'),
  }
}

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`)
const plain = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
const clock = (time: string): string => time.slice(0, 19).replace('T', ' ')

const headline = (r: Report): string[] => [
  `Learned from ${clock(r.learned.from)} to ${clock(r.learned.to)} UTC, ${r.learned.exchanges} exchanges;`,
  `the backend${r.service === null ? '' : ` of ${r.service}`} dead from ${clock(r.outage.from)} to ${clock(r.outage.to)} UTC`,
]

const summary = (r: Report): string[] => {
  const parts = Object.entries(r.parts).map(([name, value]) => `${name} ${percent(value)}`)
  return table(
    ['', '', ''],
    [
      ['requests', String(r.requests), `${r.requests - r.eligible} of them not for ghosts`],
      ['answered', String(r.answered), `${percent(r.answered_share)} of the rest`],
      ['right', String(r.right), `${percent(r.right_share)} of ${r.scored} that can be compared`],
      ['fidelity', plain(r.fidelity), parts.join(', ')],
      ['confidence', plain(r.confidence), `calibration error ${plain(r.calibration_error)}`],
      ['false 2xx', String(r.false_successes), 'success told where the backend refused'],
      ['survived', percent(r.survived_share), 'answered, and rightly'],
    ],
  ).slice(1)
}

const endpointLines = (r: Report): string[] =>
  table(
    ['requests', 'answered', 'right', 'fidelity', 'endpoint'],
    r.endpoints.map((e) => [
      String(e.requests),
      String(e.answered),
      `${e.right}/${e.scored}`,
      plain(e.fidelity),
      harmless(e.endpoint),
    ]),
  )

const reasonLines = (reasons: readonly ReasonReport[]): string[] =>
  reasons.map((one) => `  ${one.count} x ${harmless(one.endpoint)}: ${one.reason} (${harmless(one.detail)})`)

const falseLines = (r: Report): string[] =>
  r.false_success_samples.map(
    (one) => `  ${one.method} ${harmless(one.target)}: ${one.told} for ${one.truth}, exchange ${one.exchange}`,
  )

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines])

export const reportLines = (r: Report, paint: Paint): string[] => [
  ...headline(r),
  '',
  ...summary(r),
  ...section(paint('bold', 'By endpoint'), endpointLines(r)),
  ...section(paint('bold', 'Would have failed'), reasonLines(r.refusals)),
  ...section(paint('bold', 'Not for ghosts'), reasonLines(r.not_asked)),
  ...section(paint('red', 'Success told where the backend refused'), falseLines(r)),
]
