/** OData: `Products(7)`, `$top`, `$skip`, `$orderby`, `$filter`, `$count`, `@odata.…` around `value`, a key for writes, everything of one kind public. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

type Row = Record<string, unknown> & { ID: number }
const KEY = 'depot-key-5'
const KINDS = ['Tea', 'Cup', 'Book']
const WORDS = 'Red Blue Old New Tall Small Fine Rare'.split(' ')
const fail = (status: number, code: string, message: string): Answer => ({ status, json: { error: { code, message } } })
const CONTEXT = '$metadata#Products'

const open: OpenServer = () => {
  const seed = chanceOf(51)
  const pick = picker(seed)
  const rows: Row[] = Array.from({ length: 48 }, (_, i) => ({
    ID: i + 1,
    Name: `${pick(WORDS)} ${pick(WORDS)} ${i}`,
    Kind: KINDS[i % 3],
    Price: 10 + Math.floor(seed() * 190),
    Stock: i % 9,
    Discontinued: i % 8 === 0,
  }))
  let next = 49
  const passes = (row: Row, filter: string): boolean => {
    const [, field = '', operator = '', text = ''] = /^(\w+) (eq|gt|lt|ge|le) (.+)$/.exec(filter) ?? []
    const value = text.startsWith("'") ? text.slice(1, -1) : Number(text)
    const own = row[field] as number
    if (operator === 'eq') return row[field] === value
    if (operator === 'gt') return own > Number(value)
    if (operator === 'ge') return own >= Number(value)
    return operator === 'lt' ? own < Number(value) : own <= Number(value)
  }
  const list = (url: URL): Answer => {
    const by = (name: string): string | null => url.searchParams.get(name)
    const filter = by('$filter')
    const found = rows.filter((row) => filter === null || passes(row, filter))
    const [field = '', direction] = (by('$orderby') ?? '').split(' ')
    const sign = direction === 'desc' ? -1 : 1
    if (field !== '') found.sort((a, b) => sign * ((a[field] as number) < (b[field] as number) ? -1 : 1))
    const skip = Number(by('$skip') ?? 0)
    const value = found.slice(skip, skip + Number(by('$top') ?? 12))
    const counted = by('$count') === 'true' ? { '@odata.count': found.length } : {}
    return { status: 200, json: { '@odata.context': CONTEXT, ...counted, value } }
  }
  const make = (ask: Ask): Answer => {
    const { Name, Kind, Price } = (ask.json ?? {}) as Partial<Row>
    if (typeof Name !== 'string' || Name === '') return fail(400, 'Required', 'The Name field is required.')
    if (typeof Price !== 'number') return fail(400, 'Required', 'The Price field is required.')
    const row: Row = { ID: next++, Name, Kind: Kind ?? 'Tea', Price, Stock: 0, Discontinued: false }
    rows.push(row)
    return { status: 201, json: { '@odata.context': `${CONTEXT}/$entity`, ...row } }
  }
  const one = (ask: Ask, id: string): Answer => {
    const row = rows.find(({ ID }) => String(ID) === id)
    if (row === undefined) return fail(404, 'NotFound', `Resource not found for the segment 'Products'.`)
    if (ask.method === 'PATCH') Object.assign(row, ask.json)
    if (ask.method !== 'GET') {
      if (ask.method === 'DELETE') rows.splice(rows.indexOf(row), 1)
      return { status: 204 }
    }
    return { status: 200, json: { '@odata.context': `${CONTEXT}/$entity`, ...row } }
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, odata, what = '', more] = url.pathname.split('/')
    const id = /^Products\((\d+)\)$/.exec(what)?.[1]
    if (odata !== 'odata' || more !== undefined || (id === undefined && what !== 'Products'))
      return fail(404, 'NotFound', 'No HTTP resource was found.')
    if (ask.method !== 'GET' && ask.headers['X-Api-Key'] !== KEY) return fail(401, 'Unauthorized', 'A key is needed.')
    if (id !== undefined) return one(ask, id)
    return ask.method === 'POST' ? make(ask) : list(url)
  }
}

const chance = chanceOf(12)
const pick = picker(chance)
const ROOT = '/odata/Products'
const KEYED = { headers: { 'X-Api-Key': KEY } }
const at = (id: number | string): string => `${ROOT}(${id})`
const known = (): number => 1 + Math.floor(chance() * 34)
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const making = (i: number): Step[] => {
  const path = at(`{{m${i}}}`)
  const json = { Name: `Made ${i}`, Kind: pick(KINDS), Price: 20 + i }
  return [
    { method: 'POST', path: ROOT, json, ...KEYED, save: { [`m${i}`]: '/ID' } },
    { path },
    { method: 'PATCH', path, json: { Price: 7 }, ...KEYED },
    { path },
    ...maybe(0.5, chance, [{ method: 'DELETE', path, ...KEYED }, { path }]),
  ]
}
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: at(known()) })) },
  { weight: 2, steps: one(() => ({ path: `${ROOT}?$top=${pick([5, 10])}&$skip=${pick([0, 5, 10, 20])}` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?$filter=Kind eq '${pick(KINDS)}'` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?$filter=Price gt ${20 * (1 + Math.floor(chance() * 8))}` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?$orderby=${pick(['Price desc', 'Name'])}&$top=6` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?$count=true&$top=3` })) },
  { weight: 1, steps: one(() => ({ path: at(900 + Math.floor(chance() * 900)) })) },
  { weight: 1, steps: () => [{ path: ROOT }] },
  { weight: 2, steps: making },
  {
    weight: 1,
    steps: one((i) => ({ method: 'POST', path: ROOT, json: pick([{ Name: `N ${i}` }, { Price: i }]), ...KEYED })),
  },
  { weight: 1, steps: one((i) => ({ method: 'POST', path: ROOT, json: { Name: `Z ${i}`, Price: 1 } })) },
]
const train: Step[] = [...tell(chapters, 220, chance), ...['/odata/Orders', '/', '/api'].map((path) => ({ path }))]

const simulated = (i: number): Step[] => {
  const path = at(`{{w${i}}}`)
  const json = { Name: `Ghost ${i}`, Kind: 'Cup', Price: 30 + i }
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path, ...KEYED },
    { cls: 'read_after_delete', path, ...KEYED },
  ]
  return [
    { cls: 'write', method: 'POST', path: ROOT, json, ...KEYED, save: { [`w${i}`]: '/ID' } },
    { cls: 'write_read', path, ...KEYED },
    { cls: 'write', method: 'PATCH', path, json: { Stock: 4 }, ...KEYED },
    { cls: 'write_read', path, ...KEYED },
    ...(i % 2 === 0 ? removed : []),
    { cls: 'write', method: 'POST', path: ROOT, json: { Kind: 'Cup' }, ...KEYED },
    { cls: 'no_auth', method: 'POST', path: ROOT, json },
  ]
}
const QUERIES = [
  '$top=4&$skip=8',
  "$filter=Kind eq 'Cup'&$top=5",
  '$filter=Price gt 90',
  '$orderby=Price desc&$top=4',
  '$orderby=Stock desc&$top=9',
  '$count=true&$top=7',
  '$filter=Price lt 60',
]
const test: Step[] = [
  ...Array.from({ length: 10 }, () => ({ cls: 'seen', path: at(known()) })),
  ...[35, 36, 38, 40, 41, 43, 45, 48].map((id) => ({ cls: 'unseen_id', path: at(id) })),
  ...[1, 2, 3, 4, 5].map((k) => ({ cls: 'missing_id', path: at(1900 + 31 * k) })),
  ...QUERIES.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}` })),
  ...[0, 1, 2, 3].flatMap(simulated),
  ...['/odata/Customers', '/v1/products', '/odata/$batch'].map((path) => ({ cls: 'unknown_path', path })),
]

export const depot: World = { name: 'depot', open, train, test }
