/** HAL: `_links` and `_embedded`, tenants in the path, a key each, opaque cursors, lines under orders, searches by POST, actions with conflicts, 410 for what was there. */
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Answer, Ask, Chapter, OpenServer, Step, World } from './world.ts'

interface Order {
  readonly id: string
  readonly number: number
  status: string
  customer: string
  note: string | null
  readonly lines: { readonly no: number; readonly sku: string; quantity: number; readonly unit_price: number }[]
  gone: boolean
}
const KEYS: Readonly<Record<string, string>> = { 'quay-key-north-1': 'north', 'quay-key-south-2': 'south' }
const STATES = ['open', 'paid', 'shipped']
const NAMES = 'Ada Bo Cy Di Ed Flo Gus Hal'.split(' ')
const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  json: { type: 'about:blank', title, status, detail },
})
const idOf = (chance: () => number): string =>
  `ord_${Array.from({ length: 10 }, () => 'abcdefghjkmnpqrstvwxyz0123456789'[Math.floor(chance() * 32)]).join('')}`
const cursorOf = (offset: number): string => Buffer.from(`o:${offset}`).toString('base64url')

const open: OpenServer = (chance) => {
  const seed = chanceOf(61)
  const pick = picker(seed)
  let number = 5000
  const shops = new Map<string, Order[]>()
  for (const shop of Object.values(KEYS))
    shops.set(
      shop,
      Array.from({ length: 30 }, (_, i) => ({
        id: `ord_${shop.slice(0, 1)}${String(i).padStart(3, '0')}x${Math.floor(seed() * 9000)}`,
        number: number++,
        status: STATES[i % 3] ?? 'open',
        customer: pick(NAMES),
        note: i % 4 === 0 ? `ring ${i}` : null,
        lines: Array.from({ length: 1 + (i % 3) }, (__, k) => ({
          no: k + 1,
          sku: `SKU-${100 + ((i * 3 + k) % 12)}`,
          quantity: 1 + ((i + k) % 4),
          unit_price: 250 + 50 * ((i + k) % 7),
        })),
        gone: false,
      })),
    )
  const shown = (shop: string, order: Order) => {
    const href = `/shops/${shop}/orders/${order.id}`
    const { id, number: no, status, customer, note, lines } = order
    const total = lines.reduce((sum, line) => sum + line.quantity * line.unit_price, 0)
    return {
      id,
      number: no,
      status,
      customer,
      note,
      total,
      line_count: lines.length,
      _links: { self: { href }, lines: { href: `${href}/lines` } },
    }
  }
  const page = (shop: string, found: readonly Order[], url: URL): Answer => {
    const size = Number(url.searchParams.get('size') ?? 10)
    const cursor = url.searchParams.get('cursor')
    const offset = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64url').toString().slice(2))
    const next =
      offset + size < found.length ? { next: { href: `${url.pathname}?cursor=${cursorOf(offset + size)}` } } : {}
    return {
      status: 200,
      json: {
        _links: { self: { href: `${url.pathname}${url.search}` }, ...next },
        _embedded: { orders: found.slice(offset, offset + size).map((o) => shown(shop, o)) },
        page: { size, total: found.length },
      },
    }
  }
  const make = (ask: Ask, shop: string, orders: Order[]): Answer => {
    const body = (ask.json ?? {}) as Partial<Order>
    if (typeof body.customer !== 'string') return problem(422, 'Unprocessable', 'customer is required')
    const lines = (body.lines ?? []).map((line, i) => ({ ...line, no: i + 1 }))
    const order: Order = {
      id: idOf(chance),
      number: number++,
      status: 'open',
      customer: body.customer,
      note: body.note ?? null,
      lines,
      gone: false,
    }
    orders.push(order)
    return { status: 201, json: shown(shop, order) }
  }
  const act = (shop: string, order: Order, action: string): Answer => {
    const next = { pay: ['open', 'paid'], ship: ['paid', 'shipped'] }[action]
    if (next === undefined) return problem(404, 'Not Found', 'no such action')
    if (order.status !== next[0])
      return problem(409, 'Conflict', `an order that is ${order.status} cannot be ${next[1]}`)
    order.status = next[1] as string
    return { status: 200, json: shown(shop, order) }
  }
  const onLines = (ask: Ask, shop: string, order: Order, no: string | undefined): Answer => {
    const href = `/shops/${shop}/orders/${order.id}/lines`
    const lineOf = (line: Order['lines'][number]) => ({ ...line, _links: { self: { href: `${href}/${line.no}` } } })
    if (no === undefined && ask.method === 'POST') {
      const line = { ...(ask.json as Order['lines'][number]), no: order.lines.length + 1 }
      order.lines.push(line)
      return { status: 201, json: lineOf(line) }
    }
    if (no === undefined)
      return { status: 200, json: { _links: { self: { href } }, _embedded: { lines: order.lines.map(lineOf) } } }
    const line = order.lines.find((l) => String(l.no) === no)
    if (line === undefined) return problem(404, 'Not Found', `no line ${no}`)
    if (ask.method === 'PATCH') Object.assign(line, ask.json)
    return { status: 200, json: lineOf(line) }
  }
  const onOrder = (ask: Ask, shop: string, order: Order): Answer => {
    if (ask.method === 'DELETE') {
      order.gone = true
      return { status: 204 }
    }
    if (ask.method === 'PATCH') {
      const { customer, note } = (ask.json ?? {}) as Partial<Order>
      if (customer !== undefined) order.customer = customer
      if (note !== undefined) order.note = note
    }
    return { status: 200, json: shown(shop, order) }
  }
  const onOrders = (ask: Ask, url: URL, shop: string): Answer => {
    const orders = shops.get(shop) ?? []
    if (ask.method === 'POST') return make(ask, shop, orders)
    const status = url.searchParams.get('status')
    const found = orders.filter((o) => !o.gone && (status === null || o.status === status))
    return page(shop, found, url)
  }
  const search = (ask: Ask, shop: string): Answer => {
    const { status, customer } = (ask.json ?? {}) as Partial<Order>
    const isFound = (o: Order): boolean => (status ?? o.status) === o.status && (customer ?? o.customer) === o.customer
    const orders = (shops.get(shop) ?? []).filter((o) => !o.gone && isFound(o)).map((o) => shown(shop, o))
    return { status: 200, json: { _embedded: { orders }, page: { total: orders.length } } }
  }
  const onOne = (ask: Ask, shop: string, [id, sub, no]: readonly (string | undefined)[]): Answer => {
    const order = shops.get(shop)?.find((o) => o.id === id)
    if (order === undefined) return problem(404, 'Not Found', `no order ${id}`)
    if (order.gone) return problem(410, 'Gone', `order ${id} was removed`)
    if (sub === 'lines') return onLines(ask, shop, order, no)
    return sub === undefined ? onOrder(ask, shop, order) : act(shop, order, sub)
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, root, shop = '', what, ...rest] = url.pathname.split('/')
    if (root !== 'shops' || what !== 'orders') return problem(404, 'Not Found', 'no such resource')
    const mine = KEYS[ask.headers['X-Api-Key'] ?? '']
    if (mine === undefined) return problem(401, 'Unauthorized', 'a valid key is needed')
    if (mine !== shop) return problem(403, 'Forbidden', 'this key is for another shop')
    if (rest.length === 0) return onOrders(ask, url, shop)
    return rest[0] === 'search' ? search(ask, shop) : onOne(ask, shop, rest)
  }
}

const chance = chanceOf(16)
const pick = picker(chance)
const keys = Object.keys(KEYS)
const as = (key: string) => ({ headers: { 'X-Api-Key': key } })
const rootOf = (key: string): string => `/shops/${KEYS[key]}/orders`
const IDS: Readonly<Record<string, readonly string[]>> = (() => {
  const seed = chanceOf(61)
  const draw = picker(seed)
  return Object.fromEntries(
    Object.entries(KEYS).map(([key, shop]) => [
      key,
      Array.from({ length: 30 }, (_, i) => {
        const id = `ord_${shop.slice(0, 1)}${String(i).padStart(3, '0')}x${Math.floor(seed() * 9000)}`
        draw(NAMES)
        return id
      }),
    ]),
  )
})()
const known = (key: string): string => IDS[key]?.[Math.floor(chance() * 20)] ?? ''
const by = (steps: (key: string, i: number) => readonly Step[]) => (i: number) => steps(pick(keys), i)
const other = (key: string): string => pick(keys.filter((k) => k !== key))
const bodyOf = (i: number) => ({
  customer: pick(NAMES),
  note: `n ${i}`,
  lines: [{ sku: `SKU-${100 + (i % 12)}`, quantity: 1 + (i % 3), unit_price: 300 }],
})

const living = (key: string, i: number): Step[] => {
  const path = `${rootOf(key)}/{{o${i}}}`
  return [
    { method: 'POST', path: rootOf(key), json: bodyOf(i), ...as(key), save: { [`o${i}`]: '/id' } },
    { path, ...as(key) },
    ...maybe(0.6, chance, [
      { method: 'PATCH', path, json: { note: `changed ${i}` }, ...as(key) },
      { path, ...as(key) },
    ]),
    ...maybe(0.6, chance, [
      { method: 'POST', path: `${path}/pay`, ...as(key) },
      { path, ...as(key) },
    ]),
    ...maybe(0.3, chance, [{ method: 'POST', path: `${path}/pay`, ...as(key) }]),
    ...maybe(0.5, chance, [
      { method: 'POST', path: `${path}/lines`, json: { sku: 'SKU-105', quantity: 2, unit_price: 100 }, ...as(key) },
    ]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...as(key) },
      { path, ...as(key) },
    ]),
  ]
}
const chapters: readonly Chapter[] = [
  { weight: 4, steps: by((key) => [{ path: `${rootOf(key)}/${known(key)}`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${rootOf(key)}?size=${pick([5, 10])}`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${rootOf(key)}?cursor=${cursorOf(10)}`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${rootOf(key)}?status=${pick(STATES)}`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${rootOf(key)}/${known(key)}/lines`, ...as(key) }]) },
  { weight: 2, steps: by((key) => [{ path: `${rootOf(key)}/${known(key)}/lines/1`, ...as(key) }]) },
  {
    weight: 2,
    steps: by((key) => [{ method: 'POST', path: `${rootOf(key)}/search`, json: { status: pick(STATES) }, ...as(key) }]),
  },
  { weight: 1, steps: by((key, i) => [{ path: `${rootOf(key)}/ord_zz${i}q${i * 7}`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${rootOf(other(key))}/${known(other(key))}`, ...as(key) }]) },
  { weight: 1, steps: by((key) => [{ path: `${rootOf(key)}/${known(key)}` }]) },
  { weight: 1, steps: by((key) => [{ method: 'POST', path: rootOf(key), json: { note: 'x' }, ...as(key) }]) },
  { weight: 3, steps: by(living) },
]
const train: Step[] = [...tell(chapters, 230, chance), ...['/', '/shops', '/health'].map((path) => ({ path }))]

const simulated = (key: string, i: number): Step[] => {
  const path = `${rootOf(key)}/{{w${i}}}`
  return [
    { cls: 'write', method: 'POST', path: rootOf(key), json: bodyOf(100 + i), ...as(key), save: { [`w${i}`]: '/id' } },
    { cls: 'write_read', path, ...as(key) },
    { cls: 'write', method: 'PATCH', path, json: { note: `g ${i}` }, ...as(key) },
    { cls: 'write_read', path, ...as(key) },
    { cls: 'write', method: 'POST', path: `${path}/pay`, ...as(key) },
    { cls: 'write_read', path, ...as(key) },
    ...(i % 2 === 0
      ? ([
          { cls: 'write', method: 'DELETE', path, ...as(key) },
          { cls: 'read_after_delete', path, ...as(key) },
        ] satisfies Step[])
      : []),
    { cls: 'no_auth', method: 'POST', path: rootOf(key), json: bodyOf(i) },
    { cls: 'write', method: 'POST', path: rootOf(key), json: { note: 'y' }, ...as(key) },
  ]
}
const test: Step[] = [
  ...keys.flatMap((key): Step[] => [
    ...Array.from({ length: 6 }, () => ({ cls: 'seen', path: `${rootOf(key)}/${known(key)}`, ...as(key) })),
    ...[1, 5, 9].map((i) => ({ cls: 'seen', path: `${rootOf(key)}/${IDS[key]?.[i]}/lines/1`, ...as(key) })),
    ...[20, 22, 24, 27, 29].map((i) => ({ cls: 'unseen_id', path: `${rootOf(key)}/${IDS[key]?.[i]}`, ...as(key) })),
    ...[21, 25].map((i) => ({ cls: 'unseen_id', path: `${rootOf(key)}/${IDS[key]?.[i]}/lines`, ...as(key) })),
    { cls: 'new_query', path: `${rootOf(key)}?size=7`, ...as(key) },
    { cls: 'new_query', path: `${rootOf(key)}?status=paid&size=5`, ...as(key) },
    { cls: 'new_query', path: `${rootOf(key)}?cursor=${cursorOf(20)}`, ...as(key) },
    { cls: 'new_query', method: 'POST', path: `${rootOf(key)}/search`, json: { customer: 'Ada' }, ...as(key) },
    ...[1, 2, 3].map((i) => ({ cls: 'missing_id', path: `${rootOf(key)}/ord_nn${i}w${i * 31}`, ...as(key) })),
    {
      cls: 'private_other',
      path: `${rootOf(other(key))}/${IDS[other(key)]?.[3]}`,
      forbid: ['SKU-', 'Ada'],
      ...as(key),
    },
    { cls: 'private_other', path: rootOf(other(key)), forbid: ['ord_'], ...as(key) },
    { cls: 'no_auth', path: `${rootOf(key)}/${IDS[key]?.[4]}`, forbid: ['ord_s', 'ord_n0'].slice(0, 1) },
    ...simulated(key, keys.indexOf(key) * 10 + 1),
    ...simulated(key, keys.indexOf(key) * 10 + 2),
  ]),
  ...['/shop', '/v1/orders', '/shops/north/invoices'].map((path) => ({ cls: 'unknown_path', path })),
]

export const quay: World = { name: 'quay', open, train, test }
