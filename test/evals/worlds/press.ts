/** JSON:API: `{data, links, meta}`, attributes inside, ids as texts, cursors in links, `filter[…]`, read by anybody, written with a bearer token by the author. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

interface Row {
  readonly id: string
  readonly author: string
  attributes: Record<string, unknown>
}
const TOKENS: Readonly<Record<string, string>> = { 'Bearer press-ed-111': 'ed', 'Bearer press-flo-222': 'flo' }
const SECTIONS = ['world', 'sports', 'arts', 'money']
const WORDS = 'rain storm vote match film bank coast team song tax'.split(' ')
const fail = (status: number, detail: string, pointer?: string): Answer => ({
  status,
  json: { errors: [{ status: String(status), detail, ...(pointer === undefined ? {} : { source: { pointer } }) }] },
})
const shown = ({ id, author, attributes }: Row) => ({
  type: 'articles',
  id,
  attributes: { ...attributes },
  relationships: { author: { data: { type: 'people', id: author } } },
  links: { self: `/api/articles/${id}` },
})

const open: OpenServer = () => {
  const seed = chanceOf(31)
  const pick = picker(seed)
  const rows: Row[] = Array.from({ length: 45 }, (_, i) => ({
    id: String(i + 1),
    author: i % 3 === 0 ? 'flo' : 'ed',
    attributes: {
      title: `${pick(WORDS)} ${pick(WORDS)} ${i}`,
      section: SECTIONS[i % 4],
      words: 100 + Math.floor(seed() * 900),
      published_on: `2024-0${1 + (i % 9)}-1${i % 10}`,
      featured: i % 7 === 0,
    },
  }))
  let next = 46
  const list = (url: URL): Answer => {
    const by = (name: string): string | null => url.searchParams.get(name)
    const section = by('filter[section]')
    const found = rows.filter((row) => section === null || row.attributes['section'] === section)
    const sort = by('sort')
    if (sort !== null) {
      const field = sort.replace(/^-/, '')
      const sign = sort.startsWith('-') ? -1 : 1
      found.sort((a, b) => sign * (String(a.attributes[field]) < String(b.attributes[field]) ? -1 : 1))
    }
    const size = Number(by('page[size]') ?? 10)
    const after = by('page[after]')
    const start = after === null ? 0 : found.findIndex(({ id }) => id === after) + 1
    const data = found.slice(start, start + size)
    const last = start + size < found.length ? data.at(-1)?.id : undefined
    const self = `${url.pathname}${url.search}`
    return {
      status: 200,
      json: {
        data: data.map(shown),
        links: { self, next: last === undefined ? null : `/api/articles?page[after]=${last}` },
        meta: { count: found.length },
      },
    }
  }
  const make = (ask: Ask, author: string): Answer => {
    const given = (ask.json as { data?: { attributes?: Record<string, unknown> } } | undefined)?.data?.attributes ?? {}
    const missing = ['title', 'section'].find((name) => given[name] === undefined || given[name] === '')
    if (missing !== undefined) return fail(422, "can't be blank", `/data/attributes/${missing}`)
    const published_on = new Date(ask.now).toISOString().slice(0, 10)
    const { title, section } = given
    const row: Row = {
      id: String(next++),
      author,
      attributes: { title, section, words: 0, published_on, featured: false },
    }
    rows.push(row)
    return { status: 201, json: { data: shown(row) } }
  }
  const one = (ask: Ask, id: string, who: string | undefined): Answer => {
    const row = rows.find((r) => r.id === id)
    if (row === undefined) return fail(404, 'no such article')
    if (ask.method === 'GET') return { status: 200, json: { data: shown(row) } }
    if (who !== row.author) return fail(403, 'not your article')
    if (ask.method === 'DELETE') {
      rows.splice(rows.indexOf(row), 1)
      return { status: 204 }
    }
    Object.assign(row.attributes, (ask.json as { data: { attributes: object } }).data.attributes)
    return { status: 200, json: { data: shown(row) } }
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, what = '', id] = /^\/api\/(sections|articles)(?:\/([^/]+))?$/.exec(url.pathname) ?? []
    const who = TOKENS[ask.headers['Authorization'] ?? '']
    if (what === 'sections' && id === undefined)
      return { status: 200, json: { data: SECTIONS.map((name) => ({ type: 'sections', id: name })) } }
    if (what !== 'articles') return fail(404, 'no such page')
    if (ask.method !== 'GET' && who === undefined) return fail(401, 'please log in')
    if (id !== undefined) return one(ask, id, who)
    return ask.method === 'POST' ? make(ask, who ?? '') : list(url)
  }
}

const chance = chanceOf(8)
const pick = picker(chance)
const ROOT = '/api/articles'
const as = (token: string) => ({ headers: { Authorization: token } })
const [ED = '', FLO = ''] = Object.keys(TOKENS)
const known = (): string => String(1 + Math.floor(chance() * 30))
const body = (attributes: object, id?: string) => ({ data: { type: 'articles', ...(id && { id }), attributes } })
const one = (step: (i: number) => Step) => (i: number) => [step(i)]

const making = (i: number): Step[] => {
  const me = pick([ED, FLO])
  const path = `${ROOT}/{{a${i}}}`
  const json = body({ title: `made ${i}`, section: pick(SECTIONS) })
  return [
    { method: 'POST', path: ROOT, json, ...as(me), save: { [`a${i}`]: '/data/id' } },
    { path },
    { method: 'PATCH', path, json: body({ title: `better ${i}` }, `{{a${i}}}`), ...as(me) },
    ...maybe(0.5, chance, [{ method: 'DELETE', path, ...as(me) }, { path }]),
  ]
}
const paging: readonly Step[] = [
  { path: ROOT },
  { path: `${ROOT}?page[after]=10` },
  { path: `${ROOT}?page[after]=20&page[size]=5` },
]
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `${ROOT}/${known()}` })) },
  { weight: 1, steps: () => paging },
  { weight: 2, steps: one(() => ({ path: `${ROOT}?filter[section]=${pick(SECTIONS.slice(0, 3))}` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?sort=${pick(['-words', 'title', '-published_on'])}` })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${1000 + Math.floor(chance() * 9000)}` })) },
  { weight: 1, steps: () => [{ path: '/api/sections' }] },
  { weight: 2, steps: making },
  { weight: 1, steps: one((i) => ({ method: 'POST', path: ROOT, json: body({ title: `x ${i}` }), ...as(ED) })) },
  { weight: 1, steps: one((i) => ({ method: 'POST', path: ROOT, json: body({ title: `y ${i}`, section: 'arts' }) })) },
  { weight: 1, steps: one(() => ({ method: 'DELETE', path: `${ROOT}/${pick(['1', '4', '7', '10'])}`, ...as(ED) })) },
]
const train: Step[] = [...tell(chapters, 220, chance), ...['/api/people', '/', '/api/x/3'].map((path) => ({ path }))]

const simulated = (i: number): Step[] => {
  const me = i % 2 === 0 ? ED : FLO
  const path = `${ROOT}/{{w${i}}}`
  const json = body({ title: `ghost ${i}`, section: 'arts' })
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path, ...as(me) },
    { cls: 'read_after_delete', path },
  ]
  return [
    { cls: 'write', method: 'POST', path: ROOT, json, ...as(me), save: { [`w${i}`]: '/data/id' } },
    { cls: 'write_read', path, ...as(me) },
    { cls: 'write', method: 'PATCH', path, json: body({ featured: true }, `{{w${i}}}`), ...as(me) },
    { cls: 'write_read', path, ...as(me) },
    ...(i % 2 === 0 ? removed.map((step) => ({ ...step, ...as(me) })) : []),
    { cls: 'write', method: 'POST', path: ROOT, json: body({ section: 'arts' }), ...as(me) },
    { cls: 'no_auth', method: 'POST', path: ROOT, json },
    { cls: 'no_auth', method: 'PATCH', path: `${ROOT}/${3 + i}`, json: body({ title: 'stolen' }, String(3 + i)) },
  ]
}
const QUERIES = [
  'page[size]=3',
  'filter[section]=arts&page[size]=4',
  'page[after]=5',
  'sort=words&page[size]=5',
  'filter[section]=money',
  'sort=title',
]
const test: Step[] = [
  ...Array.from({ length: 10 }, () => ({ cls: 'seen', path: `${ROOT}/${known()}` })),
  ...[31, 33, 35, 36, 38, 40, 41, 44].map((id) => ({ cls: 'unseen_id', path: `${ROOT}/${id}` })),
  ...[1, 2, 3, 4, 5, 6].map(() => ({ cls: 'missing_id', path: `${ROOT}/${2000 + Math.floor(chance() * 7000)}` })),
  ...QUERIES.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}` })),
  ...[0, 1, 2, 3].flatMap(simulated),
  ...['/admin', '/api/tags', '/api/v1/articles'].map((path) => ({ cls: 'unknown_path', path })),
]

export const press: World = { name: 'press', open, train, test }
