/** The registry's HTTP routes that its clients use, with avsc's resolver as the compatibility check. Keeps all in memory. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import avro from 'avsc'

export interface TestRegistry {
  readonly url: string
  readonly compatibility: ReadonlyMap<string, string>
  readonly requests: number
  /** Puts a schema of another kind there, as another team may; its id. */
  other(schemaType: 'JSON' | 'PROTOBUF', schema: string): number
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

interface Store {
  readonly schemas: string[]
  /** Of those that are no Avro. */
  readonly types: Map<number, string>
  readonly subjects: Map<string, number[]>
  readonly compatibility: Map<string, string>
}

const notFound = (code: number, message: string): Answer => ({ status: 404, body: { error_code: code, message } })

const typeOf = (schema: string): avro.Type => avro.Type.forSchema(JSON.parse(schema) as avro.Schema)

const reads = (reader: string, writer: string): boolean => {
  try {
    typeOf(reader).createResolver(typeOf(writer))
    return true
  } catch {
    return false
  }
}

const register = ({ schemas, subjects }: Store, subject: string, schema: string): Answer => {
  const versions = subjects.get(subject) ?? []
  const fits = versions.every((id) => {
    const old = schemas[id - 1] as string
    return reads(old, schema) && reads(schema, old)
  })
  if (!fits) return { status: 409, body: { error_code: 409, message: `Schema being registered is incompatible` } }
  const known = schemas.indexOf(schema) + 1
  const id = known > 0 ? known : schemas.push(schema)
  if (!versions.includes(id)) subjects.set(subject, [...versions, id])
  return { status: 200, body: { id } }
}

const configure = ({ compatibility }: Store, subject: string, body: { compatibility?: string }): Answer => {
  if (body.compatibility !== undefined) compatibility.set(subject, body.compatibility)
  const level = compatibility.get(subject)
  if (level === undefined) return notFound(40408, `Subject '${subject}' does not have a compatibility configured`)
  return { status: 200, body: { compatibilityLevel: level } }
}

const answer = (store: Store, path: string, body: { schema?: string; compatibility?: string }): Answer => {
  const [, room, name = '', last = ''] = path.split('/').map(decodeURIComponent)
  if (room === 'subjects') return register(store, name, body.schema ?? '')
  if (room === 'config') return configure(store, name, body)
  const schema = store.schemas[Number(last) - 1]
  const schemaType = store.types.get(Number(last))
  return schema === undefined ? notFound(40403, 'Schema not found') : { status: 200, body: { schema, schemaType } }
}

const bodyOf = async (request: IncomingMessage): Promise<object> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return parts.length === 0 ? {} : (JSON.parse(Buffer.concat(parts).toString()) as object)
}

export const startRegistry = async (): Promise<TestRegistry> => {
  const store: Store = { schemas: [], types: new Map(), subjects: new Map(), compatibility: new Map() }
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    void bodyOf(request).then((body) => {
      const { status, body: said } = answer(store, request.url ?? '/', body)
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
      response.end(JSON.stringify(said))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    compatibility: store.compatibility,
    get requests() {
      return requests
    },
    other: (schemaType, schema) => {
      const id = store.schemas.push(schema)
      store.types.set(id, schemaType)
      return id
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
