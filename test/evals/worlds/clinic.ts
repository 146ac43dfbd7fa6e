/** The story of the clinic: three people at work, then a ghost in its place. */
import { KINDS, openClinic, PEOPLE, ROOMS } from './clinic-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const chance = chanceOf(17)
const pick = picker(chance)
const NAMES = PEOPLE.map((p) => p.username)
const bearer = (name: string, language?: string) => ({
  headers: {
    Authorization: `Bearer {{t_${name}}}`,
    ...(language === undefined ? {} : { 'Accept-Language': language }),
  },
})
const ROOT = '/api/slots'
const login = (name: string, password = `pw-${name}`): Step => ({
  method: 'POST',
  path: '/api/login',
  json: { username: name, password },
  ...(password === `pw-${name}` ? { save: { [`t_${name}`]: '/data/access_token' } } : {}),
})
const known = (): string => `${pick(ROOMS)}-${1 + Math.floor(chance() * 11)}`
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const bodyOf = (i: number) => ({ room: pick(ROOMS), kind: pick(KINDS), minutes: 15 + 5 * (i % 5), notes: `made ${i}` })
const living = (i: number): Step[] => {
  const me = bearer(pick(NAMES))
  const path = `${ROOT}/{{s${i}}}`
  return [
    { method: 'POST', path: ROOT, json: bodyOf(i), ...me, save: { [`s${i}`]: '/data/id' } },
    { path, ...me },
    { method: 'PATCH', path, json: { notes: `edited ${i}` }, ...me },
    { path, ...me },
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const SORTS = ['-minutes', 'kind,-minutes', 'position']
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `${ROOT}/${known()}`, ...bearer(pick(NAMES)) })) },
  { weight: 2, steps: one(() => ({ path: `${ROOT}?page=${pick([1, 2, 3])}`, ...bearer(pick(NAMES)) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?kind=${pick(KINDS)}`, ...bearer(pick(NAMES)) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?room=${pick(ROOMS)}&per_page=20`, ...bearer(pick(NAMES)) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?sort=${pick(SORTS)}`, ...bearer(pick(NAMES)) })) },
  {
    weight: 1,
    steps: one(() => ({ path: `${ROOT}?fields=${pick(['kind', 'kind,minutes', 'notes'])}`, ...bearer(pick(NAMES)) })),
  },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${known()}?include=owner`, ...bearer(pick(NAMES)) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}?min_minutes=${pick([15, 20, 25])}`, ...bearer(pick(NAMES)) })) },
  { weight: 2, steps: one(() => ({ path: '/api/me', ...bearer(pick(NAMES)) })) },
  { weight: 1, steps: one(() => ({ path: '/api/me/slots', ...bearer(pick(NAMES)) })) },
  {
    weight: 1,
    steps: one((i) => ({ method: 'PATCH', path: '/api/me', json: { full_name: `Name ${i}` }, ...bearer(pick(NAMES)) })),
  },
  {
    weight: 1,
    steps: one(() => ({ path: pick(['/api/users', '/api/users/u-2', '/api/users/u-1']), ...bearer(pick(NAMES)) })),
  },
  {
    weight: 1,
    steps: one(() => ({
      path: `${ROOT}/${pick(ROOMS)}-${300 + Math.floor(chance() * 90)}`,
      ...bearer(pick(NAMES), pick(['en', 'de-DE'])),
    })),
  },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${known()}` })) },
  {
    weight: 1,
    steps: one(() => ({
      method: 'POST',
      path: ROOT,
      json: pick([{ room: 'A' }, { kind: 'scan' }]),
      ...bearer(pick(NAMES)),
    })),
  },
  {
    weight: 1,
    steps: one((i) => ({
      method: 'POST',
      path: `${ROOT}/bulk`,
      json: { items: [bodyOf(i), bodyOf(i + 1)] },
      ...bearer(pick(NAMES)),
    })),
  },
  { weight: 1, steps: (i) => [login(pick(NAMES), `wrong-${i}`)] },
  { weight: 2, steps: living },
]
const train: Step[] = [
  ...NAMES.map((name) => login(name)),
  ...tell(chapters, 260, chance),
  ...['/', '/api/rooms', '/status'].map((path) => ({ path })),
]

const simulated = (name: string, i: number): Step[] => {
  const path = `${ROOT}/{{w${i}}}`
  const me = bearer(name)
  return [
    { cls: 'write', method: 'POST', path: ROOT, json: bodyOf(200 + i), ...me, save: { [`w${i}`]: '/data/id' } },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PATCH', path, json: { minutes: 45, notes: 'ghost' }, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'DELETE', path, ...me },
    { cls: 'read_after_delete', path, ...me },
    { cls: 'write', method: 'PATCH', path: '/api/me', json: { full_name: `Ghost ${i}` }, ...me },
    { cls: 'write_read', path: '/api/me', ...me },
    { cls: 'write', method: 'POST', path: `${ROOT}/bulk`, json: { items: [bodyOf(300 + i), bodyOf(301 + i)] }, ...me },
    { cls: 'write', method: 'POST', path: ROOT, json: { room: 'B' }, ...me },
    { cls: 'no_auth', method: 'POST', path: ROOT, json: bodyOf(i) },
  ]
}
const QUERIES = [
  'page=4',
  'kind=scan&per_page=5',
  'sort=-position',
  'fields=minutes,room',
  'min_minutes=20&room=B',
  'room=C&sort=-minutes',
  'per_page=6&page=2',
]
const test: Step[] = [
  ...Array.from({ length: 9 }, () => ({ cls: 'seen', path: `${ROOT}/${known()}`, ...bearer(pick(NAMES)) })),
  ...['A-12', 'A-14', 'B-13', 'B-15', 'C-12', 'C-16'].map((id) => ({
    cls: 'unseen_id',
    path: `${ROOT}/${id}`,
    ...bearer(pick(NAMES)),
  })),
  ...QUERIES.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}`, ...bearer(pick(NAMES)) })),
  ...['A-3', 'B-7'].map((id) => ({ cls: 'new_query', path: `${ROOT}/${id}?include=owner`, ...bearer('ana') })),
  ...NAMES.map((name) => ({
    cls: 'seen',
    path: '/api/me',
    ...bearer(name),
    forbid: PEOPLE.filter((p) => p.username !== name).map((p) => p.username),
  })),
  ...['en', 'de', 'de-AT'].map((language, i) => ({
    cls: 'missing_id',
    path: `${ROOT}/B-${700 + i}`,
    ...bearer('cat', language),
  })),
  ...['ben', 'cat'].map((name) => ({ cls: 'private_other', path: '/api/users/u-1', ...bearer(name), forbid: ['Ana'] })),
  ...['ben', 'cat'].map((name) => ({ cls: 'private_other', path: '/api/users', ...bearer(name), forbid: ['Ana'] })),
  { cls: 'no_auth', path: '/api/me', forbid: ['ana', 'ben', 'cat'] },
  { cls: 'no_auth', path: `${ROOT}/A-3`, forbid: ['note'] },
  { cls: 'no_auth', path: `${ROOT}/A-3`, headers: { Authorization: 'Bearer made-up-token-1' }, forbid: ['note'] },
  ...NAMES.flatMap((name, i) => simulated(name, i)),
  ...['/api/doctors', '/v2/slots', '/api/slot'].map((path) => ({ cls: 'unknown_path', path, ...bearer('ana') })),
]

export const clinic: World = { name: 'clinic', open: openClinic, train, test }
