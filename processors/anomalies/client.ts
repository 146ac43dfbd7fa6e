/** What one client did of late: decayed counts, so that state is bounded and yesterday is forgotten. */
import type { Observation, Store } from '../kit/processor.ts'

export interface Client {
  /** Of the last request, µs. */
  at: number
  /** Requests in about ten minutes, and among them: to unknown paths, refused (4xx), unauthorised (401, 403), strange. */
  count: number
  unknown: number
  refused: number
  unauthorised: number
  strange: number
  /** Numbers asked for one after the other at one endpoint, in about ten minutes. */
  walked: string
  last: number
  steps: number
  /** Ids, each another than the one before, that it did not get; absent in what was kept before there was such a thing. */
  tried?: number
  lost?: string
}

const HALF_LIFE = 300_000_000

const newClient = (at: number): Client => ({
  at,
  count: 0,
  unknown: 0,
  refused: 0,
  unauthorised: 0,
  strange: 0,
  walked: '',
  last: 0,
  steps: 0,
})

/** Lets time pass. */
const age = (client: Client, at: number): void => {
  const passed = at - client.at
  if (passed <= 0) return
  const factor = 0.5 ** (passed / HALF_LIFE)
  client.count *= factor
  client.unknown *= factor
  client.refused *= factor
  client.unauthorised *= factor
  client.strange *= factor
  client.steps *= factor
  if (client.tried !== undefined) client.tried *= factor
  client.at = at
}

/** A step along ids: to a near higher or lower number at the same endpoint, in one direction. */
const walk = (client: Client, endpoint: string, value: string): void => {
  const id = value.length <= 15 && value !== '' ? Number(value) : Number.NaN
  if (!Number.isInteger(id)) return
  const gap = id - client.last
  if (client.walked === endpoint && gap > 0 && gap <= 3) client.steps++
  else if (client.walked !== endpoint || gap !== 0) client.steps = Math.max(0, client.steps - 4)
  client.walked = endpoint
  client.last = id
}

/** Another id than the one before, and refused. */
const tryNext = (client: Client, value: string): void => {
  const id = value.slice(0, 48)
  if (client.lost !== id) client.tried = (client.tried ?? 0) + 1
  client.lost = id
}

/** Clients kept; when there are more, the longest idle half goes. */
const MAX_CLIENTS = 5_000

const sweep = (clients: Store<Client>): void => {
  const byAge = clients.keys().map((key) => ({ key, at: clients.get(key)?.at ?? 0 }))
  byAge.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
  for (const { key } of byAge.slice(0, MAX_CLIENTS / 2)) clients.delete(key)
}

/** A client as it is at a time; a new one if it is not known. */
export const clientOf = (clients: Store<Client>, key: string, at: number): Client => {
  const known = clients.get(key)
  if (known === undefined && clients.size >= MAX_CLIENTS) sweep(clients)
  const client = known ?? newClient(at)
  age(client, at)
  return client
}

/** Counts a request of the client. */
export const noteClient = (client: Client, { endpoint, exchange }: Observation): void => {
  const { status } = exchange
  client.count++
  if (endpoint === undefined) client.unknown++
  if (status >= 400 && status < 500) client.refused++
  if (status === 401 || status === 403) client.unauthorised++
  const value = endpoint?.parameters.at(-1)?.value
  if (value === undefined || endpoint === undefined) return
  if (status === 403 || status === 404) tryNext(client, value)
  walk(client, endpoint.id, value)
}
