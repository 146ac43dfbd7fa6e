/** A signal as one sentence for a person. */
import type { Drift } from '../../schemas/events.ts'

type Told = Pick<Drift, 'kind' | 'pointer' | 'before' | 'after'>

/** The pointer '' is the answer itself. */
const placeOf = (pointer: string): string => (pointer === '' ? 'the answer' : pointer)

/** What is said of a change. */
export const sentenceOf = ({ kind, pointer, before, after }: Told): string => {
  const place = placeOf(pointer)
  switch (kind) {
    case 'field_added':
      return `${place} is new (${after})`
    case 'field_removed':
      return `${place} is gone (was ${before})`
    case 'type_changed':
      return `${place} is ${after} now (was ${before})`
    case 'became_nullable':
      return `${place} may be null now (was ${before})`
    case 'became_optional':
      return `${place} may be missing now (${after}; was always there)`
    case 'enum_widened':
      return `${place} has new values: ${after} (were ${before})`
    case 'format_changed':
      return `${place} is ${after} now (was ${before})`
    case 'endpoint_new':
      return 'is answered now, which it never was'
    case 'endpoint_gone':
      return `is answered ${after} now (was answered)`
    case 'status_new':
      return `answers ${after}, which it never did (did ${before})`
    case 'request_field_required':
      return `requests without ${place} are refused now (were taken)`
    default:
      return `${place} changed from ${before} to ${after}`
  }
}
