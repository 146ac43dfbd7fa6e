/** In the manner of Laravel: `{data, links, meta}` pages with numbered links, `filter[…]`, `sort`, `include`, tokens by log-in, errors by field (422), counts of what belongs to a thing, money as text, bookings that only their owner sees. */
import { chanceOf, picker } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

type Row = Record<string, unknown> & { id: number }
export const PEOPLE = [
  { id: 1, name: 'Iris', email: 'iris@house.test', is_admin: true },
  { id: 2, name: 'Jude', email: 'jude@house.test', is_admin: false },
  { id: 3, name: 'Kit', email: 'kit@house.test', is_admin: false },
] as const
type Person = (typeof PEOPLE)[number]
export const GENRES = ['drama', 'comedy', 'noir', 'western']
export const TITLES = 'Harbour Lantern Winter Orchard Signal Mirror River Engine Garden Letter'.split(' ')
const DIRECTORS = ['A. Lund', 'B. Mori', 'C. Vane', 'D. Osei'].map((name, i) => ({ id: i + 1, name }))
const BASE = 'http://api.test'
const stamp = (now: number): string => new Date(now).toISOString().replace('Z', '000Z')
const says = (status: number, message: string): Answer => ({ status, json: { message } })
const missing = (model: string, id: string | undefined): Answer =>
  says(404, `No query results for model [App\\Models\\${model}] ${id}`)
const FORBIDDEN = says(403, 'This action is unauthorized.')
const ok = (data: unknown, status = 200): Answer => ({ status, json: { data } })

const invalid = (errors: Record<string, string[]>): Answer => {
  const [[first] = [], ...others] = Object.values(errors)
  const more = others.length === 0 ? '' : ` (and ${others.length} more error${others.length > 1 ? 's' : ''})`
  return { status: 422, json: { message: `${first}${more}`, errors } }
}
const lacking = (body: Record<string, unknown>, names: readonly string[]): Answer | undefined => {
  const lacks = names.filter((name) => body[name] === undefined || body[name] === '')
  if (lacks.length === 0) return undefined
  return invalid(Object.fromEntries(lacks.map((n) => [n, [`The ${n.replace('_', ' ')} field is required.`]])))
}

const paged = (rows: readonly unknown[], url: URL): Answer => {
  const size = Number(url.searchParams.get('per_page') ?? 15)
  const page = Number(url.searchParams.get('page') ?? 1)
  const last = Math.max(1, Math.ceil(rows.length / size))
  const path = `${BASE}${url.pathname}`
  const link = (to: number): string => {
    const query = new URLSearchParams(url.searchParams)
    query.delete('page')
    query.append('page', String(to))
    return `${path}?${query.toString()}`
  }
  const prev = page > 1 ? link(page - 1) : null
  const next = page < last ? link(page + 1) : null
  const data = rows.slice((page - 1) * size, page * size)
  const numbered = Array.from({ length: last }, (_, i) => ({
    url: link(i + 1),
    label: String(i + 1),
    active: i + 1 === page,
  }))
  return {
    status: 200,
    json: {
      data,
      links: { first: link(1), last: link(last), prev, next },
      meta: {
        current_page: page,
        from: data.length === 0 ? null : (page - 1) * size + 1,
        last_page: last,
        links: [
          { url: prev, label: '&laquo; Previous', active: false },
          ...numbered,
          { url: next, label: 'Next &raquo;', active: false },
        ],
        path,
        per_page: size,
        to: data.length === 0 ? null : (page - 1) * size + data.length,
        total: rows.length,
      },
    },
  }
}
const sorted = (rows: readonly Row[], by: string | null): readonly Row[] => {
  if (by === null) return rows
  const field = by.replace(/^-/, '')
  const sign = by.startsWith('-') ? -1 : 1
  const keyOf = (row: Row): string | number => row[field] as string
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -sign : keyOf(a) > keyOf(b) ? sign : 0))
}

export const openPlayhouse: OpenServer = (chance) => {
  const seed = chanceOf(83)
  const pick = picker(seed)
  const tokens = new Map<string, Person>()
  const since = 1_690_000_000_000
  let [nextBooking, nextReview, nextToken] = [31, 201, 1]
  let films: Row[] = Array.from({ length: 48 }, (_, i) => ({
    id: i + 1,
    title: `${pick(TITLES)} ${i + 1}`,
    slug: '',
    genre: pick(GENRES),
    year: 1950 + Math.floor(seed() * 70),
    director: pick(DIRECTORS),
    is_showing: seed() < 0.6,
    reviews_count: 0,
    created_at: stamp(since + i * 3_600_000),
    updated_at: stamp(since + i * 3_600_000),
  }))
  for (const film of films) film['slug'] = String(film['title']).toLowerCase().replace(' ', '-')
  const screenings: Row[] = films.flatMap((film) =>
    [0, 1].map((k) => ({
      id: film.id * 2 - 1 + k,
      film_id: film.id,
      hall: pick(['Red', 'Blue', 'Attic']),
      starts_at: stamp(since + 1e9 + film.id * 7_200_000 + k * 3_600_000),
      price: (8 + Math.floor(seed() * 6) / 2).toFixed(2),
    })),
  )
  const nameOf = ({ id, name }: Person) => ({ id, name })
  const reviews: Row[] = []
  const review = (film: Row, body: Row, me: Person, at: number): Row => {
    const { rating, body: text } = body
    const made = { id: nextReview++, film_id: film.id, rating, body: text, author: nameOf(me), created_at: stamp(at) }
    reviews.push(made)
    film['reviews_count'] = Number(film['reviews_count']) + 1
    return made
  }
  for (const film of films.filter((f) => f.id % 4 === 1))
    review(film, { id: 0, rating: 1 + (film.id % 5), body: `${pick(TITLES)} again` }, pick(PEOPLE), since)
  const filmOf = (id: unknown): Row | undefined => films.find((f) => String(f.id) === String(id))
  const booked = (id: number, body: Row, me: Person, at: number): Row => {
    const screening = screenings.find((s) => s.id === body['screening_id']) as Row
    const film = filmOf(screening['film_id']) as Row
    return {
      id,
      reference: `BK-${String(id).padStart(6, '0')}`,
      status: 'pending',
      seats: body['seats'],
      amount: (Number(body['seats']) * Number(screening['price'])).toFixed(2),
      user_id: me.id,
      screening_id: screening.id,
      film: { id: film.id, title: film['title'] },
      created_at: stamp(at),
      updated_at: stamp(at),
    }
  }
  let bookings: Row[] = Array.from({ length: 30 }, (_, i) => {
    const body = { id: 0, screening_id: 1 + Math.floor(seed() * 90), seats: 1 + (i % 4) }
    return booked(i + 1, body, PEOPLE[i % 3] as Person, since + i * 60_000)
  })

  const login = (ask: Ask): Answer => {
    const body = (ask.json ?? {}) as Row
    const lacks = lacking(body, ['email', 'password'])
    if (lacks !== undefined) return lacks
    const person = PEOPLE.find((p) => p.email === body['email'])
    if (person === undefined || body['password'] !== `${person.name}-secret`)
      return invalid({ email: ['The provided credentials are incorrect.'] })
    const secret = Array.from(
      { length: 40 },
      () => 'abcdefghijkmnpqrstuvwxyzABCDEFGH23456789'[Math.floor(chance() * 40)],
    )
    const token = `${nextToken++}|${secret.join('')}`
    tokens.set(token, person)
    return { status: 200, json: { access_token: token, token_type: 'Bearer', user: nameOf(person) } }
  }
  const including = (film: Row, url: URL): Row => {
    const includes = (url.searchParams.get('include') ?? '').split(',')
    return {
      ...film,
      ...(includes.includes('screenings') ? { screenings: screenings.filter((s) => s['film_id'] === film.id) } : {}),
    }
  }
  const listFilms = (url: URL): Answer => {
    const isWanted = (row: Row): boolean =>
      [...url.searchParams].every(([name, value]) => {
        const field = /^filter\[(\w+)\]$/.exec(name)?.[1]
        if (name === 'search') return String(row['title']).toLowerCase().includes(value.toLowerCase())
        if (field === 'director_id') return String((row['director'] as Row).id) === value
        return field === undefined || String(row[field]) === value
      })
    const found = sorted(films.filter(isWanted), url.searchParams.get('sort'))
    return paged(
      found.map((film) => including(film, url)),
      url,
    )
  }
  const onReviews = (ask: Ask, film: Row, me: Person | undefined): Answer => {
    if (ask.method === 'GET') return ok(reviews.filter((r) => r['film_id'] === film.id))
    if (me === undefined) return says(401, 'Unauthenticated.')
    const body = (ask.json ?? {}) as Row
    return lacking(body, ['rating', 'body']) ?? ok(review(film, body, me, ask.now), 201)
  }
  const changeFilm = (ask: Ask, film: Row): Answer => {
    if (ask.method === 'DELETE') {
      films = films.filter((f) => f !== film)
      return { status: 204 }
    }
    const body = (ask.json ?? {}) as Row
    const lacks = ask.method === 'PUT' ? lacking(body, ['title', 'genre', 'year']) : undefined
    if (lacks !== undefined) return lacks
    Object.assign(film, body, { updated_at: stamp(ask.now) })
    if (body['title'] !== undefined) film['slug'] = String(body['title']).toLowerCase().replaceAll(' ', '-')
    return ok(film)
  }
  const makeFilm = (ask: Ask): Answer => {
    const body = (ask.json ?? {}) as Row
    const lacks = lacking(body, ['title', 'genre', 'year'])
    if (lacks !== undefined) return lacks
    if (!GENRES.includes(String(body['genre']))) return invalid({ genre: ['The selected genre is invalid.'] })
    const { title, genre, year, director_id } = body
    const film = {
      id: (films.at(-1)?.id ?? 0) + 1,
      title,
      slug: String(title).toLowerCase().replaceAll(' ', '-'),
      genre,
      year,
      director: DIRECTORS[Number(director_id ?? 1) - 1],
      is_showing: false,
      reviews_count: 0,
      created_at: stamp(ask.now),
      updated_at: stamp(ask.now),
    }
    films.push(film)
    return ok(film, 201)
  }
  const onFilms = (ask: Ask, url: URL, me: Person | undefined, [id, sub]: readonly string[]): Answer => {
    const film = filmOf(id)
    if (id !== undefined && film === undefined) return missing('Film', id)
    if (film !== undefined && sub === 'reviews') return onReviews(ask, film, me)
    if (film !== undefined && sub === 'screenings') return ok(screenings.filter((s) => s['film_id'] === film.id))
    if (ask.method === 'GET') return film === undefined ? listFilms(url) : ok(including(film, url))
    if (me === undefined) return says(401, 'Unauthenticated.')
    if (!me.is_admin) return FORBIDDEN
    return film === undefined ? makeFilm(ask) : changeFilm(ask, film)
  }
  const onBooking = (ask: Ask, booking: Row, sub: string | undefined): Answer => {
    if (sub === 'cancel') {
      if (booking['status'] === 'cancelled') return says(422, 'The booking is already cancelled.')
      Object.assign(booking, { status: 'cancelled', updated_at: stamp(ask.now) })
      return ok(booking)
    }
    if (ask.method === 'DELETE') {
      bookings = bookings.filter((b) => b !== booking)
      return { status: 204 }
    }
    const { seats } = (ask.json ?? {}) as Row
    if (ask.method === 'GET') return ok(booking)
    const price = Number(booking['amount']) / Number(booking['seats'])
    Object.assign(booking, { seats, amount: (price * Number(seats)).toFixed(2), updated_at: stamp(ask.now) })
    return ok(booking)
  }
  const onBookings = (ask: Ask, url: URL, me: Person | undefined, [id, sub]: readonly string[]): Answer => {
    if (me === undefined) return says(401, 'Unauthenticated.')
    if (id !== undefined) {
      const booking = bookings.find((b) => String(b.id) === id)
      if (booking === undefined) return missing('Booking', id)
      return booking['user_id'] === me.id ? onBooking(ask, booking, sub) : FORBIDDEN
    }
    const status = url.searchParams.get('filter[status]')
    const mine = bookings.filter((b) => b['user_id'] === me.id && (status === null || b['status'] === status))
    if (ask.method === 'GET') return paged(mine, url)
    const body = (ask.json ?? {}) as Row
    const lacks = lacking(body, ['screening_id', 'seats'])
    if (lacks !== undefined) return lacks
    if (!screenings.some((s) => s.id === body['screening_id']))
      return invalid({ screening_id: ['The selected screening id is invalid.'] })
    const made = booked(nextBooking++, body, me, ask.now)
    bookings.push(made)
    return ok(made, 201)
  }
  return (ask) => {
    const url = new URL(ask.path, BASE)
    const [, root, what, ...rest] = url.pathname.split('/')
    const me = tokens.get((ask.headers['Authorization'] ?? '').slice(7))
    if (root === 'api' && what === 'login' && ask.method === 'POST') return login(ask)
    if (root === 'api' && what === 'user') return me === undefined ? says(401, 'Unauthenticated.') : ok({ ...me })
    if (root === 'api' && what === 'films') return onFilms(ask, url, me, rest)
    if (root === 'api' && what === 'bookings') return onBookings(ask, url, me, rest)
    return says(404, `The route ${url.pathname.slice(1)} could not be found.`)
  }
}
