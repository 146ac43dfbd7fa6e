/** Backends as queues: so many workers, each busy for an exponential time with a request. */
import type { BalanceOptions, ServiceOptions } from '../../../ingress/options.ts'
import { strategies, type Strategy } from '../../../ingress/balance/strategies.ts'

export interface Machine {
  readonly workers: number
  /** Mean time that a worker takes, ms. */
  readonly takes: number
  readonly weight: number
  /** ms: it is up, then it is down, again and again; in flight is lost when it goes down. */
  readonly flaps?: { readonly up: number; readonly down: number }
}

export interface Scenario {
  readonly name: string
  readonly machines: readonly Machine[]
  /** Requests a second; arrivals are Poisson's. */
  readonly rate: number
}

const machine = (rest: Partial<Machine> = {}): Machine => ({ workers: 4, takes: 10, weight: 1, ...rest })
const four = (rest: Partial<Machine> = {}): Machine[] => [machine(rest), machine(), machine(), machine()]

export const scenarios: readonly Scenario[] = [
  { name: 'equal', machines: four(), rate: 1120 },
  {
    name: 'unequal',
    machines: [
      machine({ workers: 8, weight: 4 }),
      machine({ workers: 4, weight: 2 }),
      ...[1, 2].map(() => machine({ workers: 2 })),
    ],
    rate: 1120,
  },
  { name: 'one slow', machines: four({ takes: 30 }), rate: 480 },
  { name: 'one flapping', machines: four({ flaps: { up: 3000, down: 2000 } }), rate: 720 },
]

export interface Contender {
  readonly name: string
  readonly balance: Partial<BalanceOptions>
  readonly passive: NonNullable<ServiceOptions['passive']>
}

/** Every strategy by itself, and the plainest one with passive health beside it. */
export const contenders: readonly Contender[] = [
  ...(Object.keys(strategies) as Strategy[]).map((strategy): Contender => ({
    name: strategy,
    balance: { strategy, slowStart: 0 },
    passive: 'off',
  })),
  { name: 'weighted, passive health', balance: { strategy: 'weighted' }, passive: {} },
]

/** Every other request is a POST, which nobody may send twice. */
export const POSTS = 0.5
export const CLIENTS = 300

export interface Outcome {
  /** ms, of those that were answered. */
  readonly latencies: number[]
  requests: number
  errors: number
}

export const openOutcome = (): Outcome => ({ latencies: [], requests: 0, errors: 0 })

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN

export interface Summary {
  readonly p50: number
  readonly p99: number
  /** Per cent. */
  readonly errors: number
}

const three = (value: number): number => Number(value.toPrecision(3))

export const summaryOf = ({ latencies, requests, errors }: Outcome): Summary => {
  const sorted = latencies.toSorted((a, b) => a - b)
  return { p50: three(at(sorted, 0.5)), p99: three(at(sorted, 0.99)), errors: three((100 * errors) / requests) }
}

export const exponential = (random: () => number, mean: number): number => -Math.log(1 - random()) * mean
