/** What is told, or learned again, is expected from then on. */
import type { Case } from './court.ts'
import type { Endpoint } from './endpoint.ts'
import { bitOf, isFieldKind, type Place } from './place.ts'
import { settleValues } from './weigh.ts'

/** From now on the new behaviour is what is expected. */
export const settle = (endpoint: Endpoint, place: Place | undefined, one: Case): void => {
  if (one.kind === 'endpoint_new') endpoint.life.isNewcomer = false
  const status = one.kind === 'status_new' ? endpoint.statuses.get(one.status) : undefined
  if (status !== undefined) status.late = undefined
  const field = one.kind === 'request_field_required' ? endpoint.requests.fields.get(one.pointer) : undefined
  if (field !== undefined) field.told = true
  if (place === undefined || !isFieldKind(one.kind)) return
  if (one.kind === 'enum_widened') settleValues(place)
  else place.told |= bitOf(one.kind)
}
