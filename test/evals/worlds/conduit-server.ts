/** A blog in the manner of RealWorld: log-in by token, slugs, wrapped objects, views that differ per user, nested comments. */
import { chanceOf } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

interface User {
  readonly username: string
  readonly email: string
  readonly password: string
  bio: string
  readonly follows: Set<string>
}
interface Article {
  slug: string
  title: string
  description: string
  body: string
  readonly tagList: readonly string[]
  readonly author: string
  readonly createdAt: string
  updatedAt: string
  readonly likes: Set<string>
  readonly comments: {
    readonly id: number
    readonly body: string
    readonly author: string
    readonly createdAt: string
  }[]
}
type Body = Record<string, Record<string, string> | undefined>

export const WORDS =
  'amber birch cedar delta ember frost grove heath inlet juniper kelp linen maple north ocean pearl'.split(' ')
export const TAGS = ['river', 'stone', 'cloud', 'ember']
export const NAMES = ['ada', 'ben', 'cleo', 'dan']
const slugOf = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
const fail = (status: number, field: string, text: string): Answer => ({
  status,
  json: { errors: { [field]: [text] } },
})

export const openConduit: OpenServer = (given) => {
  let chance = given
  const users = NAMES.map((username): User => ({
    username,
    email: `${username}@mail.test`,
    password: `pw-${username}-1`,
    bio: `${username} writes`,
    follows: new Set(),
  }))
  const tokens = new Map<string, User>()
  const seed = chanceOf(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(seed() * list.length)] as T
  let comment = 0
  const articles: Article[] = Array.from({ length: 36 }, (_, i) => {
    const title = `${pick(WORDS)} ${pick(WORDS)} ${i}`
    const author = pick(users).username
    const at = new Date(1_690_000_000_000 + i * 1e7).toISOString()
    const comments = Array.from({ length: i % 3 }, () => ({
      id: ++comment,
      body: `on ${pick(WORDS)}`,
      author: pick(NAMES),
      createdAt: at,
    }))
    return {
      slug: slugOf(title),
      title,
      description: `about ${pick(WORDS)}`,
      body: `long text ${pick(WORDS)} ${i}`,
      tagList: [pick(TAGS)],
      author,
      createdAt: at,
      updatedAt: at,
      likes: new Set(),
      comments,
    }
  })
  const byName = (name: string): User | undefined => users.find((u) => u.username === name)
  const profile = (name: string, viewer?: User) => ({
    username: name,
    bio: byName(name)?.bio ?? '',
    image: null,
    following: viewer?.follows.has(name) ?? false,
  })
  const shown = (a: Article, viewer?: User) => ({
    slug: a.slug,
    title: a.title,
    description: a.description,
    body: a.body,
    tagList: a.tagList,
    createdAt: a.createdAt,
    updatedAt: a.updatedAt,
    favorited: viewer !== undefined && a.likes.has(viewer.username),
    favoritesCount: a.likes.size,
    author: profile(a.author, viewer),
  })
  const comments = (a: Article, viewer?: User) =>
    a.comments.map(({ author, ...c }) => ({ ...c, author: profile(author, viewer) }))
  const tokenFor = (user: User): string => {
    const token = `jwt.${Math.floor(chance() * 1e12).toString(36)}.${Math.floor(chance() * 1e12).toString(36)}`
    tokens.set(token, user)
    return token
  }
  const account = (user: User, token: string) => ({
    user: { username: user.username, email: user.email, bio: user.bio, image: null, token },
  })

  const login = ({ json }: Ask): Answer => {
    const user = (json as Body)['user'] ?? {}
    if (user['email'] === undefined) return fail(422, 'email', "can't be blank")
    const found = users.find((u) => u.email === user['email'] && u.password === user['password'])
    return found === undefined
      ? fail(403, 'email or password', 'is invalid')
      : { status: 200, json: account(found, tokenFor(found)) }
  }
  const list = (url: URL, viewer?: User): Answer => {
    const by = (name: string): string | null => url.searchParams.get(name)
    const found = articles
      .filter(
        (a) =>
          (by('tag') === null || a.tagList.includes(by('tag') ?? '')) &&
          (by('author') === null || a.author === by('author')),
      )
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
    const start = Number(by('offset') ?? 0)
    const page = found.slice(start, start + Number(by('limit') ?? 20))
    return { status: 200, json: { articles: page.map((a) => shown(a, viewer)), articlesCount: found.length } }
  }
  const create = ({ json, now }: Ask, viewer: User): Answer => {
    const given_ = (json as Body)['article'] ?? {}
    const missing = ['title', 'description', 'body'].find((field) => !given_[field])
    if (missing !== undefined) return fail(422, missing, "can't be blank")
    const at = new Date(now).toISOString()
    const { title = '', description = '', body = '' } = given_
    const a: Article = {
      slug: slugOf(title),
      title,
      description,
      body,
      tagList: (given_['tagList'] as unknown as string[]) ?? [],
      author: viewer.username,
      createdAt: at,
      updatedAt: at,
      likes: new Set(),
      comments: [],
    }
    articles.push(a)
    return { status: 201, json: { article: shown(a, viewer) } }
  }
  const edit = (a: Article, { json, now }: Ask, viewer: User): Answer => {
    if (a.author !== viewer.username) return fail(403, 'article', 'is not yours')
    const given_ = (json as Body)['article'] ?? {}
    if (given_['title'] !== undefined) Object.assign(a, { title: given_['title'], slug: slugOf(given_['title']) })
    if (given_['body'] !== undefined) a.body = given_['body']
    if (given_['description'] !== undefined) a.description = given_['description']
    a.updatedAt = new Date(now).toISOString()
    return { status: 200, json: { article: shown(a, viewer) } }
  }
  const onComments = (ask: Ask, a: Article, id: string | undefined, viewer: User): Answer => {
    if (ask.method === 'DELETE') {
      const at = a.comments.findIndex((c) => String(c.id) === id)
      if (at < 0) return fail(404, 'comment', 'not found')
      a.comments.splice(at, 1)
      return { status: 200 }
    }
    const body = (ask.json as Body)['comment']?.['body'] ?? ''
    if (body === '') return fail(422, 'body', "can't be blank")
    a.comments.push({ id: ++comment, body, author: viewer.username, createdAt: new Date(ask.now).toISOString() })
    return { status: 200, json: { comment: comments(a, viewer).at(-1) } }
  }
  const onArticle = (ask: Ask, slug: string, [what, id]: readonly string[], viewer?: User): Answer => {
    const a = articles.find((x) => x.slug === slug)
    if (a === undefined) return fail(404, 'article', 'not found')
    if (ask.method === 'GET')
      return {
        status: 200,
        json: what === 'comments' ? { comments: comments(a, viewer) } : { article: shown(a, viewer) },
      }
    if (viewer === undefined) return fail(401, 'token', 'is missing')
    if (what === 'comments') return onComments(ask, a, id, viewer)
    if (what === 'favorite') {
      a.likes[ask.method === 'POST' ? 'add' : 'delete'](viewer.username)
      return { status: 200, json: { article: shown(a, viewer) } }
    }
    if (ask.method === 'PUT') return edit(a, ask, viewer)
    if (a.author !== viewer.username) return fail(403, 'article', 'is not yours')
    articles.splice(articles.indexOf(a), 1)
    return { status: 204 }
  }
  const onUser = (ask: Ask, viewer: User, token: string): Answer => {
    if (ask.method === 'PUT') viewer.bio = (ask.json as Body)['user']?.['bio'] ?? viewer.bio
    return { status: 200, json: account(viewer, token) }
  }
  const onProfile = (ask: Ask, name: string, follow: boolean, viewer?: User): Answer => {
    if (byName(name) === undefined) return fail(404, 'profile', 'not found')
    if (follow && viewer === undefined) return fail(401, 'token', 'is missing')
    if (follow) viewer?.follows[ask.method === 'POST' ? 'add' : 'delete'](name)
    return { status: 200, json: { profile: profile(name, viewer) } }
  }
  const members = (ask: Ask, first: string | undefined, viewer: User | undefined, token: string): Answer => {
    const isKnown = first === 'articles' || first === 'user'
    if (viewer === undefined) return isKnown ? fail(401, 'token', 'is missing') : fail(404, 'path', 'unknown')
    if (first === 'articles') return create(ask, viewer)
    return first === 'user' ? onUser(ask, viewer, token) : fail(404, 'path', 'unknown')
  }
  const routed = (ask: Ask, url: URL, viewer: User | undefined, token: string): Answer => {
    const [, , first, second, ...rest] = url.pathname.split('/')
    if (first === 'users' && second === 'login') return login(ask)
    if (first === 'tags') return { status: 200, json: { tags: TAGS } }
    if (first === 'profiles' && second !== undefined) return onProfile(ask, second, rest[0] === 'follow', viewer)
    if (first === 'articles' && second !== undefined) return onArticle(ask, second, rest, viewer)
    return first === 'articles' && ask.method === 'GET' ? list(url, viewer) : members(ask, first, viewer, token)
  }
  return (ask) => {
    if (ask.method === 'TWIN') {
      chance = chanceOf(99)
      return { status: 204 }
    }
    const url = new URL(ask.path, 'http://x')
    const token = (ask.headers['Authorization'] ?? '').replace('Token ', '')
    const viewer = tokens.get(token)
    if (!url.pathname.startsWith('/api/')) return fail(404, 'path', 'unknown')
    if (token !== '' && viewer === undefined) return fail(401, 'token', 'is invalid')
    return routed(ask, url, viewer, token)
  }
}
