/** Builders, and the strict validator that every document must please. */
import { compileErrors, validate } from '@readme/openapi-parser'
import type { Endpoint, Shape, ShapePart } from '../../../../schemas/events.ts'
import { openApiOf, type OpenApi } from '../../../../schemas/semantics/openapi/document.ts'

export const anEndpoint = (id: string, over: Partial<Endpoint> = {}): Endpoint => {
  const [service = '', method = '', template = ''] = id.split(' ')
  const parameters = (template.match(/\{[^{}]*\}/g) ?? []).map((one) => ({ name: one.slice(1, -1), kind: '' }))
  const times = { firstSeen: 0, lastSeen: 0, fidelity: -1, fidelityCount: 0 }
  return { id, service, method, template, parameters, count: 1, mergedInto: '', ...times, ...over }
}

export const aPart = (direction: ShapePart['direction'], status: string, schema: object, count = 20): ShapePart => ({
  direction,
  status,
  count,
  schema: JSON.stringify({ 'x-count': count, ...schema }),
})

export type Known = Readonly<Record<string, readonly ShapePart[]>>

/** The document of endpoints by id, with their shapes. */
export const documentOf = (known: Known, endpoints = Object.keys(known).map((id) => anEndpoint(id))): OpenApi => {
  const shapeOf = (id: string): Shape | undefined => {
    const parts = known[id]
    return parts && { endpoint: id, service: id.split(' ')[0] ?? '', at: 0, parts }
  }
  return openApiOf({ endpoints, shapeOf })
}

/** What the strict validator has to say; '' when it has no complaint. */
export const complaints = async (document: object): Promise<string> => {
  const result = await validate(JSON.parse(JSON.stringify(document)) as Parameters<typeof validate>[0])
  return result.valid ? '' : compileErrors(result)
}
