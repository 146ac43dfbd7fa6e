/** The story of a blog's readers and writers. */
import { NAMES, openConduit, TAGS, WORDS } from './conduit-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const as = (name: string) => ({ headers: { Authorization: `Token {{t_${name}}}` } })
const login = (name: string): Step => ({
  method: 'POST',
  path: '/api/users/login',
  json: { user: { email: `${name}@mail.test`, password: `pw-${name}-1` } },
  save: { [`t_${name}`]: '/user/token' },
})
const article = (i: number) => ({
  article: {
    title: `Story ${WORDS[i % WORDS.length]} ${i}`,
    description: `desc ${i}`,
    body: `text ${i}`,
    tagList: [TAGS[i % 4]],
  },
})
const untitled = { article: { title: '', description: 'x', body: 'y' } }
const NEW = '/api/articles'

/** Slugs are what lists show: the story reads them as a client would. */
const slugs = (): readonly string[] => {
  const probe = openConduit(chanceOf(1))
  const { json } = probe({ method: 'GET', path: `${NEW}?limit=100`, headers: {}, json: undefined, now: 0 })
  return (json as { articles: { slug: string }[] }).articles.map((a) => a.slug)
}

const chance = chanceOf(3)
const pick = picker(chance)
const all = slugs()
const known = all.slice(0, 30)
const someone = () => (chance() < 0.6 ? as(pick(NAMES)) : {})
const one = (steps: (i: number) => Step) => (i: number) => [steps(i)]

const writing = (i: number): Step[] => {
  const who = as(pick(NAMES))
  const path = `${NEW}/{{s${i}}}`
  return [
    { method: 'POST', path: NEW, json: article(100 + i), ...who, save: { [`s${i}`]: '/article/slug' } },
    { path, ...who },
    ...maybe(0.5, chance, [{ method: 'PUT', path, json: { article: { body: `new ${i}` } }, ...who }]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...who },
      { path, ...who },
    ]),
  ]
}

const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `${NEW}/${pick(known)}`, ...someone() })) },
  { weight: 1, steps: one(() => ({ path: `${NEW}?tag=${pick(TAGS)}`, ...someone() })) },
  { weight: 1, steps: one(() => ({ path: `${NEW}?author=${pick(NAMES)}`, ...someone() })) },
  { weight: 2, steps: one(() => ({ path: `${NEW}?limit=10&offset=${10 * Math.floor(chance() * 4)}`, ...someone() })) },
  { weight: 1, steps: one(() => ({ path: `${NEW}/${pick(known)}/comments`, ...someone() })) },
  { weight: 1, steps: one(() => ({ path: `/api/profiles/${pick(NAMES)}`, ...someone() })) },
  { weight: 1, steps: one(() => ({ path: '/api/user', ...as(pick(NAMES)) })) },
  { weight: 1, steps: one((i) => ({ path: `${NEW}/no-such-${i}`, ...someone() })) },
  {
    weight: 1,
    steps: one(() => ({
      method: pick(['POST', 'DELETE']),
      path: `${NEW}/${pick(known)}/favorite`,
      ...as(pick(NAMES)),
    })),
  },
  { weight: 1, steps: writing },
  {
    weight: 1,
    steps: one((i) => ({
      method: 'POST',
      path: `${NEW}/${pick(known)}/comments`,
      json: { comment: { body: `note ${i}` } },
      ...as(pick(NAMES)),
    })),
  },
  {
    weight: 1,
    steps: one((i) =>
      pick([
        { method: 'POST', path: NEW, json: untitled, ...as(pick(NAMES)) },
        { method: 'POST', path: NEW, json: article(500 + i) },
        { path: '/api/user' },
      ]),
    ),
  },
]
const badLogin = (name: string): Step => ({
  method: 'POST',
  path: '/api/users/login',
  json: { user: { email: `${name}@mail.test`, password: 'wrong' } },
})
const train: Step[] = [
  ...NAMES.map(login),
  ...tell(chapters, 260, chance),
  { path: '/nope' },
  { path: '/api/nope' },
  { path: '/api/other/7' },
  badLogin('ada'),
]

const simulated = (i: number): Step[] => {
  const who = as(NAMES[i % 4] as string)
  const path = `${NEW}/{{w${i}}}`
  const read = { cls: 'write_read', path, ...who }
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path, ...who },
    { cls: 'read_after_delete', path, ...who },
  ]
  return [
    { cls: 'write', method: 'POST', path: NEW, json: article(900 + i), ...who, save: { [`w${i}`]: '/article/slug' } },
    read,
    { cls: 'write', method: 'PUT', path, json: { article: { body: `changed ${i}` } }, ...who },
    read,
    { cls: 'write', method: 'POST', path: `${path}/favorite`, ...who },
    read,
    { cls: 'write', method: 'POST', path: `${path}/comments`, json: { comment: { body: `hello ${i}` } }, ...who },
    { cls: 'write_read', path: `${path}/comments`, ...who },
    ...(i % 2 === 0 ? removed : []),
    { cls: 'write', method: 'POST', path: NEW, json: untitled, ...who },
  ]
}
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)
const mails = NAMES.map((name) => `${name}@mail`)

const test: Step[] = [
  ...range(14).map(() => ({ cls: 'seen', path: `${NEW}/${pick(known)}`, ...as(pick(NAMES)) })),
  ...NAMES.map((name, i) => ({ cls: 'seen', path: '/api/user', ...as(name), forbid: mails.filter((_, k) => k !== i) })),
  ...all.slice(30).map((slug) => ({ cls: 'unseen_id', path: `${NEW}/${slug}`, ...as(pick(NAMES)) })),
  ...range(8).map((i) => ({ cls: 'missing_id', path: `${NEW}/not-here-${i * 7}` })),
  ...range(6).map((i) => ({ cls: 'new_query', path: `${NEW}?limit=${4 + i}&offset=${3 * i}`, ...as(pick(NAMES)) })),
  ...TAGS.map((tag) => ({ cls: 'new_query', path: `${NEW}?tag=${tag}&limit=3` })),
  ...range(6).flatMap(simulated),
  { cls: 'write', method: 'POST', path: NEW, json: article(980) },
  { cls: 'no_auth', path: '/api/user' },
  { cls: 'no_auth', path: '/api/user', headers: { Authorization: 'Token made-up' }, forbid: mails },
  { cls: 'write', ...login('ada'), save: { t2: '/user/token' } },
  { cls: 'write_read', path: '/api/user', headers: { Authorization: 'Token {{t2}}' } },
  { cls: 'no_auth', ...badLogin('ben') },
  ...['/api/nothing', '/admin', '/.env'].map((path) => ({ cls: 'unknown_path', path })),
]

export const conduit: World = { name: 'conduit', open: openConduit, train, test }
