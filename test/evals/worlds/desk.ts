/** A project tool: UUIDs, `{data, meta}` envelopes, nested tasks, an API key per person, others' things are 404, PUT replaces and PATCH merges. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

type Row = Record<string, unknown> & { id: string }

const KEYS: Readonly<Record<string, string>> = { 'key-alpha-001': 'alice', 'key-beta-002': 'bob' }
const STATES = ['open', 'doing', 'done']
const uuid = (chance: () => number): string =>
  'xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx'.replace(/x/g, () => Math.floor(chance() * 16).toString(16))
const fail = (status: number, code: string, message: string, fields: unknown[] = []): Answer => ({
  status,
  json: { error: { code, message, fields } },
})

const open: OpenServer = (given) => {
  let chance = given
  const seed = chanceOf(11)
  const projects = new Map<string, Row>()
  const tasks = new Map<string, Row[]>()
  for (let i = 0; i < 24; i++) {
    const id = uuid(seed)
    const owner = i % 2 === 0 ? 'alice' : 'bob'
    projects.set(id, {
      id,
      name: `Project ${i}`,
      owner,
      budget: 1000 + 10 * i,
      state: STATES[i % 3],
      archived: false,
      createdAt: 1_690_000_000 + i,
    })
    tasks.set(
      id,
      Array.from({ length: 3 }, (_, k) => ({ id: uuid(seed), title: `Task ${i}.${k}`, done: k === 0, points: k + 1 })),
    )
  }
  const page = (rows: readonly Row[], url: URL): Answer => {
    const per = Number(url.searchParams.get('per_page') ?? 5)
    const at = Number(url.searchParams.get('page') ?? 1)
    const data = rows.slice((at - 1) * per, at * per)
    return {
      status: 200,
      json: { data, meta: { total: rows.length, page: at, per_page: per, pages: Math.ceil(rows.length / per) } },
    }
  }
  const checked = (json: unknown, names: readonly string[]): Answer | undefined => {
    const body = (json ?? {}) as Record<string, unknown>
    const missing = names.filter((name) => body[name] === undefined || body[name] === '')
    return missing.length === 0
      ? undefined
      : fail(
          400,
          'invalid',
          'validation failed',
          missing.map((field) => ({ field, message: 'is required' })),
        )
  }
  const onProjects = (ask: Ask, url: URL, who: string): Answer => {
    if (ask.method === 'GET') {
      const state = url.searchParams.get('state')
      const rows = [...projects.values()].filter((p) => p['owner'] === who && (state === null || p['state'] === state))
      if (url.searchParams.get('sort') === '-budget') rows.sort((a, b) => Number(b['budget']) - Number(a['budget']))
      return page(rows, url)
    }
    const wrong = checked(ask.json, ['name', 'budget'])
    if (wrong !== undefined) return wrong
    const { name, budget } = ask.json as Record<string, unknown>
    const row: Row = {
      id: uuid(chance),
      name,
      owner: who,
      budget,
      state: 'open',
      archived: false,
      createdAt: Math.floor(ask.now / 1000),
    }
    projects.set(row.id, row)
    tasks.set(row.id, [])
    return { status: 201, json: { data: row } }
  }
  const onTasks = (ask: Ask, url: URL, project: Row, id?: string): Answer => {
    const rows = tasks.get(project.id) ?? []
    if (id === undefined) {
      if (ask.method === 'GET') return page(rows, url)
      const wrong = checked(ask.json, ['title'])
      if (wrong !== undefined) return wrong
      const row: Row = { id: uuid(chance), title: (ask.json as Row)['title'], done: false, points: 1 }
      rows.push(row)
      return { status: 201, json: { data: row } }
    }
    const row = rows.find((r) => r.id === id)
    if (row === undefined) return fail(404, 'not_found', 'no such task')
    if (ask.method === 'PATCH') Object.assign(row, ask.json)
    if (ask.method !== 'DELETE') return { status: 200, json: { data: row } }
    rows.splice(rows.indexOf(row), 1)
    return { status: 204 }
  }
  const onProject = (ask: Ask, project: Row): Answer => {
    if (ask.method === 'PATCH') Object.assign(project, ask.json)
    if (ask.method === 'PUT') {
      const wrong = checked(ask.json, ['name', 'budget'])
      if (wrong !== undefined) return wrong
      const { name, budget, state } = ask.json as Row
      Object.assign(project, { name, budget, state: state ?? 'open', archived: false })
    }
    if (ask.method !== 'DELETE') return { status: 200, json: { data: { ...project } } }
    projects.delete(project.id)
    return { status: 204 }
  }
  return (ask) => {
    if (ask.method === 'TWIN') {
      chance = chanceOf(77)
      return { status: 204 }
    }
    const url = new URL(ask.path, 'http://x')
    const who = KEYS[ask.headers['X-Api-Key'] ?? '']
    const [, v1, what, id, sub, task] = url.pathname.split('/')
    if (v1 !== 'v1' || what !== 'projects') return fail(404, 'no_route', 'nothing here')
    if (who === undefined) return fail(401, 'unauthorized', 'an API key is needed')
    if (id === undefined) return onProjects(ask, url, who)
    const project = projects.get(id)
    if (project === undefined || project['owner'] !== who) return fail(404, 'not_found', 'no such project')
    return sub === 'tasks' ? onTasks(ask, url, project, task) : onProject(ask, project)
  }
}

const chance = chanceOf(5)
const pick = picker(chance)
const keys = Object.keys(KEYS)
const as = (key: string) => ({ headers: { 'X-Api-Key': key } })
const otherThan = (key: string): string => keys.find((k) => k !== key) ?? key
const ROOT = '/v1/projects'

const probe = open(chanceOf(1))
const idsOf = (key: string): readonly string[] => {
  const { json } = probe({ method: 'GET', path: `${ROOT}?per_page=50`, ...as(key), json: undefined, now: 0 })
  return (json as { data: Row[] }).data.map((p) => p.id)
}
const own = new Map(keys.map((key) => [key, idsOf(key)]))
const ids = (key: string): readonly string[] => own.get(key) ?? []
const known = (key: string): string => pick(ids(key).slice(0, 10))
/** Somebody and something of theirs. */
const by = (steps: (key: string, i: number) => readonly Step[]) => (i: number) => steps(pick(keys), i)

const living = (key: string, i: number): Step[] => {
  const path = `${ROOT}/{{p${i}}}`
  return [
    {
      method: 'POST',
      path: ROOT,
      json: { name: `New ${i}`, budget: 50 + i },
      ...as(key),
      save: { [`p${i}`]: '/data/id' },
    },
    { path, ...as(key) },
    { method: 'PATCH', path, json: { state: pick(STATES) }, ...as(key) },
    ...maybe(0.5, chance, [{ method: 'PUT', path, json: { name: `Put ${i}`, budget: i, state: 'done' }, ...as(key) }]),
    ...maybe(0.6, chance, [
      { method: 'DELETE', path, ...as(key) },
      { path, ...as(key) },
    ]),
  ]
}
const tasking = (key: string, i: number): Step[] => {
  const path = `${ROOT}/${known(key)}/tasks`
  return [
    { method: 'POST', path, json: { title: `T ${i}` }, ...as(key), save: { [`t${i}`]: '/data/id' } },
    { method: 'PATCH', path: `${path}/{{t${i}}}`, json: { done: chance() < 0.7 }, ...as(key) },
    ...maybe(0.5, chance, [{ method: 'DELETE', path: `${path}/{{t${i}}}`, ...as(key) }]),
  ]
}
const chapters: readonly Chapter[] = [
  { weight: 3, steps: by((key) => [{ path: `${ROOT}/${known(key)}`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${ROOT}?page=${1 + Math.floor(chance() * 3)}`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${ROOT}?state=${pick(STATES)}`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${ROOT}?sort=-budget&per_page=4`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${ROOT}/${known(key)}/tasks`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${ROOT}/${uuid(chance)}`, ...as(key) }]) },
  {
    weight: 1,
    steps: by((key) => [
      { path: `${ROOT}/${pick(ids(otherThan(key)))}`, ...as(key) },
      { path: `${ROOT}/${known(key)}` },
    ]),
  },
  { weight: 1, steps: by(living) },
  { weight: 1, steps: by(tasking) },
  {
    weight: 1,
    steps: by((key, i) => [
      { method: 'POST', path: ROOT, json: pick([{ name: `X ${i}` }, { budget: i }]), ...as(key) },
    ]),
  },
]
const train: Step[] = [
  ...tell(chapters, 240, chance),
  ...['/v1/nope', '/v2/projects', '/status', '/v1/users/5'].map((path) => ({ path })),
]

const simulated = (key: string, i: number): Step[] => {
  const w = `w${keys.indexOf(key)}${i}`
  const path = `${ROOT}/{{${w}}}`
  const read = { cls: 'write_read', path, ...as(key) }
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path, ...as(key) },
    { cls: 'read_after_delete', path, ...as(key) },
  ]
  return [
    {
      cls: 'write',
      method: 'POST',
      path: ROOT,
      json: { name: `Ghost ${i}`, budget: 7 + i },
      ...as(key),
      save: { [w]: '/data/id' },
    },
    read,
    { cls: 'write', method: 'PATCH', path, json: { state: 'doing' }, ...as(key) },
    read,
    {
      cls: 'write',
      method: 'POST',
      path: `${path}/tasks`,
      json: { title: `Do ${i}` },
      ...as(key),
      save: { [`${w}t`]: '/data/id' },
    },
    { cls: 'write', method: 'PATCH', path: `${path}/tasks/{{${w}t}}`, json: { done: true }, ...as(key) },
    { cls: 'write_read', path: `${path}/tasks`, ...as(key) },
    { cls: 'write', method: 'POST', path: ROOT, json: { name: 'No budget' }, ...as(key) },
    ...(i % 2 === 1 ? removed : []),
  ]
}
const testOf = (key: string): Step[] => [
  ...ids(key)
    .slice(0, 8)
    .map((id) => ({ cls: 'seen', path: `${ROOT}/${id}`, ...as(key) })),
  ...ids(key)
    .slice(10)
    .map((id) => ({ cls: 'unseen_id', path: `${ROOT}/${id}`, ...as(key) })),
  ...[1, 2, 3, 4, 5].map(() => ({ cls: 'missing_id', path: `${ROOT}/${uuid(chance)}`, ...as(key) })),
  ...ids(otherThan(key))
    .slice(0, 5)
    .map((id) => ({ cls: 'private_other', path: `${ROOT}/${id}`, ...as(key), forbid: ['Project', 'Task'] })),
  ...['per_page=3&page=2', 'per_page=4&page=3', 'state=open&per_page=2', 'sort=-budget&per_page=6'].map((query) => ({
    cls: 'new_query',
    path: `${ROOT}?${query}`,
    ...as(key),
  })),
  ...[0, 1, 2, 3].flatMap((i) => simulated(key, i)),
  { cls: 'no_auth', path: `${ROOT}/${ids(key)[1]}`, forbid: ['Project'] },
  { cls: 'no_auth', path: ROOT, ...as('key-none-9'), forbid: ['Project'] },
]
const test: Step[] = [
  ...keys.flatMap(testOf),
  ...['/v1/teams', '/admin', '/v3/projects/1', '/.env'].map((path) => ({ cls: 'unknown_path', path })),
]

export const desk: World = { name: 'desk', open, train, test }
