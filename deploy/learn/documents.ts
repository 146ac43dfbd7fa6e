/** What `learn` writes as OpenAPI 3.1: `openapi.json` for all, and one for each service where there are several. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Endpoint } from '../../schemas/events.ts'
import { openApiOf, type DocumentOptions } from '../../schemas/semantics/openapi/document.ts'

export interface Learned {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** As they stand on the topic: most are never read again. */
  readonly shapes: ReadonlyMap<string, Uint8Array>
  readonly codecs: Codecs
}

/** A service's name may hold anything; a file's may not. */
const fileOf = (service: string): string => `openapi.${encodeURIComponent(service).replaceAll('%', '_')}.json`

export const writeDocuments = async ({ endpoints, shapes, codecs }: Learned, out: string): Promise<void> => {
  const all = [...endpoints.values()]
  const shapeOf: DocumentOptions['shapeOf'] = (id) => {
    const bytes = shapes.get(id)
    return bytes && codecs.decode('shapes', bytes)
  }
  const write = (file: string, document: object): Promise<void> =>
    writeFile(join(out, file), `${JSON.stringify(document, null, 2)}\n`)
  await write('openapi.json', openApiOf({ endpoints: all, shapeOf }))
  const services = [...new Set(all.map(({ service }) => service))].toSorted()
  if (services.length < 2) return
  for (const service of services) await write(fileOf(service), openApiOf({ endpoints: all, shapeOf, service }))
}
