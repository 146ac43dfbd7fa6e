/** In the manner of Django REST framework: trailing slashes, `{count, next, previous, results}`, `ordering`, `search`, `field__gte`, tokens by log-in, lists of texts as errors, links and counts that follow, closing twice is refused. */
import { chanceOf, picker } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

type Row = Record<string, unknown> & { id: number }
export const PEOPLE = [
  { id: 1, username: 'nina', first_name: 'Nina', email: 'nina@track.test', is_staff: true },
  { id: 2, username: 'otto', first_name: 'Otto', email: 'otto@track.test', is_staff: false },
  { id: 3, username: 'pia', first_name: 'Pia', email: 'pia@track.test', is_staff: false },
]
type Person = (typeof PEOPLE)[number]
export const LABELS = ['bug', 'idea', 'chore', 'docs']
export const WORDS = 'crash slow page button login export theme cache mail chart'.split(' ')
const BASE = 'http://api.test'
const stamp = (now: number): string => new Date(now).toISOString().replace('Z', '123Z')
const detail = (status: number, text: string): Answer => ({ status, json: { detail: text } })
const NOT_FOUND = detail(404, 'Not found.')

const wrongIn = (body: Row, isPartial: boolean): Answer | undefined => {
  const errors: Record<string, string[]> = {}
  for (const name of ['title', 'project']) {
    if (!Object.hasOwn(body, name) && !isPartial) errors[name] = ['This field is required.']
    if (body[name] === '') errors[name] = ['This field may not be blank.']
  }
  if (Object.hasOwn(body, 'label') && !LABELS.includes(String(body['label'])))
    errors['label'] = [`"${String(body['label'])}" is not a valid choice.`]
  return Object.keys(errors).length === 0 ? undefined : { status: 400, json: errors }
}

export const openTracker: OpenServer = (chance) => {
  const seed = chanceOf(81)
  const pick = picker(seed)
  const tokens = new Map<string, Person>()
  let nextTicket = 61
  let nextComment = 501
  const since = 1_680_000_000_000
  const projects: Row[] = Array.from({ length: 6 }, (_, i) => ({
    id: i + 1,
    url: `${BASE}/api/projects/${i + 1}/`,
    name: `Project ${WORDS[i]}`,
    slug: `project-${WORDS[i]}`,
    owner: PEOPLE[i % 3]?.username,
    archived: i === 5,
  }))
  let tickets: Row[] = Array.from({ length: 60 }, (_, i) => ({
    id: i + 1,
    url: `${BASE}/api/tickets/${i + 1}/`,
    project: 1 + (i % 6),
    title: `${pick(WORDS)} ${pick(WORDS)} ${i}`,
    label: pick(LABELS),
    priority: 1 + Math.floor(seed() * 5),
    reporter: pick(PEOPLE).username,
    assignee: i % 4 === 0 ? null : pick(PEOPLE).username,
    is_closed: i % 5 === 0,
    closed_at: i % 5 === 0 ? stamp(since + i * 3_600_000) : null,
    comment_count: i % 3,
    created: stamp(since + i * 60_000),
    updated: stamp(since + i * 60_000),
  }))
  const comments = new Map<number, Row[]>(
    tickets.map((t) => [
      t.id,
      Array.from({ length: Number(t['comment_count']) }, (_, k) => ({
        id: t.id * 4 + k,
        ticket: t.id,
        author: pick(PEOPLE).username,
        text: `${pick(WORDS)} again`,
        created: stamp(since + t.id * 60_000 + k),
      })),
    ]),
  )
  const paged = (rows: readonly Row[], url: URL): Answer => {
    const size = Number(url.searchParams.get('page_size') ?? 10)
    const page = Number(url.searchParams.get('page') ?? 1)
    const pages = Math.max(1, Math.ceil(rows.length / size))
    if (!(page >= 1 && page <= pages)) return detail(404, 'Invalid page.')
    const link = (to: number): string => {
      const next = new URL(url.pathname + url.search, BASE)
      if (to === 1) next.searchParams.delete('page')
      else next.searchParams.set('page', String(to))
      return next.href
    }
    const next = page < pages ? link(page + 1) : null
    const previous = page > 1 ? link(page - 1) : null
    return {
      status: 200,
      json: { count: rows.length, next, previous, results: rows.slice((page - 1) * size, page * size) },
    }
  }
  const isWanted = (row: Row, url: URL): boolean =>
    [...url.searchParams].every(([name, value]) => {
      if (name === 'search') return String(row['title']).includes(value)
      if (name.endsWith('__gte')) return Number(row[name.slice(0, -5)]) >= Number(value)
      if (name.endsWith('__icontains')) return String(row[name.slice(0, -11)]).includes(value)
      return !['project', 'label', 'reporter', 'assignee', 'is_closed'].includes(name) || String(row[name]) === value
    })
  const ordered = (rows: readonly Row[], by: string | null): readonly Row[] => {
    if (by === null) return rows
    const field = by.replace(/^-/, '')
    const sign = by.startsWith('-') ? -1 : 1
    const keyOf = (row: Row): string | number => row[field] as string
    return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -sign : keyOf(a) > keyOf(b) ? sign : 0))
  }
  const listed = (rows: readonly Row[], url: URL): Answer =>
    paged(
      ordered(
        rows.filter((row) => isWanted(row, url)),
        url.searchParams.get('ordering'),
      ),
      url,
    )
  const login = (ask: Ask): Answer => {
    const { username, password } = (ask.json ?? {}) as Row
    const person = PEOPLE.find((p) => p.username === username)
    if (person === undefined || password !== `${person.username}-pass`)
      return { status: 400, json: { non_field_errors: ['Unable to log in with provided credentials.'] } }
    const token = Array.from({ length: 40 }, () => Math.floor(chance() * 16).toString(16)).join('')
    tokens.set(token, person)
    return { status: 200, json: { token } }
  }
  const make = (ask: Ask, me: Person): Answer => {
    const body = (ask.json ?? {}) as Row
    const wrong = wrongIn(body, false)
    if (wrong !== undefined) return wrong
    const id = nextTicket++
    const row: Row = {
      id,
      url: `${BASE}/api/tickets/${id}/`,
      project: body['project'],
      title: body['title'],
      label: body['label'] ?? 'chore',
      priority: body['priority'] ?? 3,
      reporter: me.username,
      assignee: body['assignee'] ?? null,
      is_closed: false,
      closed_at: null,
      comment_count: 0,
      created: stamp(ask.now),
      updated: stamp(ask.now),
    }
    tickets.push(row)
    comments.set(id, [])
    return { status: 201, json: row }
  }
  const onTicket = (ask: Ask, row: Row, me: Person): Answer => {
    if (ask.method === 'GET') return { status: 200, json: row }
    if (row['reporter'] !== me.username && !me.is_staff)
      return detail(403, 'You do not have permission to perform this action.')
    if (ask.method === 'DELETE') {
      tickets = tickets.filter((t) => t !== row)
      return { status: 204 }
    }
    const body = (ask.json ?? {}) as Row
    const wrong = wrongIn(body, ask.method === 'PATCH')
    if (wrong !== undefined) return wrong
    Object.assign(row, body, { updated: stamp(ask.now) })
    return { status: 200, json: row }
  }
  const onComments = (ask: Ask, row: Row, me: Person): Answer => {
    const own = comments.get(row.id) ?? []
    if (ask.method === 'GET') return { status: 200, json: own }
    const { text } = (ask.json ?? {}) as Row
    if (typeof text !== 'string') return { status: 400, json: { text: ['This field is required.'] } }
    const made = { id: nextComment++, ticket: row.id, author: me.username, text, created: stamp(ask.now) }
    own.push(made)
    row['comment_count'] = own.length
    return { status: 201, json: made }
  }
  const onClose = (ask: Ask, row: Row): Answer => {
    if (ask.method !== 'POST') return detail(405, `Method "${ask.method}" not allowed.`)
    if (row['is_closed'] === true) return { status: 400, json: ['This ticket is closed already.'] }
    Object.assign(row, { is_closed: true, closed_at: stamp(ask.now), updated: stamp(ask.now) })
    return { status: 200, json: row }
  }
  const onTickets = (ask: Ask, url: URL, me: Person, [id, sub]: readonly (string | undefined)[]): Answer => {
    if (id === undefined) return ask.method === 'POST' ? make(ask, me) : listed(tickets, url)
    const row = tickets.find((t) => String(t.id) === id)
    if (row === undefined) return NOT_FOUND
    if (sub === 'comments') return onComments(ask, row, me)
    if (sub === 'close') return onClose(ask, row)
    return sub === undefined ? onTicket(ask, row, me) : { status: 404 }
  }
  const onProjects = (ask: Ask, url: URL, [id, sub]: readonly (string | undefined)[]): Answer => {
    if (ask.method !== 'GET') return detail(405, `Method "${ask.method}" not allowed.`)
    if (id === undefined) return listed(projects, url)
    const row = projects.find((p) => String(p.id) === id)
    if (row === undefined) return NOT_FOUND
    const own = tickets.filter((t) => t['project'] === row.id)
    const isOpen = (t: Row): boolean => t['is_closed'] === false
    if (sub === 'tickets') return listed(own, url)
    return { status: 200, json: { ...row, ticket_count: own.length, open_count: own.filter(isOpen).length } }
  }
  return (ask) => {
    const url = new URL(ask.path, BASE)
    const [, api, what, ...rest] = url.pathname.replace(/\/$/, '').split('/')
    if (api !== 'api' || !url.pathname.endsWith('/')) return { status: 404 }
    if (what === 'token-auth') return ask.method === 'POST' ? login(ask) : detail(405, 'Method "GET" not allowed.')
    if (!['tickets', 'projects', 'users'].includes(what ?? '')) return { status: 404 }
    const credential = ask.headers['Authorization']
    if (credential === undefined) return detail(401, 'Authentication credentials were not provided.')
    const me = tokens.get(credential.replace('Token ', ''))
    if (me === undefined) return detail(401, 'Invalid token.')
    if (what === 'users') return rest[0] === 'me' ? { status: 200, json: me } : NOT_FOUND
    return structuredClone(what === 'tickets' ? onTickets(ask, url, me, rest) : onProjects(ask, url, rest))
  }
}
