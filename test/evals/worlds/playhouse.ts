/** The story of the playhouse: visitors, two guests and who runs it, then a ghost in its place. */
import { GENRES, openPlayhouse, PEOPLE, TITLES } from './playhouse-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const chance = chanceOf(19)
const pick = picker(chance)
const NAMES = PEOPLE.map((p) => p.name)
const as = (name: string) => ({ headers: { Authorization: `Bearer {{t_${name}}}` } })
const any = () => as(pick(NAMES))
const FILMS = '/api/films'
const BOOKINGS = '/api/bookings'
const known = (): number => 1 + Math.floor(chance() * 36)
/** Who has it: bookings were given to people in turn. */
const own = (name: string): number => 1 + NAMES.indexOf(name as (typeof NAMES)[number]) + 3 * Math.floor(chance() * 8)
const login = (name: string, password = `${name}-secret`): Step => ({
  method: 'POST',
  path: '/api/login',
  json: { email: `${name.toLowerCase()}@house.test`, password },
  ...(password === `${name}-secret` ? { save: { [`t_${name}`]: '/access_token' } } : {}),
})
const filmOf = (i: number) => ({
  title: `${pick(TITLES)} made ${i}`,
  genre: pick(GENRES),
  year: 1960 + (i % 50),
  ...(i % 2 === 0 ? { director_id: 1 + (i % 4) } : {}),
})
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const booking = (i: number): Step[] => {
  const me = any()
  const path = `${BOOKINGS}/{{b${i}}}`
  const json = { screening_id: 1 + Math.floor(chance() * 72), seats: 1 + (i % 4) }
  return [
    { method: 'POST', path: BOOKINGS, json, ...me, save: { [`b${i}`]: '/data/id' } },
    { path, ...me },
    ...maybe(0.5, chance, [
      { method: 'PATCH', path, json: { seats: 1 + (i % 5) }, ...me },
      { path, ...me },
    ]),
    ...maybe(0.5, chance, [
      { method: 'POST', path: `${path}/cancel`, ...me },
      { path, ...me },
    ]),
    ...maybe(0.3, chance, [{ method: 'POST', path: `${path}/cancel`, ...me }]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const film = (i: number): Step[] => {
  const me = as('Iris')
  const path = `${FILMS}/{{f${i}}}`
  return [
    { method: 'POST', path: FILMS, json: filmOf(i), ...me, save: { [`f${i}`]: '/data/id' } },
    { path },
    ...maybe(0.6, chance, [
      { method: 'PUT', path, json: filmOf(i + 1), ...me },
      { path, ...any() },
    ]),
    ...maybe(0.5, chance, [{ method: 'PATCH', path, json: { is_showing: i % 2 === 0 }, ...me }, { path }]),
    ...maybe(0.6, chance, [
      { method: 'POST', path: `${path}/reviews`, json: { rating: 1 + (i % 5), body: `liked ${i}` }, ...any() },
      { path: `${path}/reviews` },
      { path },
    ]),
    ...maybe(0.5, chance, [{ method: 'DELETE', path, ...me }, { path }]),
  ]
}
const QUERIES = [
  () => `page=${pick([1, 2, 3])}`,
  () => `filter[genre]=${pick(GENRES)}`,
  () => `sort=${pick(['-year', 'title', 'year'])}`,
  () => `search=${pick(TITLES).toLowerCase()}`,
  () => `filter[director_id]=${pick([1, 2, 3])}&per_page=5`,
  () => `include=screenings&per_page=5&page=${pick([1, 2, 3, 4])}`,
]
const chapters: readonly Chapter[] = [
  { weight: 5, steps: one(() => ({ path: `${FILMS}/${known()}`, ...pick([any(), {}]) })) },
  { weight: 6, steps: one(() => ({ path: `${FILMS}?${pick(QUERIES)()}`, ...pick([any(), {}]) })) },
  { weight: 1, steps: one(() => ({ path: `${FILMS}/${known()}/screenings` })) },
  { weight: 1, steps: one(() => ({ path: `${FILMS}/${known()}?include=screenings` })) },
  { weight: 1, steps: one(() => ({ path: `${FILMS}/${known()}/reviews`, ...any() })) },
  { weight: 1, steps: one((i) => ({ path: `${FILMS}/${5000 + i * 37}` })) },
  { weight: 2, steps: () => [pick(NAMES)].map((n) => ({ path: `${BOOKINGS}/${own(n)}`, ...as(n) })) },
  { weight: 1, steps: () => [pick(NAMES)].map((n) => ({ path: BOOKINGS, ...as(n) })) },
  { weight: 1, steps: one(() => ({ path: `${BOOKINGS}?filter[status]=${pick(['pending', 'cancelled'])}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `${BOOKINGS}/${own('Jude')}`, ...as('Kit') })) },
  { weight: 1, steps: one((i) => ({ path: `${BOOKINGS}/${own('Kit')}`, headers: pick([{}, as(`x${i}`).headers]) })) },
  { weight: 1, steps: one(() => ({ path: '/api/user', ...any() })) },
  { weight: 1, steps: one(() => ({ method: 'POST', path: FILMS, json: { genre: 'noir' }, ...as('Iris') })) },
  { weight: 1, steps: one((i) => ({ method: 'POST', path: FILMS, json: filmOf(i), ...as('Kit') })) },
  { weight: 1, steps: one(() => ({ method: 'POST', path: BOOKINGS, json: { seats: 2 }, ...any() })) },
  { weight: 1, steps: (i) => [login(pick(NAMES), `wrong-${i}`)] },
  { weight: 3, steps: booking },
  { weight: 3, steps: film },
]
const train: Step[] = [
  ...NAMES.map((name) => login(name)),
  ...tell(chapters, 260, chance),
  ...['/', '/api', '/api/actors', '/up'].map((path) => ({ path })),
]

const simulatedBooking = (name: string, i: number): Step[] => {
  const path = `${BOOKINGS}/{{v${i}}}`
  const me = as(name)
  const json = { screening_id: 3 + i * 7, seats: 2 + i }
  return [
    { cls: 'write', method: 'POST', path: BOOKINGS, json, ...me, save: { [`v${i}`]: '/data/id' } },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PATCH', path, json: { seats: 1 + i }, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}/cancel`, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}/cancel`, ...me },
    { cls: 'write_read', path: `${BOOKINGS}?filter[status]=cancelled`, ...me },
    { cls: 'write', method: 'DELETE', path, ...me },
    { cls: 'read_after_delete', path, ...me },
    { cls: 'write', method: 'POST', path: BOOKINGS, json: { screening_id: 4 }, ...me },
    { cls: 'no_auth', method: 'POST', path: BOOKINGS, json },
  ]
}
const simulatedFilm = (i: number): Step[] => {
  const path = `${FILMS}/{{w${i}}}`
  const me = as('Iris')
  return [
    { cls: 'write', method: 'POST', path: FILMS, json: filmOf(300 + i), ...me, save: { [`w${i}`]: '/data/id' } },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PATCH', path, json: { title: `Ghost ${i}` }, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}/reviews`, json: { rating: 4, body: `fine ${i}` }, ...me },
    { cls: 'write_read', path: `${path}/reviews`, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'DELETE', path, ...me },
    { cls: 'read_after_delete', path, ...me },
    { cls: 'write', method: 'POST', path: FILMS, json: { title: 'no more' }, ...me },
    { cls: 'write', method: 'POST', path: FILMS, json: filmOf(i), ...as('Jude') },
  ]
}
const TRIED = [
  'page=4',
  'per_page=7&page=2',
  'filter[genre]=noir&sort=-year',
  'filter[genre]=drama&filter[director_id]=2',
  'sort=-title&per_page=5',
  'search=harbour&sort=year',
  'filter[director_id]=4',
  'include=screenings&filter[genre]=comedy&per_page=3',
]
const test: Step[] = [
  ...Array.from({ length: 8 }, () => ({ cls: 'seen', path: `${FILMS}/${known()}`, ...pick([any(), {}]) })),
  ...NAMES.flatMap((name): Step[] => [
    { cls: 'seen', path: `${BOOKINGS}/${own(name)}`, ...as(name) },
    { cls: 'seen', path: BOOKINGS, ...as(name), forbid: ['"user_id":0'] },
    {
      cls: 'seen',
      path: '/api/user',
      ...as(name),
      forbid: NAMES.filter((n) => n !== name).map((n) => `${n.toLowerCase()}@`),
    },
  ]),
  ...[37, 39, 41, 43, 45, 48].map((id) => ({ cls: 'unseen_id', path: `${FILMS}/${id}`, ...pick([any(), {}]) })),
  ...[38, 42].map((id) => ({ cls: 'unseen_id', path: `${FILMS}/${id}/screenings` })),
  ...[28, 29, 30].map((id) => ({ cls: 'unseen_id', path: `${BOOKINGS}/${id}`, ...as(NAMES[(id - 1) % 3] ?? '') })),
  ...TRIED.map((query) => ({ cls: 'new_query', path: `${FILMS}?${query}` })),
  { cls: 'new_query', path: `${BOOKINGS}?per_page=3`, ...as('Kit') },
  ...[1, 2, 3].map((i) => ({ cls: 'missing_id', path: `${FILMS}/${9000 + i * 17}` })),
  { cls: 'missing_id', path: `${BOOKINGS}/98431`, ...any() },
  ...[3, 6].map((id) => ({ cls: 'private_other', path: `${BOOKINGS}/${id}`, ...as('Jude'), forbid: ['BK-'] })),
  { cls: 'no_auth', path: '/api/user', forbid: NAMES },
  { cls: 'no_auth', path: BOOKINGS, forbid: ['BK-'] },
  {
    cls: 'no_auth',
    path: `${BOOKINGS}/2`,
    headers: { Authorization: `Bearer 7|${'aB3'.repeat(13)}z` },
    forbid: ['BK-'],
  },
  ...NAMES.flatMap((name, i) => simulatedBooking(name, i)),
  ...[1, 2].flatMap((i) => simulatedFilm(i)),
  ...['/api/theatres', '/v2/films', '/api/film'].map((path) => ({ cls: 'unknown_path', path, ...any() })),
]

export const playhouse: World = { name: 'playhouse', open: openPlayhouse, train, test }
