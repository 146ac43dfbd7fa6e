/** The story of the surgery: two who may, one who may not, then a ghost in its place. */
import { basic, LAST, openSurgery, TYPES, USERS } from './surgery-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const chance = chanceOf(19)
const pick = picker(chance)
const [VERA = '', OMAR = '', GIL = ''] = Object.keys(USERS)
const as = (pair: string) => ({ headers: { Authorization: basic(pair) } })
const any = () => as(pick([VERA, OMAR]))
const ROOT = '/petclinic/owners'
const known = (): number => 1 + Math.floor(chance() * 28)
const ownerBody = (i: number) => ({
  firstName: pick(['Ida', 'Jon', 'Kai']),
  lastName: pick(LAST),
  city: pick(['Madison', 'Monona']),
  ...(i % 3 === 0 ? {} : { address: `${i} Elm St.`, telephone: `60866${1000 + i}` }),
})
const petBody = (i: number) => ({
  name: `Pet${i}`,
  birthDate: `2020-01-${10 + (i % 19)}`,
  type: { id: 1 + (i % 4), name: TYPES[i % 4] },
})
const one = (step: (i: number) => Step) => (i: number) => [step(i)]
const living = (i: number): Step[] => {
  const me = any()
  const path = `${ROOT}/{{o${i}}}`
  return [
    { method: 'POST', path: ROOT, json: ownerBody(i), ...me, save: { [`o${i}`]: '/id' } },
    { path, ...me },
    ...maybe(0.4, chance, [
      { method: 'PUT', path, json: ownerBody(i + 1), ...me },
      { path, ...me },
    ]),
    ...maybe(0.4, chance, [
      { method: 'PATCH', path, json: { telephone: `60877${1000 + i}` }, ...me },
      { path, ...me },
    ]),
    ...maybe(0.6, chance, [
      { method: 'POST', path: `${path}/pets`, json: petBody(i), ...me, save: { [`p${i}`]: '/id' } },
      { path: `${path}/pets/{{p${i}}}`, ...me },
      { path, ...me },
      {
        method: 'POST',
        path: `${path}/pets/{{p${i}}}/visits`,
        json: { description: `for ${i}` },
        ...me,
        save: { [`v${i}`]: '/id' },
      },
      { path: `/petclinic/visits/{{v${i}}}`, ...me },
      ...maybe(0.7, chance, [
        { method: 'PUT', path: `/petclinic/visits/{{v${i}}}/${pick(['complete', 'cancel'])}`, ...me },
        { path: `/petclinic/visits/{{v${i}}}`, ...me },
      ]),
      ...maybe(0.3, chance, [{ method: 'PUT', path: `/petclinic/visits/{{v${i}}}/complete`, ...me }]),
    ]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const QUERIES = [
  () => `page=${pick([0, 1, 2])}`,
  () => `page=${pick([0, 1])}&size=5`,
  () => `lastName=${pick(LAST)}`,
  () => `city=${pick(['Madison', 'Windsor'])}`,
  () => `sort=${pick(['lastName,asc', 'id,desc', 'lastName,desc'])}`,
  () => 'active=false',
]
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `${ROOT}/${known()}`, ...any() })) },
  { weight: 5, steps: one(() => ({ path: `${ROOT}?${pick(QUERIES)()}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${known()}/pets`, ...any() })) },
  { weight: 2, steps: one(() => ({ path: `/petclinic/pets/${1 + Math.floor(chance() * 60)}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `/petclinic/visits/${1 + Math.floor(chance() * 18)}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `/petclinic/visits?status=${pick(['PLANNED', 'DONE'])}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: '/petclinic/pettypes', ...as(pick([VERA, OMAR, GIL])) })) },
  { weight: 1, steps: one(() => ({ path: '/petclinic/me', ...as(pick([VERA, OMAR, GIL])) })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${known()}`, ...as(GIL) })) },
  { weight: 1, steps: one((i) => ({ path: `${ROOT}/${3000 + i * 41}`, ...any() })) },
  { weight: 1, steps: one(() => ({ path: `${ROOT}/${known()}`, headers: pick([{}, as('eve:guess').headers]) })) },
  {
    weight: 1,
    steps: one(() => ({
      method: 'POST',
      path: ROOT,
      json: pick([
        { firstName: 'A', city: 'B' },
        { lastName: 'C', city: 'D', firstName: '' },
      ]),
      ...any(),
    })),
  },
  { weight: 3, steps: living },
]
const train: Step[] = [
  ...tell(chapters, 250, chance),
  ...['/', '/petclinic/nurses', '/actuator'].map((path) => ({ path, ...as(VERA) })),
]

const simulated = (pair: string, i: number): Step[] => {
  const path = `${ROOT}/{{w${i}}}`
  const me = as(pair)
  const visit = `/petclinic/visits/{{wv${i}}}`
  return [
    { cls: 'write', method: 'POST', path: ROOT, json: ownerBody(200 + i), ...me, save: { [`w${i}`]: '/id' } },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PUT', path, json: ownerBody(300 + i), ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'PATCH', path, json: { city: 'Windsor' }, ...me },
    { cls: 'write_read', path, ...me },
    { cls: 'write', method: 'POST', path: `${path}/pets`, json: petBody(i), ...me, save: { [`wp${i}`]: '/id' } },
    { cls: 'write_read', path: `${path}/pets/{{wp${i}}}`, ...me },
    { cls: 'write_read', path, ...me },
    {
      cls: 'write',
      method: 'POST',
      path: `${path}/pets/{{wp${i}}}/visits`,
      json: { description: 'ghostly' },
      ...me,
      save: { [`wv${i}`]: '/id' },
    },
    { cls: 'write_read', path: visit, ...me },
    { cls: 'write', method: 'PUT', path: `${visit}/complete`, ...me },
    { cls: 'write_read', path: visit, ...me },
    { cls: 'write', method: 'PUT', path: `${visit}/complete`, ...me },
    { cls: 'write', method: 'DELETE', path, ...me },
    { cls: 'read_after_delete', path, ...me },
    { cls: 'write', method: 'POST', path: ROOT, json: { firstName: 'only' }, ...me },
    { cls: 'no_auth', method: 'POST', path: ROOT, json: ownerBody(i) },
    { cls: 'no_auth', method: 'POST', path: ROOT, json: ownerBody(i), ...as(GIL) },
  ]
}
const TRIED = [
  'page=3',
  'page=1&size=6',
  'lastName=C',
  'city=Monona&size=5',
  'sort=lastName,asc&page=1',
  'sort=city,asc',
  'active=false&city=Madison',
]
const test: Step[] = [
  ...Array.from({ length: 9 }, () => ({ cls: 'seen', path: `${ROOT}/${known()}`, ...any() })),
  ...[4, 9, 13].map((id) => ({ cls: 'seen', path: `/petclinic/visits/${id}`, ...any() })),
  ...[30, 32, 33, 35, 38, 40].map((id) => ({ cls: 'unseen_id', path: `${ROOT}/${id}`, ...any() })),
  ...[20, 22, 23].map((id) => ({ cls: 'unseen_id', path: `/petclinic/visits/${id}`, ...any() })),
  ...[5, 8, 11, 14].map((id) => ({ cls: 'unseen_id', path: `${ROOT}/${id}/pets/${3 * id - 2}`, ...any() })),
  ...TRIED.map((query) => ({ cls: 'new_query', path: `${ROOT}?${query}`, ...any() })),
  ...['status=CANCELLED', 'status=DONE&size=3'].map((query) => ({
    cls: 'new_query',
    path: `/petclinic/visits?${query}`,
    ...any(),
  })),
  ...[1, 2, 3, 4].map((i) => ({ cls: 'missing_id', path: `${ROOT}/${8000 + i * 13}`, ...any() })),
  ...[VERA, OMAR, GIL].map((pair) => ({
    cls: 'seen',
    path: '/petclinic/me',
    ...as(pair),
    forbid: ['vera', 'omar', 'gil'].filter((name) => !pair.startsWith(name)),
  })),
  { cls: 'private_other', path: `${ROOT}/3`, ...as(GIL), forbid: ['Oak', '60855'] },
  { cls: 'private_other', path: ROOT, ...as(GIL), forbid: ['Oak', '60855'] },
  { cls: 'no_auth', path: `${ROOT}/3`, forbid: ['Oak', '60855'] },
  { cls: 'no_auth', path: `${ROOT}/3`, ...as('vera:guess'), forbid: ['Oak', '60855'] },
  { cls: 'no_auth', path: '/petclinic/me', forbid: ['vera', 'omar'] },
  ...[VERA, OMAR].flatMap((pair, i) => simulated(pair, i)),
  ...['/petclinic/clients', '/clinic/owners', '/petclinic/owner/3'].map((path) => ({
    cls: 'unknown_path',
    path,
    ...as(VERA),
  })),
]

export const surgery: World = { name: 'surgery', open: openSurgery, train, test }
