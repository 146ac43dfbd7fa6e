/** The story of the ledger: two accounts with a key each, then a ghost in its place. */
import { KEYS, openAccounts, openLedger } from './ledger-server.ts'
import { chanceOf, maybe, picker, tell } from './world.ts'
import type { Chapter, Step, World } from './world.ts'

const chance = chanceOf(20)
const pick = picker(chance)
const ACCOUNTS = [0, 1] as const
type Who = (typeof ACCOUNTS)[number]
const IDS = openAccounts().map(({ customers, invoices }) => ({
  customers: customers.map((c) => c.id),
  emails: customers.map((c) => String(c['email'])),
  invoices: invoices.map((i) => i.id),
}))
const as = (who: Who) => ({ headers: { Authorization: `Bearer ${KEYS[who]}` } })
const CUSTOMERS = '/v1/customers'
const INVOICES = '/v1/invoices'
/** The eldest fall off the lists' pages: nobody sees them in training. */
const customer = (who: Who): string => IDS[who]?.customers[6 + Math.floor(chance() * 20)] ?? ''
const buyer = (who: Who): string => IDS[who]?.customers[Math.floor(chance() * 12)] ?? ''
const invoice = (who: Who): string => IDS[who]?.invoices[8 + Math.floor(chance() * 24)] ?? ''
const by = (steps: (who: Who, i: number) => readonly Step[]) => (i: number) => steps(pick(ACCOUNTS), i)
const one = (step: (who: Who, i: number) => Step) => by((who, i) => [step(who, i)])
const STATES = ['draft', 'open', 'paid', 'void']
const person = (i: number) => ({
  name: `New ${i}`,
  email: `new${i}@made.test`,
  ...(i % 2 === 0 ? { metadata: { tier: 'blue' } } : {}),
})

const billing = (who: Who, i: number): Step[] => {
  const me = as(who)
  const path = `${INVOICES}/{{i${i}}}`
  const json = {
    customer: buyer(who),
    amount: 100 * (1 + (i % 20)),
    ...(i % 3 === 0 ? { description: `for ${i}` } : {}),
  }
  return [
    { method: 'POST', path: INVOICES, json, ...me, save: { [`i${i}`]: '/id' } },
    { path, ...me },
    ...maybe(0.7, chance, [
      { method: 'POST', path: `${path}/finalize`, ...me },
      { path, ...me },
      ...maybe(0.6, chance, [
        { method: 'POST', path: `${path}/pay`, ...me },
        { path, ...me },
      ]),
    ]),
    ...maybe(0.3, chance, [{ method: 'POST', path: `${path}/finalize`, ...me }]),
    ...maybe(0.3, chance, [{ method: 'POST', path: `${path}/void`, ...me }]),
    ...maybe(0.4, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const joining = (who: Who, i: number): Step[] => {
  const me = as(who)
  const path = `${CUSTOMERS}/{{c${i}}}`
  return [
    { method: 'POST', path: CUSTOMERS, json: person(i), ...me, save: { [`c${i}`]: '/id' } },
    { path, ...me },
    ...maybe(0.6, chance, [
      { method: 'POST', path, json: { description: `changed ${i}` }, ...me },
      { path, ...me },
    ]),
    ...maybe(0.5, chance, [
      { method: 'DELETE', path, ...me },
      { path, ...me },
    ]),
  ]
}
const chapters: readonly Chapter[] = [
  { weight: 4, steps: one((who) => ({ path: `${CUSTOMERS}/${customer(who)}`, ...as(who) })) },
  { weight: 3, steps: one((who) => ({ path: `${INVOICES}/${invoice(who)}`, ...as(who) })) },
  { weight: 2, steps: one((who) => ({ path: `${CUSTOMERS}?limit=${pick([3, 5, 10])}`, ...as(who) })) },
  {
    weight: 2,
    steps: one((who) => ({ path: `${CUSTOMERS}?limit=5&starting_after=${customer(who)}`, ...as(who) })),
  },
  { weight: 1, steps: one((who) => ({ path: `${CUSTOMERS}?email=${pick(IDS[who]?.emails ?? [])}`, ...as(who) })) },
  { weight: 2, steps: one((who) => ({ path: `${INVOICES}?status=${pick(STATES)}`, ...as(who) })) },
  { weight: 2, steps: one((who) => ({ path: `${INVOICES}?customer=${buyer(who)}`, ...as(who) })) },
  { weight: 1, steps: one((who) => ({ path: `${INVOICES}/${invoice(who)}?expand[]=customer`, ...as(who) })) },
  { weight: 1, steps: one((who) => ({ path: `${INVOICES}/${invoice(who)}/lines`, ...as(who) })) },
  { weight: 1, steps: one((who, i) => ({ path: `${CUSTOMERS}/cus_Zz${i}Qx${i * 7}`, ...as(who) })) },
  { weight: 1, steps: one((who) => ({ path: `${CUSTOMERS}/${customer(who)}`, ...as(who === 0 ? 1 : 0) })) },
  { weight: 1, steps: one((who) => ({ path: `${INVOICES}/${invoice(who)}` })) },
  {
    weight: 1,
    steps: one((who, i) => ({
      path: `${CUSTOMERS}/${customer(who)}`,
      headers: { Authorization: `Bearer sk_test_wrong${i}0000000000000000` },
    })),
  },
  {
    weight: 1,
    steps: one((who) => ({
      method: 'POST',
      path: INVOICES,
      json: pick([{ amount: 5 }, { customer: buyer(who) }]),
      ...as(who),
    })),
  },
  {
    weight: 1,
    steps: one((who, i) => ({
      method: 'POST',
      path: `${CUSTOMERS}/${customer(who)}`,
      json: pick([{ name: `Renamed ${i}` }, { metadata: { seen: `y${i}` } }]),
      ...as(who),
    })),
  },
  { weight: 3, steps: by(billing) },
  { weight: 3, steps: by(joining) },
]
const train: Step[] = [
  ...tell(chapters, 250, chance),
  ...['/', '/v1', '/v1/refunds'].map((path) => ({ path, ...as(0) })),
]

const simulated = (who: Who, i: number): Step[] => {
  const me = as(who)
  const [c, n] = [`${CUSTOMERS}/{{x${i}}}`, `${INVOICES}/{{y${i}}}`]
  return [
    { cls: 'write', method: 'POST', path: CUSTOMERS, json: person(300 + i), ...me, save: { [`x${i}`]: '/id' } },
    { cls: 'write_read', path: c, ...me },
    { cls: 'write', method: 'POST', path: c, json: { description: `ghost ${i}` }, ...me },
    { cls: 'write_read', path: c, ...me },
    {
      cls: 'write',
      method: 'POST',
      path: INVOICES,
      json: { customer: `{{x${i}}}`, amount: 900 + i },
      ...me,
      save: { [`y${i}`]: '/id' },
    },
    { cls: 'write_read', path: n, ...me },
    { cls: 'write', method: 'POST', path: `${n}/finalize`, ...me },
    { cls: 'write_read', path: n, ...me },
    { cls: 'write', method: 'POST', path: `${n}/pay`, ...me },
    { cls: 'write_read', path: n, ...me },
    { cls: 'write_read', path: `${INVOICES}?customer={{x${i}}}`, ...me },
    { cls: 'write', method: 'POST', path: `${n}/finalize`, ...me },
    { cls: 'write', method: 'DELETE', path: n, ...me },
    { cls: 'write', method: 'DELETE', path: c, ...me },
    { cls: 'read_after_delete', path: c, ...me },
    { cls: 'write', method: 'POST', path: INVOICES, json: { amount: 5 }, ...me },
    { cls: 'no_auth', method: 'POST', path: CUSTOMERS, json: person(i) },
  ]
}
const test: Step[] = [
  ...ACCOUNTS.flatMap((who): Step[] => [
    ...Array.from({ length: 5 }, () => ({ cls: 'seen', path: `${CUSTOMERS}/${customer(who)}`, ...as(who) })),
    ...Array.from({ length: 5 }, () => ({ cls: 'seen', path: `${INVOICES}/${invoice(who)}`, ...as(who) })),
    ...[0, 1, 2, 3].map((i) => ({ cls: 'unseen_id', path: `${CUSTOMERS}/${IDS[who]?.customers[i]}`, ...as(who) })),
    ...[1, 3, 5].map((i) => ({ cls: 'unseen_id', path: `${INVOICES}/${IDS[who]?.invoices[i]}`, ...as(who) })),
    { cls: 'new_query', path: `${CUSTOMERS}?limit=7`, ...as(who) },
    { cls: 'new_query', path: `${CUSTOMERS}?limit=4&starting_after=${IDS[who]?.customers[20]}`, ...as(who) },
    { cls: 'new_query', path: `${INVOICES}?status=paid&limit=5`, ...as(who) },
    { cls: 'new_query', path: `${INVOICES}?customer=${IDS[who]?.customers[5]}&status=paid`, ...as(who) },
    { cls: 'new_query', path: `${INVOICES}/${IDS[who]?.invoices[30]}?expand[]=customer`, ...as(who) },
    { cls: 'new_query', path: `${INVOICES}?limit=3&expand[]=data.customer`, ...as(who) },
    ...[1, 2].map((i) => ({ cls: 'missing_id', path: `${CUSTOMERS}/cus_Nn${i}Ww${i * 31}`, ...as(who) })),
    { cls: 'missing_id', path: `${INVOICES}/in_Nn7Ww217`, ...as(who) },
    {
      cls: 'private_other',
      path: `${CUSTOMERS}/${IDS[who]?.customers[12]}`,
      forbid: [`@acct${who}`],
      ...as(who === 0 ? 1 : 0),
    },
    { cls: 'no_auth', path: `${CUSTOMERS}/${IDS[who]?.customers[15]}`, forbid: ['@acct'] },
    {
      cls: 'no_auth',
      path: CUSTOMERS,
      headers: { Authorization: `Bearer sk_test_bad${who}1111111111111111` },
      forbid: ['@acct', 'cus_'],
    },
    ...simulated(who, who * 10 + 1),
    ...simulated(who, who * 10 + 2),
  ]),
  ...['/v2/customers', '/v1/products', '/v1/customer'].map((path) => ({ cls: 'unknown_path', path, ...as(1) })),
]

export const ledger: World = { name: 'ledger', open: openLedger, train, test }
