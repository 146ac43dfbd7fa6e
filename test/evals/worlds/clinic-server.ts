/** `{ok, data, meta}`: log-ins, /me, roles (403), sparse fields, includes, several sort keys, bulk writes, composite ids, `deleted_at` rather than gone, messages by Accept-Language. */
import { chanceOf, picker } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

type Row = Record<string, unknown> & { id: string }
export const PEOPLE = [
  { id: 'u-1', username: 'ana', role: 'admin', full_name: 'Ana Ali', locale: 'en' },
  { id: 'u-2', username: 'ben', role: 'nurse', full_name: 'Ben Bo', locale: 'de' },
  { id: 'u-3', username: 'cat', role: 'nurse', full_name: 'Cat Cho', locale: 'en' },
]
type Person = (typeof PEOPLE)[number]
export const ROOMS = 'A B C'.split(' ')
export const KINDS = ['scan', 'blood', 'talk', 'plaster']
const TEXTS: Readonly<Record<string, readonly [string, string]>> = {
  not_found: ['There is no such thing', 'Gibt es nicht'],
  unauthorized: ['Please log in', 'Bitte anmelden'],
  forbidden: ['You may not do that', 'Das ist nicht erlaubt'],
  invalid: ['The request is not valid', 'Die Anfrage ist ungültig'],
}
const fail = (ask: Ask, status: number, code: string, field?: string): Answer => {
  const message = TEXTS[code]?.[(ask.headers['Accept-Language'] ?? 'en').startsWith('de') ? 1 : 0] ?? ''
  return { status, json: { ok: false, error: { code, message, ...(field === undefined ? {} : { field }) } } }
}
const good = (data: unknown, status = 200, meta?: unknown): Answer => ({
  status,
  json: { ok: true, data, ...(meta === undefined ? {} : { meta }) },
})
const stamp = (now: number): string => new Date(now).toISOString()

export const openClinic: OpenServer = (chance) => {
  const seed = chanceOf(71)
  const pick = picker(seed)
  const tokens = new Map<string, string>()
  const since = 1_695_000_000_000
  const slots: Row[] = ROOMS.flatMap((room, r) =>
    Array.from({ length: 16 }, (_, i) => ({
      id: `${room}-${i + 1}`,
      room,
      position: i + 1,
      kind: pick(KINDS),
      minutes: 10 + 5 * ((i + r) % 4),
      owner_id: `u-${1 + ((i + r) % 3)}`,
      notes: i % 3 === 0 ? `note ${room}${i}` : '',
      deleted_at: null,
      created_at: stamp(since + i * 60_000),
    })),
  )
  const people = PEOPLE.map((person) => ({ ...person }))
  const only = (row: Row, fields: string | null): Row =>
    fields === null
      ? { ...row }
      : (Object.fromEntries([['id', row.id], ...fields.split(',').map((f) => [f, row[f]])]) as Row)
  const dressed = (row: Row, url: URL): Row => {
    const shown = only(row, url.searchParams.get('fields'))
    if (url.searchParams.get('include') !== 'owner') return shown
    const { id, full_name } = people.find((p) => p.id === row['owner_id']) ?? (PEOPLE[0] as Person)
    return { ...shown, owner: { id, full_name } }
  }
  const sorted = (rows: Row[], sort: string | null): Row[] => {
    for (const key of (sort ?? '')
      .split(',')
      .reverse()
      .filter((k) => k !== '')) {
      const field = key.replace(/^-/, '')
      const sign = key.startsWith('-') ? -1 : 1
      rows.sort((a, b) => {
        const [x, y] = [a[field] as string, b[field] as string]
        return x === y ? 0 : x < y ? -sign : sign
      })
    }
    return rows
  }
  const list = (url: URL, own?: string): Answer => {
    const by = (name: string): string | null => url.searchParams.get(name)
    const found = slots.filter(
      (s) =>
        s['deleted_at'] === null &&
        (own === undefined || s['owner_id'] === own) &&
        (by('kind') === null || s['kind'] === by('kind')) &&
        (by('room') === null || s['room'] === by('room')) &&
        (by('min_minutes') === null || Number(s['minutes']) >= Number(by('min_minutes'))) &&
        (by('search') === null || String(s['notes']).includes(by('search') as string)),
    )
    const per = Number(by('per_page') ?? 8)
    const page = Number(by('page') ?? 1)
    const rows = sorted(found, by('sort')).slice((page - 1) * per, page * per)
    const meta = { page, per_page: per, total: found.length, total_pages: Math.ceil(found.length / per) }
    return good(
      rows.map((r) => dressed(r, url)),
      200,
      meta,
    )
  }
  const madeFrom = (body: Record<string, unknown>, who: string, now: number): Row => {
    const room = String(body['room'])
    const position = 1 + Math.max(0, ...slots.filter((s) => s['room'] === room).map((s) => Number(s['position'])))
    const row: Row = {
      id: `${room}-${position}`,
      room,
      position,
      kind: body['kind'],
      minutes: body['minutes'] ?? 15,
      owner_id: who,
      notes: body['notes'] ?? '',
      deleted_at: null,
      created_at: stamp(now),
    }
    slots.push(row)
    return row
  }
  const wrong = (body: Record<string, unknown>): string | undefined => {
    if (!ROOMS.includes(String(body['room']))) return 'room'
    return KINDS.includes(String(body['kind'])) ? undefined : 'kind'
  }
  const onSlot = (ask: Ask, url: URL, row: Row, me: Person): Answer => {
    if (ask.method === 'GET') return good(dressed(row, url))
    if (row['owner_id'] !== me.id && me.role !== 'admin') return fail(ask, 403, 'forbidden')
    if (ask.method === 'DELETE') {
      row['deleted_at'] = stamp(ask.now)
      return good({ id: row.id, deleted: true })
    }
    Object.assign(row, ask.json)
    return good({ ...row })
  }
  const login = (ask: Ask): Answer => {
    const { username, password } = (ask.json ?? {}) as Row
    const person = people.find((p) => p.username === username)
    if (person === undefined || password !== `pw-${String(username)}`) return fail(ask, 401, 'unauthorized')
    const token = `clinic-${Math.floor(chance() * 1e12).toString(36)}-${person.username}-token`
    tokens.set(token, person.id)
    return good({ access_token: token, user: person })
  }
  const onMe = (ask: Ask, url: URL, me: Person, sub: string | undefined): Answer => {
    if (sub !== undefined) return sub === 'slots' ? list(url, me.id) : fail(ask, 404, 'not_found')
    if (ask.method === 'PATCH') Object.assign(me, ask.json)
    return good({ ...me })
  }
  const onUsers = (ask: Ask, me: Person, id: string | undefined): Answer => {
    if (me.role !== 'admin') return fail(ask, 403, 'forbidden')
    if (id === undefined) return good(people.map((p) => ({ ...p })))
    const person = people.find((p) => p.id === id)
    return person === undefined ? fail(ask, 404, 'not_found') : good({ ...person })
  }
  const onBulk = (ask: Ask, me: Person): Answer => {
    const items = (ask.json as { items?: Record<string, unknown>[] }).items ?? []
    const bad = items.map(wrong).find((field) => field !== undefined)
    if (bad !== undefined) return fail(ask, 422, 'invalid', bad)
    return good(
      items.map((item) => madeFrom(item, me.id, ask.now)),
      201,
    )
  }
  const onSlots = (ask: Ask, url: URL, me: Person, id: string | undefined): Answer => {
    if (id === 'bulk') return onBulk(ask, me)
    if (id !== undefined) {
      const row = slots.find((s) => s.id === id && s['deleted_at'] === null)
      return row === undefined ? fail(ask, 404, 'not_found') : onSlot(ask, url, row, me)
    }
    if (ask.method === 'GET') return list(url)
    const body = (ask.json ?? {}) as Record<string, unknown>
    const bad = wrong(body)
    return bad === undefined ? good(madeFrom(body, me.id, ask.now), 201) : fail(ask, 422, 'invalid', bad)
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, api, what, id, more] = url.pathname.split('/')
    if (api !== 'api' || more !== undefined) return fail(ask, 404, 'not_found')
    if (what === 'login' && ask.method === 'POST') return login(ask)
    const token = (ask.headers['Authorization'] ?? '').replace('Bearer ', '')
    const me = people.find((p) => p.id === tokens.get(token))
    if (me === undefined) return fail(ask, 401, 'unauthorized')
    if (what === 'me') return onMe(ask, url, me, id)
    if (what === 'users') return onUsers(ask, me, id)
    return what === 'slots' ? onSlots(ask, url, me, id) : fail(ask, 404, 'not_found')
  }
}
