/** The Bookstore API without a socket: a request in, an answer out. The demo also asks it what a dead server would have said. */
import { createHash } from 'node:crypto'
import { totalOf, type CartItem, type Shop, type User } from './data.ts'

export interface ApiRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Call {
  readonly shop: Shop
  readonly request: ApiRequest
  readonly query: URLSearchParams
  readonly ids: readonly string[]
  readonly user: User | undefined
}

type Handler = (call: Call) => ApiAnswer

const json = (status: number, value: unknown, headers: Record<string, string> = {}): ApiAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
})
const failure = (status: number, error: string, details?: unknown): ApiAnswer =>
  json(status, details === undefined ? { error } : { error, details })
const notFound = (what: string): ApiAnswer => failure(404, `${what} not found`)

/** One page of a list, with what a client needs to get the next. */
const page = (call: Call, items: readonly unknown[]): ApiAnswer => {
  const limit = Number(call.query.get('limit') ?? 10)
  const number = Number(call.query.get('page') ?? 1)
  const details = [
    ...(Number.isInteger(limit) && limit >= 1 && limit <= 50
      ? []
      : [{ field: 'limit', problem: 'must be from 1 to 50' }]),
    ...(Number.isInteger(number) && number >= 1 ? [] : [{ field: 'page', problem: 'must be 1 or more' }]),
  ]
  if (details.length > 0) return failure(422, 'invalid query', details)
  const start = (number - 1) * limit
  return json(200, { items: items.slice(start, start + limit), page: number, limit, total: items.length })
}

/** An item with an ETag, so that a client can ask whether it has changed. */
const item = (call: Call, value: unknown): ApiAnswer => {
  const etag = `"${createHash('sha1').update(JSON.stringify(value)).digest('base64url').slice(0, 16)}"`
  if (call.request.headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' }
  return json(200, value, { etag, 'cache-control': 'no-cache' })
}

const bodyOf = (call: Call): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(call.request.body ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const member =
  (handler: (call: Call & { readonly user: User }) => ApiAnswer): Handler =>
  (call) =>
    call.user
      ? handler({ ...call, user: call.user })
      : json(401, { error: 'log in first' }, { 'www-authenticate': 'Bearer' })

const SORTS: Readonly<Record<string, (a: Shop['books'][number], b: Shop['books'][number]) => number>> = {
  title: (a, b) => a.title.localeCompare(b.title) || a.id - b.id,
  price: (a, b) => a.price - b.price || a.id - b.id,
  '-price': (a, b) => b.price - a.price || a.id - b.id,
}

const books: Handler = (call) => {
  const { shop, query } = call
  const sort = query.get('sort')
  const order = sort === null ? undefined : SORTS[sort]
  if (sort !== null && !order)
    return failure(422, 'invalid query', [
      { field: 'sort', problem: `must be one of ${Object.keys(SORTS).join(', ')}` },
    ])
  const genre = query.get('genre')
  const author = query.get('author')
  const found = shop.books.filter(
    (b) => (genre === null || b.genre === genre) && (author === null || b.authorId === Number(author)),
  )
  return page(call, order ? found.toSorted(order) : found)
}

const book: Handler = (call) => {
  const found = call.shop.books.find((b) => String(b.id) === call.ids[0])
  const author = call.shop.authors.find((a) => a.id === found?.authorId)
  return found ? item(call, { ...found, author: { id: author?.id, name: author?.name } }) : notFound('book')
}

const author: Handler = (call) => {
  const found = call.shop.authors.find((a) => String(a.id) === call.ids[0])
  return found ? item(call, found) : notFound('author')
}

const reviews: Handler = (call) =>
  call.shop.books.some((b) => String(b.id) === call.ids[0])
    ? page(
        call,
        call.shop.reviews.filter((r) => String(r.bookId) === call.ids[0]),
      )
    : notFound('book')

const addReview = member((call) => {
  const { shop, user } = call
  const found = shop.books.find((b) => String(b.id) === call.ids[0])
  if (!found) return notFound('book')
  const body = bodyOf(call)
  const stars = body?.['stars']
  const text = body?.['text']
  const details = [
    ...(typeof stars === 'number' && stars >= 1 && stars <= 5
      ? []
      : [{ field: 'stars', problem: 'must be from 1 to 5' }]),
    ...(typeof text === 'string' && text !== '' ? [] : [{ field: 'text', problem: 'must not be empty' }]),
  ]
  if (details.length > 0) return failure(422, 'invalid review', details)
  const id = `rev_${found.id}_${shop.reviews.filter((r) => r.bookId === found.id).length + 1}`
  const review = { id, bookId: found.id, user: user.name, stars: Number(stars), text: String(text) }
  shop.reviews.push(review)
  return json(201, review, { location: `/books/${found.id}/reviews` })
})

const login: Handler = (call) => {
  const body = bodyOf(call)
  if (typeof body?.['email'] !== 'string' || typeof body['password'] !== 'string')
    return failure(422, 'invalid login', [{ field: 'email', problem: 'email and password are needed' }])
  const user = call.shop.users.find((u) => u.email === body['email'] && u.password === body['password'])
  return user ? json(200, { token: user.token, userId: user.id }) : failure(401, 'wrong email or password')
}

const cartOf = ({ shop, user }: Call & { readonly user: User }): CartItem[] => shop.carts.get(user.id) ?? []
const cart = (call: Call & { readonly user: User }, status = 200): ApiAnswer => {
  const items = cartOf(call)
  return json(status, { userId: call.user.id, items, total: totalOf(items, call.shop.books) })
}

const addToCart = member((call) => {
  const body = bodyOf(call)
  const bookId = Number(body?.['bookId'])
  const quantity = Number(body?.['quantity'] ?? 1)
  if (!(quantity >= 1 && quantity <= 9))
    return failure(422, 'invalid item', [{ field: 'quantity', problem: 'must be from 1 to 9' }])
  if (!call.shop.books.some((b) => b.id === bookId))
    return failure(422, 'invalid item', [{ field: 'bookId', problem: 'no such book' }])
  const others = cartOf(call).filter((i) => i.bookId !== bookId)
  call.shop.carts.set(call.user.id, [...others, { bookId, quantity }])
  return cart(call, 201)
})

const placeOrder = member((call) => {
  const items = cartOf(call)
  if (items.length === 0) return failure(422, 'the cart is empty')
  const orders = call.shop.orders.get(call.user.id) ?? []
  const placed = {
    id: `ord_${call.user.id}${orders.length + 1}${1000 + items.length}`,
    status: 'placed' as const,
    items,
    total: totalOf(items, call.shop.books),
  }
  call.shop.orders.set(call.user.id, [...orders, placed])
  call.shop.carts.set(call.user.id, [])
  return json(201, placed, { location: `/orders/${placed.id}` })
})

const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  ['GET', /^\/health$/, () => json(200, { status: 'ok' })],
  ['GET', /^\/books$/, books],
  ['GET', /^\/books\/([^/]+)$/, book],
  ['GET', /^\/books\/([^/]+)\/reviews$/, reviews],
  ['POST', /^\/books\/([^/]+)\/reviews$/, addReview],
  ['GET', /^\/authors$/, (call) => page(call, call.shop.authors)],
  ['GET', /^\/authors\/([^/]+)$/, author],
  ['POST', /^\/login$/, login],
  ['GET', /^\/me$/, member(({ user }) => json(200, { id: user.id, name: user.name, email: user.email }))],
  ['GET', /^\/cart$/, member((call) => cart(call))],
  ['POST', /^\/cart\/items$/, addToCart],
  ['GET', /^\/orders$/, member((call) => page(call, call.shop.orders.get(call.user.id) ?? []))],
  [
    'GET',
    /^\/orders\/([^/]+)$/,
    member((call) => {
      const found = call.shop.orders.get(call.user.id)?.find((o) => o.id === call.ids[0])
      return found ? item(call, found) : notFound('order')
    }),
  ],
  ['POST', /^\/orders$/, placeOrder],
]

/** Answers one request. */
export const answer = (shop: Shop, request: ApiRequest): ApiAnswer => {
  const url = new URL(request.target, 'http://bookstore.invalid')
  const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1]
  const user = token === undefined ? undefined : shop.users.find((u) => u.token === token)
  const here = ROUTES.filter(([, pattern]) => pattern.test(url.pathname))
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const route = here.find(([m]) => m === method)
  if (!route)
    return here.length === 0
      ? notFound('page')
      : json(405, { error: 'method not allowed' }, { allow: here.map(([m]) => m).join(', ') })
  const ids = route[1].exec(url.pathname)?.slice(1) ?? []
  return route[2]({ shop, request, query: url.searchParams, ids, user })
}
