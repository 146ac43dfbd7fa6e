/** Figures against their floors and against the stored baseline. */
import { ratioOf, type Figure } from './figure.ts'

/** What is kept of a run: the ratio to the peer where there is one, since it moves with no machine; else the value. */
export interface Baseline {
  /** For people: where and when. */
  readonly recorded: Readonly<Record<string, string | number>>
  readonly figures: Readonly<Record<string, number>>
}

export interface Verdict {
  readonly figure: Figure
  readonly ratio: number | undefined
  /** Above 1: better than the baseline. Undefined: the baseline has none. */
  readonly change: number | undefined
  /** Above 1: the floor holds. Undefined: there is none, or not even the peer reaches it on this machine as it is now. */
  readonly margin: number | undefined
}

/** Shared machines have seen twins differ by a quarter in short runs: only beyond that is a missed floor a finding. */
const WIDE = 0.7
/** Of the baseline, for `--strict`. */
const SLOWER = 0.8

const nameOf = ({ section, name }: Figure): string => `${section}: ${name}`

export const baselineOf = (figures: readonly Figure[], recorded: Baseline['recorded']): Baseline => ({
  recorded,
  figures: Object.fromEntries(
    figures.map((figure) => [nameOf(figure), Number((ratioOf(figure) ?? figure.value).toPrecision(3))]),
  ),
})

/** Sections that were not run keep what they had. */
export const merged = (before: Baseline | undefined, after: Baseline): Baseline => ({
  ...after,
  figures: { ...before?.figures, ...after.figures },
})

const changeOf = (figure: Figure, ratio: number | undefined, before: number | undefined): number | undefined => {
  if (before === undefined) return undefined
  if (ratio !== undefined) return ratio / before
  return figure.better === 'more' ? figure.value / before : before / figure.value
}

const marginOf = ({ floor, value, better }: Figure, ratio: number | undefined): number | undefined => {
  if (floor === undefined) return undefined
  if (floor.of === 'ratio') return ratio === undefined ? undefined : ratio / floor.at
  return better === 'more' ? value / floor.at : floor.at / value
}

/** A machine that cannot by the plainest means says nothing about us. */
const isPossible = ({ floor, peer, better }: Figure): boolean =>
  floor?.of !== 'value' || peer === undefined || better === 'less' || peer.value >= floor.at

export const judge = (figure: Figure, baseline: Baseline | undefined): Verdict => {
  const ratio = ratioOf(figure)
  const change = changeOf(figure, ratio, baseline?.figures[nameOf(figure)])
  return { figure, ratio, change, margin: isPossible(figure) ? marginOf(figure, ratio) : undefined }
}

/** What is wrong, in words; strict: a floor missed at all, or a ratio that is a fifth below the baseline's. */
export const complaint = ({ figure, ratio, change, margin }: Verdict, strict: boolean): string | undefined => {
  if (margin !== undefined && margin < (strict ? 1 : WIDE))
    return `${nameOf(figure)} is at ${Math.round(100 * margin)} % of its floor`
  if (strict && ratio !== undefined && change !== undefined && change < SLOWER)
    return `${nameOf(figure)} is at ${Math.round(100 * change)} % of the baseline`
  return undefined
}
