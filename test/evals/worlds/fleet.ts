/** Nested and snake_case: a token per company, vehicles and their trips under it, offset pages, `lock_version` that must fit (409), lists of errors (422). */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

type Row = Record<string, unknown> & { id: number }
const TOKENS: Readonly<Record<string, number>> = { 'Token fleet-aaa-1': 71, 'Token fleet-bbb-2': 72 }
const KINDS = ['van', 'truck', 'car']
const fail = (status: number, message: string, errors: unknown[] = []): Answer => ({
  status,
  json: { message, errors },
})
const stamp = (now: number): string => new Date(now).toISOString()

const open: OpenServer = () => {
  const seed = chanceOf(41)
  const vehicles = new Map<number, Row[]>()
  const trips = new Map<number, Row[]>()
  let nextId = 1000
  const since = 1_690_000_000_000
  for (const company of Object.values(TOKENS)) {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      id: nextId++,
      company_id: company,
      plate: `${company}-XY-${100 + i}`,
      kind: KINDS[i % 3],
      odometer_km: Math.floor(seed() * 90_000),
      in_service: i % 5 !== 0,
      lock_version: 0,
      created_at: stamp(since + i * 60_000),
      updated_at: stamp(since + i * 60_000),
    }))
    vehicles.set(company, rows)
    for (const { id } of rows)
      trips.set(
        id,
        Array.from({ length: 4 }, (_, k) => ({ id: id * 10 + k, vehicle_id: id, distance_km: 5 + k, purpose: 'work' })),
      )
  }
  const page = (name: string, rows: readonly Row[], url: URL): Answer => {
    const limit = Number(url.searchParams.get('limit') ?? 8)
    const offset = Number(url.searchParams.get('offset') ?? 0)
    const pagination = { total_count: rows.length, limit, offset }
    return { status: 200, json: { [name]: rows.slice(offset, offset + limit), pagination } }
  }
  const wrongIn = (json: unknown): Answer | undefined => {
    const body = (json ?? {}) as Row
    const errors = [
      ...(typeof body['plate'] === 'string' && body['plate'] !== '' ? [] : [{ field: 'plate', code: 'missing' }]),
      ...(KINDS.includes(String(body['kind'])) ? [] : [{ field: 'kind', code: 'invalid' }]),
    ]
    return errors.length === 0 ? undefined : fail(422, 'validation failed', errors)
  }
  const onVehicles = (ask: Ask, url: URL, company: number): Answer => {
    const rows = vehicles.get(company) ?? []
    if (ask.method === 'GET') {
      const kind = url.searchParams.get('kind')
      return page(
        'vehicles',
        rows.filter((row) => kind === null || row['kind'] === kind),
        url,
      )
    }
    const wrong = wrongIn(ask.json)
    if (wrong !== undefined) return wrong
    const { plate, kind } = ask.json as Row
    const times = { created_at: stamp(ask.now), updated_at: stamp(ask.now) }
    const about = { plate, kind, odometer_km: 0, in_service: true, lock_version: 0 }
    const row = { id: nextId++, company_id: company, ...about, ...times }
    rows.push(row)
    trips.set(row.id, [])
    return { status: 201, json: row }
  }
  const onVehicle = (ask: Ask, row: Row, company: number): Answer => {
    if (ask.method === 'GET') return { status: 200, json: { ...row } }
    const rows = vehicles.get(company) ?? []
    if (ask.method === 'DELETE') {
      rows.splice(rows.indexOf(row), 1)
      return { status: 204 }
    }
    const body = (ask.json ?? {}) as Row
    if (body['lock_version'] !== row['lock_version']) return fail(409, 'the vehicle was changed meanwhile')
    Object.assign(row, body, { lock_version: Number(row['lock_version']) + 1, updated_at: stamp(ask.now) })
    return { status: 200, json: { ...row } }
  }
  const onTrips = (ask: Ask, url: URL, vehicle: number): Answer => {
    const rows = trips.get(vehicle) ?? []
    if (ask.method === 'GET') return page('trips', rows, url)
    const { distance_km, purpose } = (ask.json ?? {}) as Row
    if (typeof distance_km !== 'number')
      return fail(422, 'validation failed', [{ field: 'distance_km', code: 'missing' }])
    const row = { id: nextId++, vehicle_id: vehicle, distance_km, purpose: purpose ?? 'work' }
    rows.push(row)
    return { status: 201, json: row }
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, company = '', id, sub] =
      /^\/v2\/companies\/([^/]+)\/vehicles(?:\/([^/]+)(?:\/(trips))?)?$/.exec(url.pathname) ?? []
    if (company === '') return fail(404, 'unknown route')
    const mine = TOKENS[ask.headers['Authorization'] ?? '']
    if (mine === undefined) return fail(401, 'token missing or invalid')
    if (String(mine) !== company) return fail(403, 'not your company')
    if (id === undefined) return onVehicles(ask, url, mine)
    const row = vehicles.get(mine)?.find((r) => String(r.id) === id)
    if (row === undefined) return fail(404, 'vehicle not found')
    return sub === undefined ? onVehicle(ask, row, mine) : onTrips(ask, url, row.id)
  }
}

const chance = chanceOf(6)
const pick = picker(chance)
const tokens = Object.keys(TOKENS)
const as = (token: string) => ({ headers: { Authorization: token } })
const rootOf = (token: string): string => `/v2/companies/${TOKENS[token]}/vehicles`
const firstOf = (token: string): number => 1000 + 20 * tokens.indexOf(token)
const known = (token: string): number => firstOf(token) + Math.floor(chance() * 14)
const by = (steps: (token: string, i: number) => readonly Step[]) => (i: number) => steps(pick(tokens), i)

const living = (token: string, i: number): Step[] => {
  const path = `${rootOf(token)}/{{v${i}}}`
  const json = { plate: `NEW-${i}`, kind: pick(KINDS) }
  return [
    { method: 'POST', path: rootOf(token), json, ...as(token), save: { [`v${i}`]: '/id' } },
    { path, ...as(token) },
    { method: 'PATCH', path, json: { odometer_km: 10 + i, lock_version: 0 }, ...as(token) },
    ...maybe(0.3, chance, [{ method: 'PATCH', path, json: { in_service: false, lock_version: 7 }, ...as(token) }]),
    ...maybe(0.5, chance, [
      { method: 'DELETE', path, ...as(token) },
      { path, ...as(token) },
    ]),
  ]
}
const chapters: readonly Chapter[] = [
  { weight: 4, steps: by((token) => [{ path: `${rootOf(token)}/${known(token)}`, ...as(token) }]) },
  { weight: 2, steps: by((token) => [{ path: `${rootOf(token)}?offset=${pick([0, 8, 16])}`, ...as(token) }]) },
  { weight: 1, steps: by((token) => [{ path: `${rootOf(token)}?kind=${pick(KINDS)}`, ...as(token) }]) },
  { weight: 2, steps: by((token) => [{ path: `${rootOf(token)}/${known(token)}/trips`, ...as(token) }]) },
  {
    weight: 1,
    steps: by((token) => [{ path: `${rootOf(token)}/${50_000 + Math.floor(chance() * 9000)}`, ...as(token) }]),
  },
  {
    weight: 1,
    steps: by((token) => [
      { path: `${rootOf(pick(tokens.filter((t) => t !== token)))}/${known(token)}`, ...as(token) },
      { path: `${rootOf(token)}/${known(token)}` },
    ]),
  },
  { weight: 2, steps: by(living) },
  {
    weight: 1,
    steps: by((token, i) => [
      { method: 'POST', path: rootOf(token), json: pick([{ plate: `P-${i}` }, { kind: 'van' }]), ...as(token) },
    ]),
  },
  {
    weight: 1,
    steps: by((token, i) => [
      { method: 'POST', path: `${rootOf(token)}/${known(token)}/trips`, json: { distance_km: i }, ...as(token) },
    ]),
  },
]
const train: Step[] = [...tell(chapters, 220, chance), ...['/v2/drivers', '/health', '/v1/x'].map((path) => ({ path }))]

const simulated = (token: string, i: number): Step[] => {
  const w = `w${tokens.indexOf(token)}${i}`
  const path = `${rootOf(token)}/{{${w}}}`
  const mine = as(token)
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path, ...mine },
    { cls: 'read_after_delete', path, ...mine },
  ]
  return [
    {
      cls: 'write',
      method: 'POST',
      path: rootOf(token),
      json: { plate: `G-${i}`, kind: 'van' },
      ...mine,
      save: { [w]: '/id' },
    },
    { cls: 'write_read', path, ...mine },
    { cls: 'write', method: 'PATCH', path, json: { odometer_km: 5, lock_version: 0 }, ...mine },
    { cls: 'write_read', path, ...mine },
    { cls: 'write', method: 'POST', path: `${path}/trips`, json: { distance_km: 3, purpose: 'fun' }, ...mine },
    { cls: 'write_read', path: `${path}/trips`, ...mine },
    { cls: 'write', method: 'POST', path: rootOf(token), json: { kind: 'van' }, ...mine },
    ...(i % 2 === 1 ? removed : []),
  ]
}
const testOf = (token: string): Step[] => {
  const mine = as(token)
  const other = tokens.find((t) => t !== token) ?? token
  return [
    ...[0, 3, 6, 9, 12].map((k) => ({ cls: 'seen', path: `${rootOf(token)}/${firstOf(token) + k}`, ...mine })),
    ...[14, 15, 17, 19].map((k) => ({ cls: 'unseen_id', path: `${rootOf(token)}/${firstOf(token) + k}`, ...mine })),
    ...[1, 2, 3].map((k) => ({ cls: 'missing_id', path: `${rootOf(token)}/${60_000 + 77 * k}`, ...mine })),
    ...[2, 5].map((k) => ({
      cls: 'private_other',
      path: `${rootOf(other)}/${firstOf(other) + k}`,
      ...mine,
      forbid: [`${TOKENS[other]}-XY`],
    })),
    ...['limit=5', 'limit=4&offset=4', 'kind=van&limit=3', 'offset=18'].map((query) => ({
      cls: 'new_query',
      path: `${rootOf(token)}?${query}`,
      ...mine,
    })),
    ...[0, 1, 2].flatMap((i) => simulated(token, i)),
    { cls: 'no_auth', path: `${rootOf(token)}/${firstOf(token)}`, forbid: ['-XY-'] },
    { cls: 'no_auth', path: rootOf(token), ...as('Token wrong-9'), forbid: ['-XY-'] },
  ]
}
const test: Step[] = [
  ...tokens.flatMap(testOf),
  ...['/v3/companies', '/metrics', '/v2/users/1'].map((path) => ({ cls: 'unknown_path', path })),
]

export const fleet: World = { name: 'fleet', open, train, test }
