/** What a section of the benchmark finds, and how it is measured. */

export interface Figure {
  readonly section: string
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly better: 'more' | 'less'
  /** The same work by the plainest means, in the same run: machines and their neighbours differ, ratios hardly. */
  readonly peer?: { readonly name: string; readonly value: number }
  /** The least that is asked: of the value, or of its ratio to the peer. */
  readonly floor?: { readonly of: 'value' | 'ratio'; readonly at: number }
  /** As seen on the clock, a second: for information, since it counts what the neighbours take. */
  readonly seen?: number
}

export interface Section {
  readonly name: string
  /** What cannot be measured here, and what is missing for it. */
  readonly run: (skipped: (reason: string) => void) => Promise<readonly Figure[]>
}

/** Above 1: better than the peer. */
export const ratioOf = ({ value, better, peer }: Pick<Figure, 'value' | 'better' | 'peer'>): number | undefined => {
  if (peer === undefined) return undefined
  return better === 'more' ? value / peer.value : peer.value / value
}

export interface Spent {
  /** CPU of this process, all its threads, in µs. */
  readonly cpu: number
  readonly seconds: number
}

/** Starts to measure; call what it returns to read. */
export const stopwatch = (): (() => Spent) => {
  const began = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { cpu: user + system, seconds: (performance.now() - began) / 1000 }
  }
}

/** What one unit of work costs: CPU in µs, and units a second as seen. */
export interface Cost {
  readonly micros: number
  readonly seen: number
}

export const costOf = ({ cpu, seconds }: Spent, units: number): Cost => ({ micros: cpu / units, seen: units / seconds })

/** Neighbours only ever add: the cheapest of several rounds is nearest to the truth. */
export const best = (rounds: readonly Cost[]): Cost => ({
  micros: Math.min(...rounds.map(({ micros }) => micros)),
  seen: Math.max(...rounds.map(({ seen }) => seen)),
})

export const perCore = ({ micros }: Cost): number => 1e6 / micros

/** Three digits say all there is to say. */
export const round = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(3)))
