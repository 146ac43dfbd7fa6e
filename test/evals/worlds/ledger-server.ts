/** In the manner of Stripe: a key per account, `object` in everything, prefixed random ids, `{object: list, has_more, url}` walked by `starting_after`, `expand[]`, POST changes, what is deleted says so with 200, errors with type, code and param, times in seconds, lists inside objects. */
import { chanceOf, picker } from './world.ts'
import type { Answer, Ask, OpenServer } from './world.ts'

type Row = Record<string, unknown> & { id: string }
interface Account {
  readonly customers: Row[]
  readonly invoices: Row[]
  readonly gone: Set<string>
}
export const KEYS = ['sk_test_4eC39HqLyjWDarjtT1zdp7dc', 'sk_test_51MbH2kLkdIwHu7ixt5xTQ9n'] as const
export const PEOPLE = 'Ana Ben Cleo Dan Eva Finn Gita Hugo'.split(' ')
const SIGNS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789'
const idOf = (prefix: string, chance: () => number): string =>
  `${prefix}_${Array.from({ length: 14 }, () => SIGNS[Math.floor(chance() * SIGNS.length)]).join('')}`
const SINCE = 1_690_000_000
const seconds = (now: number): number => Math.floor(now / 1000)
const wrong = (status: number, error: Record<string, string>): Answer => ({
  status,
  json: { error: { ...error, type: 'invalid_request_error' } },
})
const none = (what: string, id: string): Answer =>
  wrong(404, { code: 'resource_missing', message: `No such ${what}: '${id}'`, param: 'id' })
const lacks = (param: string): Answer =>
  wrong(400, { code: 'parameter_missing', message: `Missing required param: ${param}.`, param })

const customerOf = (id: string, body: Record<string, unknown>, created: number): Row => ({
  id,
  object: 'customer',
  balance: 0,
  created,
  currency: 'eur',
  delinquent: false,
  description: body['description'] ?? null,
  email: body['email'] ?? null,
  invoice_prefix: id.slice(4, 12).toUpperCase(),
  livemode: false,
  metadata: body['metadata'] ?? {},
  name: body['name'] ?? null,
})
const invoiceOf = (id: string, number: number, body: Record<string, unknown>, created: number): Row => {
  const amount = Number(body['amount'])
  return {
    id,
    object: 'invoice',
    amount_due: amount,
    amount_paid: 0,
    amount_remaining: amount,
    attempted: false,
    created,
    currency: body['currency'] ?? 'eur',
    customer: body['customer'],
    description: body['description'] ?? null,
    lines: {
      object: 'list',
      data: [{ id: `il_${id.slice(3)}`, object: 'line_item', amount, invoice: id, quantity: 1 }],
      has_more: false,
      total_count: 1,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    number: `INV-${String(number).padStart(4, '0')}`,
    paid: false,
    status: 'draft',
    status_transitions: { finalized_at: null, paid_at: null },
  }
}
const PAID = { status: 'paid', paid: true, attempted: true, amount_remaining: 0 }

/** The accounts as they begin, the same whenever asked: newest last. */
export const openAccounts = (): readonly Account[] => {
  const seed = chanceOf(84)
  const pick = picker(seed)
  return KEYS.map((_, a) => {
    const customers = Array.from({ length: 26 }, (__, i) => {
      const name = pick(PEOPLE)
      const body = { name: `${name} ${i}`, email: `${name.toLowerCase()}${i}@acct${a}.test` }
      return customerOf(idOf('cus', seed), i % 5 === 0 ? { ...body, metadata: { tier: 'gold' } } : body, SINCE + i * 90)
    })
    const invoices = Array.from({ length: 32 }, (__, i) => {
      const body = { customer: customers[(i * 5) % 12]?.id, amount: 500 + 250 * (i % 9) }
      const row = invoiceOf(idOf('in', seed), a * 500 + i + 1, body, SINCE + 9000 + i * 120)
      const at = SINCE + 9060 + i * 120
      if (i % 3 > 0) Object.assign(row, { status: 'open', status_transitions: { finalized_at: at, paid_at: null } })
      if (i % 3 === 2)
        Object.assign(row, PAID, {
          amount_paid: body.amount,
          status_transitions: { finalized_at: at, paid_at: at + 9 },
        })
      return row
    })
    return { customers, invoices, gone: new Set<string>() }
  })
}

const listed = (rows: readonly Row[], url: URL, shown: (row: Row) => Row): Answer => {
  const newest = [...rows].reverse()
  const after = url.searchParams.get('starting_after')
  const size = Number(url.searchParams.get('limit') ?? 10)
  if (size > 100) return wrong(400, { message: 'This value must be less than or equal to 100.', param: 'limit' })
  const start = after === null ? 0 : newest.findIndex((row) => row.id === after) + 1
  if (after !== null && start === 0)
    return wrong(400, { code: 'resource_missing', message: `No such cursor: '${after}'`, param: 'starting_after' })
  return {
    status: 200,
    json: {
      object: 'list',
      data: newest.slice(start, start + size).map(shown),
      has_more: start + size < newest.length,
      url: url.pathname,
    },
  }
}

export const openLedger: OpenServer = (chance) => {
  const accounts = openAccounts()
  let number = 2001
  const makeCustomer = (ask: Ask, { customers }: Account): Answer => {
    const made = customerOf(idOf('cus', chance), (ask.json ?? {}) as Row, seconds(ask.now))
    customers.push(made)
    return { status: 200, json: made }
  }
  const onCustomer = (ask: Ask, account: Account, row: Row): Answer => {
    const deleted = { id: row.id, object: 'customer', deleted: true }
    if (account.gone.has(row.id))
      return ask.method === 'GET' ? { status: 200, json: deleted } : none('customer', row.id)
    if (ask.method === 'DELETE') {
      account.gone.add(row.id)
      return { status: 200, json: deleted }
    }
    const { metadata, ...body } = (ask.json ?? {}) as Row
    if (ask.method === 'POST') Object.assign(row, body)
    if (typeof metadata === 'object') row['metadata'] = { ...(row['metadata'] as object), ...metadata }
    return { status: 200, json: row }
  }
  const onCustomers = (ask: Ask, url: URL, account: Account, id: string | undefined): Answer => {
    const row = account.customers.find((c) => c.id === id)
    if (row !== undefined) return onCustomer(ask, account, row)
    if (id !== undefined) return none('customer', id)
    if (ask.method === 'POST') return makeCustomer(ask, account)
    const email = url.searchParams.get('email')
    const found = account.customers.filter((c) => !account.gone.has(c.id) && (email === null || c['email'] === email))
    return listed(found, url, (c) => c)
  }
  const makeInvoice = (ask: Ask, { customers, invoices }: Account): Answer => {
    const body = (ask.json ?? {}) as Row
    if (body['customer'] === undefined) return lacks('customer')
    if (body['amount'] === undefined) return lacks('amount')
    if (!customers.some((c) => c.id === body['customer']))
      return wrong(400, {
        code: 'resource_missing',
        message: `No such customer: '${String(body['customer'])}'`,
        param: 'customer',
      })
    const made = invoiceOf(idOf('in', chance), number++, body, seconds(ask.now))
    invoices.push(made)
    return { status: 200, json: made }
  }
  const act = (ask: Ask, row: Row, action: string): Answer => {
    const [from, to] = { finalize: ['draft', 'open'], pay: ['open', 'paid'], void: ['open', 'void'] }[action] ?? []
    if (row['status'] !== from)
      return wrong(400, {
        code: 'invoice_not_editable',
        message: `This invoice is ${String(row['status'])}, not ${from}.`,
      })
    const at = seconds(ask.now)
    const times = row['status_transitions'] as object
    Object.assign(row, { status: to })
    if (to === 'open') row['status_transitions'] = { ...times, finalized_at: at }
    if (to === 'paid')
      Object.assign(row, PAID, { amount_paid: row['amount_due'], status_transitions: { ...times, paid_at: at } })
    return { status: 200, json: row }
  }
  const onInvoice = (ask: Ask, account: Account, row: Row): Answer => {
    if (ask.method === 'GET') return { status: 200, json: row }
    if (ask.method === 'DELETE') {
      if (row['status'] !== 'draft')
        return wrong(400, { code: 'invoice_not_editable', message: 'You can only delete draft invoices.' })
      account.invoices.splice(account.invoices.indexOf(row), 1)
      return { status: 200, json: { id: row.id, object: 'invoice', deleted: true } }
    }
    const { description } = (ask.json ?? {}) as Row
    if (description !== undefined) row['description'] = description
    return { status: 200, json: row }
  }
  const onInvoices = (ask: Ask, url: URL, account: Account, [id, action]: readonly string[]): Answer => {
    const expanded = (row: Row): Row =>
      url.searchParams.getAll('expand[]').some((path) => path.endsWith('customer'))
        ? { ...row, customer: account.customers.find((c) => c.id === row['customer']) }
        : row
    if (id === undefined && ask.method === 'POST') return makeInvoice(ask, account)
    if (id === undefined) {
      const isWanted = (row: Row): boolean =>
        ['customer', 'status'].every((name) => (url.searchParams.get(name) ?? row[name]) === row[name])
      return listed(account.invoices.filter(isWanted), url, expanded)
    }
    const row = account.invoices.find((i) => i.id === id)
    if (row === undefined) return none('invoice', id)
    if (action === 'lines') return { status: 200, json: row['lines'] }
    if (action !== undefined) return act(ask, row, action)
    const answer = onInvoice(ask, account, row)
    return ask.method === 'GET' ? { status: 200, json: expanded(row) } : answer
  }
  return (ask) => {
    const url = new URL(ask.path, 'http://x')
    const [, version, what, ...rest] = url.pathname.split('/')
    const key = (ask.headers['Authorization'] ?? '').slice(7)
    if (key === '')
      return wrong(401, {
        message: 'You did not provide an API key. You need to provide your API key in the Authorization header.',
      })
    const account = accounts[KEYS.findIndex((k) => k === key)]
    if (account === undefined)
      return wrong(401, {
        message: `Invalid API Key provided: ${key.slice(0, 7)}*********************${key.slice(-4)}`,
      })
    if (version === 'v1' && what === 'customers') return onCustomers(ask, url, account, rest[0])
    if (version === 'v1' && what === 'invoices') return onInvoices(ask, url, account, rest)
    return wrong(404, { message: `Unrecognized request URL (${ask.method}: ${url.pathname}).` })
  }
}
