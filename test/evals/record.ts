/**
 * Records a running server in the form of the shared ghost evaluation: `node --import tsx test/evals/record.ts WALK.ts
 * http://127.0.0.1:PORT OUT_FOLDER [SEED]`. The walk says who asks and what collections there are; this file says in which
 * proportions they are asked, as the shared recordings do. Writes NAME.train.jsonl.gz and NAME.test.jsonl.gz.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { leavesOf, parsed, pointed, send } from './walk.ts'
import type { Call, Headers, Pick, Row, Shelf, Tell, Walk } from './walk.ts'
import { chanceOf, picker } from './worlds/world.ts'

const [file = '', base = '', folder = '', seed = '1'] = process.argv.slice(2)
const { walk } = (await import(pathToFileURL(file).href)) as { walk: Walk }
const chance = chanceOf(Number(seed))
const pick: Pick = picker(chance)
const likely = (share: number): boolean => chance() < share
const perform = async (call: Call): Promise<Row> => {
  const method = call.method ?? 'GET'
  const body = call.json === undefined ? null : JSON.stringify(call.json)
  const typed = body === null ? {} : { 'Content-Type': 'application/json' }
  const headers = { Accept: 'application/json', 'User-Agent': 'ghost-eval/1', ...typed, ...call.headers }
  const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  const response = await send(new URL(call.path, base), { method, headers: { ...headers, ...length }, body })
  return { method, path: call.path, headers, body, response }
}

const train: Row[] = []
const ask: Tell = async (call) => {
  const { response } = await perform(call)
  return { status: response.status, json: parsed(response.body) }
}
const learn = async (call: Call): Promise<unknown> => {
  const row = await perform(call)
  train.push(row)
  return parsed(row.response.body)
}
const tell: Tell = async (call) => {
  const json = await learn(call)
  return { status: train.at(-1)?.response.status ?? 0, json }
}

const people = await walk.open(ask, tell)
const named = (name: string): Headers => people[name] ?? {}
const itemPath = (shelf: Shelf, id: string): string => shelf.item?.(id) ?? `${shelf.path}/${id}`
const idsOf = async (shelf: Shelf): Promise<string[]> => {
  const { json } = await ask({ path: shelf.all ?? shelf.path, headers: named(shelf.as[0] ?? '') })
  const items = pointed(json, shelf.items)
  return Array.isArray(items) ? items.map((item) => String(pointed(item, shelf.id))) : []
}
const ids = new Map<Shelf, string[]>()
for (const shelf of walk.shelves) ids.set(shelf, await idsOf(shelf))
const known = (shelf: Shelf): string[] => ids.get(shelf) ?? []
const weighted = walk.shelves.flatMap((shelf) => Array.from({ length: shelf.weight }, () => shelf))
const writable = weighted.filter((shelf) => shelf.create !== undefined)
const changeable = weighted.filter((shelf) => shelf.change !== undefined)
/** Half of the reads go to the first items: some are read often, some never. */
const anId = (shelf: Shelf): string => {
  const all = known(shelf)
  return pick(likely(0.4) ? all.slice(0, 4) : all)
}

const creation = (shelf: Shelf, name: string): Call => ({
  method: shelf.creates ?? 'POST',
  path: shelf.creates === 'PUT' ? itemPath(shelf, name) : shelf.path,
  json: shelf.create?.(name, pick),
})
const change = (shelf: Shelf, id: string, name: string): Call => ({
  method: shelf.changes ?? 'PATCH',
  path: itemPath(shelf, id),
  json: shelf.change?.(name, pick),
})
const createdId = (shelf: Shelf, json: unknown): string | undefined => {
  const id = pointed(json, shelf.created ?? shelf.id)
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

const trainWrite = async (i: number): Promise<void> => {
  const shelf = pick(likely(0.5) && writable.length > 0 ? writable : changeable)
  const headers = named(pick(shelf.as))
  if (shelf.create !== undefined && likely(0.45)) {
    const id = createdId(shelf, await learn({ ...creation(shelf, `note-${i}`), headers }))
    if (id !== undefined) ids.set(shelf, [...known(shelf), id])
  } else if (shelf.removes === true && likely(0.4)) {
    const id = pick(known(shelf))
    await learn({ method: 'DELETE', path: itemPath(shelf, id), headers })
    ids.set(shelf, known(shelf).length > 8 ? known(shelf).filter((other) => other !== id) : known(shelf))
    if (likely(0.4)) await learn({ path: itemPath(shelf, id), headers })
  } else if (shelf.change !== undefined) await learn({ ...change(shelf, pick(known(shelf)), `edit ${i}`), headers })
}
const trainRead = async (): Promise<void> => {
  const shelf = pick(weighted)
  const isStranger = people['nobody'] === undefined && walk.bad !== undefined && likely(0.07)
  const headers = isStranger ? pick([{}, walk.bad ?? {}]) : named(pick(shelf.as))
  if (likely(0.05)) await learn({ path: itemPath(shelf, shelf.missing(pick)), headers })
  else if (likely(0.55) || shelf.queries === undefined) await learn({ path: itemPath(shelf, anId(shelf)), headers })
  else await learn({ path: shelf.path + shelf.queries(pick), headers })
}

for (let i = 0; i < 600; i++) {
  if (likely(0.14)) await trainWrite(i)
  else if (likely(0.02))
    await learn({ path: pick(walk.unknown.slice(0, 3)), headers: named(pick(Object.keys(people))) })
  else await trainRead()
}

/** What nobody could foretell: times of now, and what a write made up. */
const made = new Set<string>()
const now = Date.now()
const DAY = 86_400_000
const isRecent = (value: unknown): boolean => {
  const text = String(value)
  const digits = /^\d{10}(\d{3}|\d{6})?(\.\d+)?$/.test(text) ? Number(text.slice(0, 10)) * 1000 : Number.NaN
  const time = Number.isNaN(digits) ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN) : digits
  return Math.abs(time - now) < DAY
}
const RANDOM = /^(?=.*\d)(?=.*[a-z])[\w-]{12,}$/i
const isMade = (value: unknown, sent: string): boolean =>
  value !== null && !sent.includes(String(value)) && (isRecent(value) || RANDOM.test(String(value)))

interface Asking {
  readonly cls: string
  readonly call: Call
  readonly cap?: Readonly<Record<string, string>>
  readonly echo?: readonly (readonly [string, unknown])[]
  /** Whoever asks may see nothing of these. */
  readonly forbid?: readonly string[]
}
const test: unknown[] = []
const vals = new Map<string, unknown>()
const filled = (text: string): string =>
  text.replace(/\{\{(\w+)\}\}/g, (all, key: string) => String(vals.get(key) ?? all))
const taught = new Set(train.flatMap((row) => leavesOf(parsed(row.response.body)).map(([, value]) => String(value))))

const volatileOf = async (row: Row, call: Call): Promise<string[]> => {
  const truth = leavesOf(parsed(row.response.body))
  if (row.method !== 'GET') {
    const sent = `${row.path} ${row.body ?? ''}`
    const found = truth.filter(([, value]) => isMade(value, sent) && !taught.has(String(value)))
    for (const [, value] of found) made.add(String(value))
    return found.map(([at]) => at)
  }
  const again = new Map(leavesOf(parsed((await perform(call)).response.body)))
  const isSame = (at: string, value: unknown): boolean => JSON.stringify(again.get(at)) === JSON.stringify(value)
  return truth.filter(([at, value]) => made.has(String(value)) || !isSame(at, value)).map(([at]) => at)
}
const examine = async ({ cls, call, cap = {}, echo = [], forbid = [] }: Asking): Promise<unknown> => {
  const actual = { ...call, path: filled(call.path) }
  const row = await perform(actual)
  const json = parsed(row.response.body)
  const used = [...call.path.matchAll(/\{\{(\w+)\}\}/g)].map(([, key]) => [key ?? '', vals.get(key ?? '')] as const)
  const capv = Object.fromEntries(Object.entries(cap).map(([key, at]) => [key, pointed(json, at)]))
  const volatile = (await volatileOf(row, actual)).filter((at) => !Object.values(cap).includes(at))
  for (const [key, value] of Object.entries(capv)) {
    vals.set(key, value)
    made.delete(String(value))
  }
  const hidden = forbid.filter((text) => !`${row.response.body} ${row.path}`.includes(text))
  test.push({
    n: test.length,
    ...row,
    path: call.path,
    cls,
    cap,
    vals: Object.fromEntries(used),
    capv,
    echo,
    forbid: hidden,
    volatile,
    stable_status: true,
  })
  return json
}

const reads = train.filter((row) => row.method === 'GET' && row.response.status < 300)
for (let i = 0; i < 60; i++) {
  const { path, headers } = pick(reads)
  await examine({ cls: 'seen', call: { path, headers } })
}
const readBefore = new Set(train.map((row) => row.path))
for (let i = 0; i < 60; i++) {
  const shelf = pick(weighted)
  const fresh = known(shelf).filter((id) => !readBefore.has(itemPath(shelf, id)))
  if (fresh.length > 0)
    await examine({ cls: 'unseen_id', call: { path: itemPath(shelf, pick(fresh)), headers: named(pick(shelf.as)) } })
}
for (let i = 0; i < 30; i++) {
  const shelf = pick(weighted)
  await examine({
    cls: 'missing_id',
    call: { path: itemPath(shelf, shelf.missing(pick)), headers: named(pick(shelf.as)) },
  })
}
const gone = train.filter((row) => row.method === 'DELETE' && row.response.status < 300)
for (const { path, headers } of gone.slice(0, 5)) await examine({ cls: 'missing_id', call: { path, headers } })
const queried = weighted.filter((shelf) => shelf.fresh !== undefined)
for (let i = 0; i < 30 && queried.length > 0; i++) {
  const shelf = pick(queried)
  const call = { path: shelf.path + (shelf.fresh?.(pick) ?? ''), headers: named(pick(shelf.as)) }
  await examine({ cls: 'new_query', call })
}
const echoOf = (json: unknown, at = ''): [string, unknown][] =>
  leavesOf(json).flatMap(([p, value]) => (typeof value === 'object' ? [] : [[`${at}${p}`, value] as [string, unknown]]))
for (let i = 0; i < 12 && writable.length > 0; i++) {
  const shelf = pick(writable)
  const headers = named(pick(shelf.as))
  const born = { ...creation(shelf, `ghost-${i}`), headers }
  const echo = echoOf(born.json)
  await examine({ cls: 'write', call: born, cap: { [`w${i}`]: shelf.created ?? shelf.id }, echo })
  const path = itemPath(shelf, `{{w${i}}}`)
  await examine({ cls: 'write_read', call: { path, headers }, echo })
  if (i % 3 === 0 && shelf.change !== undefined) {
    const changed = { ...change(shelf, `{{w${i}}}`, `changed ${i}`), headers }
    await examine({ cls: 'write', call: changed, echo: echoOf(changed.json) })
    await examine({ cls: 'write_read', call: { path, headers }, echo: echoOf(changed.json) })
  } else if (i % 3 === 1 && shelf.removes === true) {
    await examine({ cls: 'write', call: { method: 'DELETE', path, headers } })
    await examine({ cls: 'read_after_delete', call: { path, headers } })
  }
}
for (let i = 0; i < 8 && changeable.length > 0; i++) {
  const shelf = pick(changeable)
  const headers = named(pick(shelf.as))
  const changed = { ...change(shelf, pick(known(shelf)), `retitled ${i}`), headers }
  await examine({ cls: 'write', call: changed, echo: echoOf(changed.json) })
  await examine({ cls: 'write_read', call: { path: changed.path, headers }, echo: echoOf(changed.json) })
}
const bad = walk.bad
for (let i = 0; i < 12 && bad !== undefined; i++) {
  const shelf = pick(weighted)
  const path = likely(0.6) ? itemPath(shelf, pick(known(shelf))) : shelf.path
  await examine({ cls: 'no_auth', call: { path, headers: i % 2 === 0 ? {} : bad } })
}
/** Texts that only this person's answers showed. */
const textsOf = (isOwner: (headers: Headers) => boolean): Set<string> =>
  new Set(
    train
      .filter(({ headers, response }) => isOwner(headers) && response.status < 300)
      .flatMap((row) => leavesOf(parsed(row.response.body)).map(([, value]) => String(value)))
      .filter((text) => text.length >= 6),
  )
const isOf = (name: string) => (headers: Headers) =>
  Object.entries(named(name)).every(([key, value]) => headers[key] === value)
for (const shelf of weighted.filter(({ isPrivate }) => isPrivate === true).slice(0, 8)) {
  const owner = shelf.as[0] ?? ''
  const theirs = textsOf((headers) => !isOf(owner)(headers))
  const forbid = [...textsOf(isOf(owner))].filter((text) => !theirs.has(text)).slice(0, 60)
  for (const other of Object.keys(people).filter((name) => !shelf.as.includes(name)))
    for (const path of [itemPath(shelf, pick(known(shelf))), shelf.path])
      await examine({ cls: 'private_other', call: { path, headers: named(other) }, forbid })
}
for (const path of walk.unknown)
  await examine({ cls: 'unknown_path', call: { path, headers: named(pick(Object.keys(people))) } })

const lines = (rows: readonly object[]): Buffer =>
  gzipSync(rows.map((row, n) => JSON.stringify({ n, ...row })).join('\n') + '\n')
writeFileSync(`${folder}/${walk.name}.train.jsonl.gz`, lines(train))
writeFileSync(`${folder}/${walk.name}.test.jsonl.gz`, lines(test as object[]))
console.log(`${walk.name}: ${train.length} exchanges to learn from, ${test.length} to answer`)
