/** The story of the tracker: three people with tokens, then a ghost in its place. */
import { LABELS, openTracker, PEOPLE, WORDS } from './tracker-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const chance = chanceOf(18)
const pick = picker(chance)
const NAMES = PEOPLE.map((p) => p.username)
const as = (name: string) => ({ headers: { Authorization: `Token {{t_${name}}}` } })
const any = () => as(pick(NAMES))
const ROOT = '/api/tickets/'
const known = (): number => 1 + Math.floor(chance() * 44)
const login = (name: string, password = `${name}-pass`): Step => ({
  method: 'POST',
  path: '/api/token-auth/',
  json: { username: name, password },
  ...(password === `${name}-pass` ? { save: { [`t_${name}`]: '/token' } } : {}),
})
const bodyOf = (i: number) => ({
  project: 1 + (i % 6),
  title: `made ${i}`,
  label: pick(LABELS),
  ...(i % 2 === 0 ? { priority: 1 + (i % 5) } : {}),
})
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const living = (i: number): Step[] => {
  const me = any()
  const path = `${ROOT}{{k${i}}}/`
  return [
    { method: 'POST', path: ROOT, json: bodyOf(i), ...me, save: { [`k${i}`]: '/id' } },
    { path, ...me },
    ...maybe(0.5, chance, [
      { method: 'PATCH', path, json: { priority: 1 + (i % 5) }, ...me },
      { path, ...me },
    ]),
    ...maybe(0.4, chance, [
      { method: 'POST', path: `${path}comments/`, json: { text: `note ${i}` }, ...me },
      { path: `${path}comments/`, ...me },
      { path, ...me },
    ]),
    ...maybe(0.4, chance, [
      { method: 'POST', path: `${path}close/`, ...me },
      { path, ...me },
    ]),
    ...maybe(0.3, chance, [{ method: 'POST', path: `${path}close/`, ...me }]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const QUERIES = [
  () => `page=${pick([1, 2, 3])}`,
  () => `label=${pick(LABELS)}`,
  () => `is_closed=${pick(['true', 'false'])}`,
  () => `ordering=${pick(['-priority', 'title', 'created'])}`,
  () => `search=${pick(WORDS)}`,
  () => `priority__gte=${pick([3, 4, 5])}`,
  () => `project=${pick([1, 2, 3])}&page_size=5`,
]
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `${ROOT}${known()}/`, ...any() })) },
  { weight: 5, steps: one(() => ({ path: `${ROOT}?${pick(QUERIES)()}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}${known()}/comments/`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `/api/projects/${pick([1, 2, 3, 4])}/`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `/api/projects/${pick([1, 2, 3])}/tickets/`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: '/api/projects/', ...any() })) },
  { weight: 1, steps: one(() => ({ path: '/api/users/me/', ...any() })) },
  { weight: 1, steps: one((i) => ({ path: `${ROOT}${7000 + i * 31}/`, ...any() })) },
  { weight: 1, steps: one((i) => ({ path: `${ROOT}${known()}/`, headers: pick([{}, as(`x${i}`).headers]) })) },
  {
    weight: 1,
    steps: one(() => ({ method: 'POST', path: ROOT, json: pick([{ title: 'x' }, { project: 2 }]), ...any() })),
  },
  {
    weight: 1,
    steps: one((i) => ({ method: 'PATCH', path: `${ROOT}${known()}/`, json: { title: `t ${i}` }, ...any() })),
  },
  {
    weight: 1,
    steps: one((i) => ({
      method: 'PUT',
      path: `${ROOT}${known()}/`,
      json: { ...bodyOf(i), assignee: pick(NAMES) },
      ...as('nina'),
    })),
  },
  { weight: 1, steps: (i) => [login(pick(NAMES), `wrong-${i}`)] },
  { weight: 3, steps: living },
]
const train: Step[] = [
  ...NAMES.map((name) => login(name)),
  ...tell(chapters, 260, chance),
  ...['/', '/api/', '/api/labels/', '/static/x'].map((path) => ({ path })),
]

const simulated = (name: string, i: number): Step[] => {
  const path = `${ROOT}{{w${i}}}/`
  const me = as(name)
  return [
    { cls: 'write', method: 'POST', path: ROOT, json: bodyOf(200 + i), ...me, save: { [`w${i}`]: '/id' } },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PATCH', path, json: { title: `ghost ${i}` }, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}comments/`, json: { text: `from ${i}` }, ...me },
    { cls: 'write_read', path: `${path}comments/`, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}close/`, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}close/`, ...me },
    { cls: 'write', method: 'DELETE', path, ...me },
    { cls: 'read_after_delete', path, ...me },
    { cls: 'write', method: 'POST', path: ROOT, json: { title: 'no project' }, ...me },
    { cls: 'no_auth', method: 'POST', path: ROOT, json: bodyOf(i) },
  ]
}
const TRIED = [
  'page=4',
  'label=bug&page_size=5',
  'ordering=priority&page_size=5',
  'ordering=-title',
  'search=mail&label=idea',
  'priority__gte=2&project=2',
  'project=4',
  'is_closed=true&ordering=-created',
]
const test: Step[] = [
  ...Array.from({ length: 9 }, () => ({ cls: 'seen', path: `${ROOT}${known()}/`, ...any() })),
  ...[1, 2, 3].map((id) => ({ cls: 'seen', path: `/api/projects/${id}/`, ...any() })),
  ...[46, 49, 51, 54, 57, 60].map((id) => ({ cls: 'unseen_id', path: `${ROOT}${id}/`, ...any() })),
  ...[5, 6].map((id) => ({ cls: 'unseen_id', path: `/api/projects/${id}/`, ...any() })),
  ...[47, 52].map((id) => ({ cls: 'unseen_id', path: `${ROOT}${id}/comments/`, ...any() })),
  ...TRIED.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}`, ...any() })),
  { cls: 'new_query', path: '/api/projects/2/tickets/?ordering=-priority', ...any() },
  ...[1, 2, 3, 4].map((i) => ({ cls: 'missing_id', path: `${ROOT}${9000 + i * 17}/`, ...any() })),
  ...NAMES.map((name) => ({
    cls: 'seen',
    path: '/api/users/me/',
    ...as(name),
    forbid: NAMES.filter((other) => other !== name).map((other) => `${other}@`),
  })),
  { cls: 'no_auth', path: '/api/users/me/', forbid: NAMES },
  ...[3, 8].map((id) => ({ cls: 'no_auth', path: `${ROOT}${id}/`, forbid: WORDS })),
  { cls: 'no_auth', path: `${ROOT}4/`, headers: { Authorization: `Token ${'0af9'.repeat(10)}` }, forbid: WORDS },
  ...NAMES.flatMap((name, i) => simulated(name, i)),
  ...['/api/milestones/', '/v2/tickets/', '/api/ticket/'].map((path) => ({ cls: 'unknown_path', path, ...any() })),
]

export const tracker: World = { name: 'tracker', open: openTracker, train, test }
