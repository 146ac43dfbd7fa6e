/** A change in words: how grave it is for a reader, and what was before and is after. */
import type { Drift } from '../../schemas/events.ts'
import { OBJECT, typesOf, type Kind, type Place } from './place.ts'

const percent = (share: number): string => `${Math.min(99, Math.max(1, Math.round(100 * share)))} %`

/** From the reader's side: what worked may fail, may surprise, or is more than before. */
export const severityOf = (kind: Kind, place: Place | undefined, value: string): Drift['severity'] => {
  switch (kind) {
    case 'field_added':
      return 'info'
    case 'enum_widened':
    case 'format_changed':
      return 'warning'
    case 'endpoint_new':
      return 'info'
    case 'status_new':
      return Number(value) >= 400 ? 'warning' : 'info'
    case 'field_removed':
      return place !== undefined && place.n < place.last - place.first ? 'warning' : 'breaking'
    default:
      return 'breaking'
  }
}

const HELD_BACK = '(values that only one client was told)'

const valuesOf = (place: Place, late: ReadonlySet<string>): readonly [before: string, after: string] => {
  const told = [...(place.values?.counts ?? [])].filter(([, { shared }]) => shared).map(([value]) => value)
  const join = (values: readonly string[]): string => (values.length === 0 ? HELD_BACK : [...values].sort().join(', '))
  return [join(told.filter((value) => !late.has(value))), join(told.filter((value) => late.has(value)))]
}

const shareOf = (place: Place): number => place.n / Math.max(1e-9, place.last - place.first)

const removedBefore = (place: Place): string =>
  shareOf(place) < 1 ? `${typesOf(place)}, in ${percent(shareOf(place))}` : typesOf(place)

const optionalAfter = ({ gap, n, up }: Place): string => {
  if (gap === undefined || up === undefined) return 'optional'
  return `in ${percent((n - gap.seen) / Math.max(1, up.types[OBJECT] - gap.base))}`
}

/** Before and after in words, for a field. */
export const wordsOf = (kind: Kind, place: Place, value: string): readonly [before: string, after: string] => {
  const types = typesOf(place)
  switch (kind) {
    case 'field_added':
      return ['absent', types]
    case 'field_removed':
      return [removedBefore(place), 'absent']
    case 'type_changed':
      return [
        types
          .split(' or ')
          .filter((type) => type !== value)
          .join(' or '),
        value,
      ]
    case 'became_nullable':
      return [types.replace(' or null', ''), types]
    case 'became_optional':
      return ['always there', optionalAfter(place)]
    case 'enum_widened':
      return valuesOf(place, new Set(place.values?.late.map((one) => one.value)))
    case 'format_changed':
      return [place.form?.format ?? '', value]
    default:
      return ['', value]
  }
}
