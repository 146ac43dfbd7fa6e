/** In the manner of PostgREST: rows are asked for by conditions in the query (`?id=eq.5`), `select`, `order`, `limit`, `offset`, plain arrays, one row by Accept, `Prefer` says whether a write shows its rows, an API key and a token, errors with code, details and hint. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

type Row = Record<string, unknown> & { id: number }
const KEY = 'anon.eyJyb2xlIjoiYW5vbiJ9.k7Qh2'
const NAMES = 'Bella Clover Daisy Ember Fern Ginger Hazel Ivy Juno Kiki'.split(' ')
const KINDS = ['cow', 'goat', 'sheep', 'pony']
const CONTROL = ['select', 'order', 'limit', 'offset']
const problem = (status: number, code: string, message: string, details: string | null = null): Answer => ({
  status,
  json: { code, details, hint: null, message },
})
const COLUMNS = ['id', 'name', 'kind', 'weight', 'pen_id', 'tag', 'sold', 'created_at']

const holds = (value: unknown, op: string, wanted: string): boolean => {
  const [a, b] = [Number(value), Number(wanted)]
  if (op === 'eq') return String(value) === wanted
  if (op === 'neq') return String(value) !== wanted
  if (op === 'gt') return a > b
  if (op === 'gte') return a >= b
  if (op === 'lt') return a < b
  if (op === 'lte') return a <= b
  if (op === 'is') return String(value) === wanted
  if (op === 'in') return wanted.slice(1, -1).split(',').includes(String(value))
  const pattern = new RegExp(`^${wanted.replaceAll('*', '.*')}$`, op === 'ilike' ? 'i' : '')
  return pattern.test(String(value))
}
const isWanted = (row: Row, url: URL): boolean =>
  [...url.searchParams].every(([name, condition]) => {
    if (CONTROL.includes(name)) return true
    const [op = '', ...rest] = condition.split('.')
    return holds(row[name], op, rest.join('.'))
  })
const ordered = (rows: readonly Row[], by: string | null): readonly Row[] => {
  if (by === null) return rows
  const [field = '', direction] = by.split('.')
  const sign = direction === 'desc' ? -1 : 1
  const keyOf = (row: Row): string | number => row[field] as string
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -sign : keyOf(a) > keyOf(b) ? sign : 0))
}

const open: OpenServer = () => {
  const seed = chanceOf(85)
  const pick = picker(seed)
  const since = 1_690_000_000_000
  let nextId = 51
  const stamp = (at: number): string => `${new Date(at).toISOString().slice(0, -1)}+00:00`
  const pens: readonly Row[] = ['North', 'South', 'Hill', 'Brook'].map((name, i) => ({
    id: i + 1,
    name,
    size: 20 + i * 15,
  }))
  let animals: Row[] = Array.from({ length: 50 }, (_, i) => ({
    id: i + 1,
    name: `${pick(NAMES)} ${i + 1}`,
    kind: pick(KINDS),
    weight: 40 + Math.floor(seed() * 400),
    pen_id: 1 + (i % 4),
    tag: i % 5 === 0 ? null : `T-${100 + i}`,
    sold: seed() < 0.2,
    created_at: stamp(since + i * 60_000),
  }))
  const shown = (row: Row, url: URL): Row => {
    const select = url.searchParams.get('select')
    if (select === null || select === '*') return row
    const made: Record<string, unknown> = {}
    for (const part of select.split(/,(?![^(]*\))/)) {
      const pen = pens.find((p) => p.id === row['pen_id'])
      const inner = /^pens\((.*)\)$/.exec(part)?.[1]?.split(',')
      if (part === '*') Object.assign(made, row)
      else if (inner !== undefined) made['pens'] = Object.fromEntries(inner.map((name) => [name, pen?.[name]]))
      else made[part] = row[part]
    }
    return made as Row
  }
  const given = (rows: readonly Row[], ask: Ask, url: URL, status: number): Answer => {
    const found = rows.map((row) => shown(row, url))
    if (!(ask.headers['Accept'] ?? '').includes('pgrst.object')) return { status, json: found }
    if (found.length === 1) return { status, json: found[0] }
    return problem(
      406,
      'PGRST116',
      'JSON object requested, multiple (or no) rows returned',
      `Results contain ${found.length} rows`,
    )
  }
  const make = (ask: Ask, url: URL): Answer => {
    const bodies = (Array.isArray(ask.json) ? ask.json : [ask.json ?? {}]) as Row[]
    for (const body of bodies) {
      const odd = Object.keys(body).find((name) => !COLUMNS.includes(name))
      if (odd !== undefined)
        return problem(400, 'PGRST204', `Could not find the '${odd}' column of 'animals' in the schema cache`)
      if (body['name'] === undefined || body['name'] === null)
        return problem(400, '23502', 'null value in column "name" of relation "animals" violates not-null constraint')
      if (body['pen_id'] !== undefined && !pens.some((pen) => pen.id === body['pen_id']))
        return problem(
          409,
          '23503',
          'insert or update on table "animals" violates foreign key constraint "animals_pen_id_fkey"',
          `Key (pen_id)=(${String(body['pen_id'])}) is not present in table "pens".`,
        )
    }
    const made = bodies.map(({ name, kind, weight, pen_id, tag, sold }) => ({
      id: nextId++,
      name,
      kind: kind ?? 'cow',
      weight: weight ?? null,
      pen_id: pen_id ?? null,
      tag: tag ?? null,
      sold: sold ?? false,
      created_at: stamp(ask.now),
    }))
    animals.push(...made)
    return (ask.headers['Prefer'] ?? '').includes('representation') ? given(made, ask, url, 201) : { status: 201 }
  }
  const write = (ask: Ask, url: URL): Answer => {
    if (ask.method === 'POST') return make(ask, url)
    const rows = animals.filter((row) => isWanted(row, url))
    if (ask.method === 'DELETE') animals = animals.filter((row) => !rows.includes(row))
    else for (const row of rows) Object.assign(row, ask.json)
    return (ask.headers['Prefer'] ?? '').includes('representation') ? given(rows, ask, url, 200) : { status: 204 }
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, rest, version, table, more] = url.pathname.split('/')
    if (ask.headers['apikey'] !== KEY)
      return {
        status: 401,
        json: { message: 'No API key found in request', hint: 'No `apikey` request header was found.' },
      }
    if (rest !== 'rest' || version !== 'v1') return { status: 404, json: { error: 'requested path is invalid' } }
    const all = table === 'animals' ? animals : table === 'pens' ? pens : undefined
    if (all === undefined || more !== undefined)
      return problem(404, 'PGRST205', `Could not find the table 'public.${table}' in the schema cache`)
    if (ask.method !== 'GET') return write(ask, url)
    const odd = [...url.searchParams.keys()].find((name) => !CONTROL.includes(name) && !COLUMNS.includes(name))
    if (odd !== undefined) return problem(400, '42703', `column ${table}.${odd} does not exist`)
    const found = ordered(
      all.filter((row) => isWanted(row, url)),
      url.searchParams.get('order'),
    )
    const offset = Number(url.searchParams.get('offset') ?? 0)
    const limit = Number(url.searchParams.get('limit') ?? 1000)
    return given(found.slice(offset, offset + limit), ask, url, 200)
  }
}

const chance = chanceOf(21)
const pick = picker(chance)
const ROOT = '/rest/v1/animals'
const me = (more: Readonly<Record<string, string>> = {}) => ({ headers: { apikey: KEY, ...more } })
const SHOWN = me({ Prefer: 'return=representation' })
const SINGLE = me({ Accept: 'application/vnd.pgrst.object+json' })
const known = (): number => 1 + Math.floor(chance() * 38)
const bodyOf = (i: number) => ({
  name: `${pick(NAMES)} made ${i}`,
  kind: pick(KINDS),
  ...(i % 2 === 0 ? { weight: 50 + i, pen_id: 1 + (i % 4) } : {}),
})
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const living = (i: number): Step[] => {
  const path = `${ROOT}?id=eq.{{a${i}}}`
  return [
    { method: 'POST', path: ROOT, json: bodyOf(i), ...SHOWN, save: { [`a${i}`]: '/0/id' } },
    { path, ...me() },
    ...maybe(0.6, chance, [
      { method: 'PATCH', path, json: { weight: 60 + i }, ...pick([SHOWN, me()]) },
      { path, ...me() },
    ]),
    ...maybe(0.6, chance, [
      { method: 'DELETE', path, ...me() },
      { path, ...me() },
      ...maybe(0.5, chance, [{ path, ...SINGLE }]),
    ]),
  ]
}
const QUERIES = [
  () => `kind=eq.${pick(KINDS)}`,
  () => `weight=gte.${pick([200, 300])}&order=weight.desc`,
  () => `weight=lt.${pick([100, 150])}`,
  () => `order=name.asc&limit=${pick([5, 10])}`,
  () => `order=id.asc&limit=10&offset=${pick([0, 10, 20])}`,
  () => `select=id,name&kind=eq.${pick(KINDS)}`,
  () => `name=ilike.*${pick(NAMES).toLowerCase()}*`,
  () => `pen_id=in.(${pick(['1,2', '2,3', '1,4'])})`,
  () => `select=id,name,pens(name)&limit=5&order=id.asc`,
]
const chapters: readonly Chapter[] = [
  { weight: 5, steps: one(() => ({ path: `${ROOT}?id=eq.${known()}`, ...me() })) },
  { weight: 2, steps: one(() => ({ path: `${ROOT}?id=eq.${known()}`, ...SINGLE })) },
  { weight: 7, steps: one(() => ({ path: `${ROOT}?${pick(QUERIES)()}`, ...me() })) },
  { weight: 1, steps: one(() => ({ path: '/rest/v1/pens', ...me() })) },
  { weight: 1, steps: one((i) => ({ path: `${ROOT}?id=eq.${5000 + i * 37}`, ...pick([me(), SINGLE]) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?id=eq.${known()}`, headers: pick([{}, { apikey: 'nope' }]) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?colour=eq.red`, ...me() })) },
  {
    weight: 1,
    steps: one(() => ({
      method: 'POST',
      path: ROOT,
      json: pick([{ kind: 'cow' }, { name: 'x', pen_id: 99 }]),
      ...SHOWN,
    })),
  },
  {
    weight: 1,
    steps: one((i) => ({ method: 'PATCH', path: `${ROOT}?id=eq.${known()}`, json: { tag: `N-${i}` }, ...SHOWN })),
  },
  { weight: 3, steps: living },
]
const train: Step[] = [
  ...tell(chapters, 240, chance),
  ...['/', '/rest/v1/barns', '/auth/v1/x'].map((path) => ({ path, ...me() })),
]

const simulated = (i: number): Step[] => {
  const path = `${ROOT}?id=eq.{{w${i}}}`
  return [
    { cls: 'write', method: 'POST', path: ROOT, json: bodyOf(300 + i), ...SHOWN, save: { [`w${i}`]: '/0/id' } },
    { cls: 'write_read', path, ...me() },
    { cls: 'write', method: 'PATCH', path, json: { weight: 70 + i }, ...(i % 2 === 0 ? SHOWN : me()) },
    { cls: 'write_read', path, ...me() },
    { cls: 'write_read', path, ...SINGLE },
    { cls: 'write', method: 'DELETE', path, ...me() },
    { cls: 'read_after_delete', path, ...me() },
    { cls: 'read_after_delete', path, ...SINGLE },
    { cls: 'write', method: 'POST', path: ROOT, json: { kind: 'goat' }, ...SHOWN },
    { cls: 'no_auth', method: 'POST', path: ROOT, json: bodyOf(i), headers: {} },
  ]
}
const TRIED = [
  'kind=eq.goat&order=weight.asc',
  'weight=gte.250&kind=eq.cow',
  'weight=lt.120&order=weight.desc&limit=3',
  'order=name.desc&limit=7',
  'order=id.asc&limit=8&offset=16',
  'select=id,kind&pen_id=eq.2',
  'name=ilike.*ivy*&select=id,name',
  'pen_id=in.(3,4)&limit=6',
]
const test: Step[] = [
  ...Array.from({ length: 10 }, (_, i) => ({
    cls: 'seen',
    path: `${ROOT}?id=eq.${known()}`,
    ...(i % 3 === 0 ? SINGLE : me()),
  })),
  { cls: 'seen', path: '/rest/v1/pens', ...me() },
  ...[39, 41, 44, 46, 49].map((id) => ({ cls: 'unseen_id', path: `${ROOT}?id=eq.${id}`, ...me() })),
  ...[40, 47].map((id) => ({ cls: 'unseen_id', path: `${ROOT}?id=eq.${id}`, ...SINGLE })),
  ...TRIED.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}`, ...me() })),
  ...[1, 2, 3].map((i) => ({ cls: 'missing_id', path: `${ROOT}?id=eq.${9000 + i * 17}`, ...me() })),
  { cls: 'missing_id', path: `${ROOT}?id=eq.8123`, ...SINGLE },
  ...[4, 9].map((id) => ({ cls: 'no_auth', path: `${ROOT}?id=eq.${id}`, forbid: NAMES })),
  { cls: 'no_auth', path: `${ROOT}?kind=eq.cow`, headers: { apikey: 'guess' }, forbid: NAMES },
  ...[1, 2, 3, 4].flatMap(simulated),
  ...['/rest/v1/stables', '/rest/v2/animals', '/storage/v1/x'].map((path) => ({ cls: 'unknown_path', path, ...me() })),
]

export const barn: World = { name: 'barn', open, train, test }
