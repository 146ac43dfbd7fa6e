/** A public shop: prefixed ids, cursor pages, prices by range, search, a cart that there is one of, plain-text errors, 410 for what is gone. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

interface Product {
  readonly sku: string
  title: string
  price: number
  readonly category: string
  stock: number
  readonly rating: number
}
const CATEGORIES = ['tea', 'cups', 'books']
const WORDS = 'green black white smoky sweet old new fine big small'.split(' ')
const code = (chance: () => number): string =>
  `prd_${Array.from({ length: 8 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(chance() * 36)]).join('')}`
const fail = (status: number, message: string): Answer => ({ status, json: { status, message } })

const open: OpenServer = (given) => {
  let chance = given
  const seed = chanceOf(21)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(seed() * list.length)] as T
  const products: Product[] = Array.from({ length: 40 }, (_, i) => ({
    sku: code(seed),
    title: `${pick(WORDS)} ${pick(WORDS)} ${i}`,
    price: 100 + Math.floor(seed() * 900),
    category: CATEGORIES[i % 3] as string,
    stock: i,
    rating: Math.round(seed() * 50) / 10,
  }))
  const gone = new Set<string>()
  let cart: { items: { sku: string; quantity: number }[]; note: string } = { items: [], note: '' }
  const list = (url: URL): Answer => {
    const by = (name: string): string | null => url.searchParams.get(name)
    const found = products.filter(
      (p) =>
        (by('category') === null || p.category === by('category')) &&
        (by('q') === null || p.title.includes(by('q') ?? '')) &&
        (by('min_price') === null || p.price >= Number(by('min_price'))) &&
        (by('max_price') === null || p.price <= Number(by('max_price'))),
    )
    if (by('sort') === 'price_asc') found.sort((a, b) => a.price - b.price)
    if (by('sort') === 'price_desc') found.sort((a, b) => b.price - a.price)
    const start = by('cursor') === null ? 0 : found.findIndex((p) => p.sku === by('cursor')) + 1
    const limit = Number(by('limit') ?? 10)
    const items = found.slice(start, start + limit)
    const more = start + limit < found.length
    return {
      status: 200,
      json: { items, count: items.length, has_more: more, next_cursor: more ? items.at(-1)?.sku : null },
    }
  }
  const onProducts = (ask: Ask): Answer => {
    const { title, price, category } = (ask.json ?? {}) as Partial<Product>
    if (typeof title !== 'string' || title === '') return fail(422, 'title must be a text')
    if (typeof price !== 'number') return fail(422, 'price must be a number')
    const product: Product = { sku: code(chance), title, price, category: category ?? 'tea', stock: 0, rating: 0 }
    products.push(product)
    return { status: 201, json: product }
  }
  const onProduct = (ask: Ask, sku: string): Answer => {
    const product = products.find((p) => p.sku === sku)
    if (gone.has(sku)) return fail(410, 'product is gone')
    if (product === undefined) return fail(404, `no product ${sku}`)
    if (ask.method === 'PATCH') Object.assign(product, ask.json)
    if (ask.method !== 'DELETE') return { status: 200, json: { ...product } }
    products.splice(products.indexOf(product), 1)
    gone.add(sku)
    return { status: 200, json: { deleted: true, sku } }
  }
  return (ask) => {
    if (ask.method === 'TWIN') {
      chance = chanceOf(55)
      return { status: 204 }
    }
    const url = new URL(ask.path, 'http://x')
    const [, what, id] = url.pathname.split('/')
    if (what === 'cart' && id === undefined) {
      if (ask.method === 'PUT') cart = ask.json as typeof cart
      return { status: 200, json: { ...cart } }
    }
    if (what === 'categories' && id === undefined)
      return {
        status: 200,
        json: CATEGORIES.map((name) => ({ name, size: products.filter((p) => p.category === name).length })),
      }
    if (what !== 'products') return fail(404, 'no such page')
    if (id !== undefined) return onProduct(ask, id)
    return ask.method === 'POST' ? onProducts(ask) : list(url)
  }
}

const chance = chanceOf(9)
const pick = picker(chance)
const probe = open(chanceOf(1))
const all = (
  probe({ method: 'GET', path: '/products?limit=100', headers: {}, json: undefined, now: 0 }).json as {
    items: Product[]
  }
).items.map((p) => p.sku)
const known = all.slice(0, 32)
const one = (step: (i: number) => Step) => (i: number) => [step(i)]

const paging: readonly Step[] = [
  { path: '/products', save: { c1: '/next_cursor' } },
  { path: '/products?cursor={{c1}}', save: { c2: '/next_cursor' } },
  { path: '/products?cursor={{c2}}', save: { c3: '/next_cursor' } },
  { path: '/products?cursor={{c3}}' },
]
const making = (i: number): Step[] => {
  const path = `/products/{{m${i}}}`
  const json = { title: `made ${i}`, price: 10 + i, category: pick(CATEGORIES) }
  return [
    { method: 'POST', path: '/products', json, save: { [`m${i}`]: '/sku' } },
    { path },
    ...maybe(0.6, chance, [{ method: 'PATCH', path, json: { price: 5 + i } }]),
    ...maybe(0.5, chance, [{ method: 'DELETE', path }, { path }]),
  ]
}
const cart = (sku: string | undefined, quantity: number, note: string): Step => ({
  method: 'PUT',
  path: '/cart',
  json: { items: [{ sku, quantity }], note },
})
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one(() => ({ path: `/products/${pick(known)}` })) },
  { weight: 1, steps: () => paging },
  { weight: 2, steps: one(() => ({ path: `/products?category=${pick(CATEGORIES)}` })) },
  { weight: 1, steps: one(() => ({ path: `/products?q=${pick(WORDS)}` })) },
  { weight: 1, steps: one(() => ({ path: `/products?min_price=${100 * Math.floor(chance() * 8)}` })) },
  {
    weight: 1,
    steps: one(() => ({ path: `/products?sort=${pick(['price_asc', 'price_desc'])}&limit=${pick([3, 5])}` })),
  },
  { weight: 1, steps: one(() => ({ path: `/products/${code(chance)}` })) },
  { weight: 1, steps: () => [{ path: '/categories' }, { path: '/cart' }] },
  { weight: 1, steps: (i) => [cart(pick(known), 1 + Math.floor(chance() * 4), `n${i}`), { path: '/cart' }] },
  { weight: 1, steps: making },
  {
    weight: 1,
    steps: one((i) => ({ method: 'POST', path: '/products', json: pick([{ title: `t ${i}` }, { price: i }]) })),
  },
]
const train: Step[] = [...tell(chapters, 220, chance), ...['/nothing', '/shop/1', '/login'].map((path) => ({ path }))]

const simulated = (i: number): Step[] => {
  const path = `/products/{{w${i}}}`
  const json = { title: `ghost ${i}`, price: 20 + i, category: 'tea' }
  const removed: Step[] = [
    { cls: 'write', method: 'DELETE', path },
    { cls: 'read_after_delete', path },
  ]
  return [
    { cls: 'write', method: 'POST', path: '/products', json, save: { [`w${i}`]: '/sku' } },
    { cls: 'write_read', path },
    { cls: 'write', method: 'PATCH', path, json: { price: 9 } },
    { cls: 'write_read', path },
    ...(i % 2 === 0 ? removed : []),
    { cls: 'write', method: 'POST', path: '/products', json: { price: 3 } },
    { cls: 'write', method: 'PATCH', path: `/products/${known[i]}`, json: { title: `renamed ${i}` } },
    { cls: 'write_read', path: `/products/${known[i]}` },
    { cls: 'write', ...cart(known[i], i, `g${i}`) },
    { cls: 'write_read', path: '/cart' },
  ]
}
const QUERIES = [
  'limit=4',
  'category=tea&limit=3',
  'min_price=450',
  'sort=price_desc&limit=4',
  'q=gre',
  'category=cups&sort=price_asc',
  `cursor=${all[4]}&limit=6`,
]
const test: Step[] = [
  ...Array.from({ length: 10 }, () => ({ cls: 'seen', path: `/products/${pick(known)}` })),
  ...all.slice(32).map((sku) => ({ cls: 'unseen_id', path: `/products/${sku}` })),
  ...Array.from({ length: 8 }, () => ({ cls: 'missing_id', path: `/products/${code(chance)}` })),
  ...QUERIES.map((query) => ({ cls: 'new_query', path: `/products?${query}` })),
  ...[0, 1, 2, 3, 4, 5].flatMap(simulated),
  ...['/orders', '/admin', '/.git/config'].map((path) => ({ cls: 'unknown_path', path })),
]

export const stall: World = { name: 'stall', open, train, test }
