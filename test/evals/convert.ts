/** Turns the evaluation sets into what `learn` reads, and what `learn` wrote into what their scorers read. */
import { createReadStream, createWriteStream, readdirSync } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { join } from 'node:path'

export type Row = Readonly<Record<string, unknown>>

export async function* readRows(file: string): AsyncGenerator<Row> {
  const raw = createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  for await (const line of createInterface({ input, crlfDelay: Infinity }))
    if (line !== '') yield JSON.parse(line) as Row
}

/** Writes rows as they come, at the pace of the disk. */
export const writeRows = async (
  file: string,
  rows: AsyncIterable<Row> | Iterable<Row>,
  append = false,
): Promise<void> => {
  const stream = createWriteStream(file, { flags: append ? 'a' : 'w' })
  for await (const row of rows) if (!stream.write(`${JSON.stringify(row)}\n`)) await once(stream, 'drain')
  stream.end()
  await once(stream, 'close')
}

/** Cases of a folder: `<case>.jsonl.gz` or `<case>.jsonl`. */
export const casesOf = (folder: string): { readonly name: string; readonly file: string }[] =>
  readdirSync(folder)
    .filter((name) => /\.jsonl(?:\.gz)?$/.test(name))
    .sort()
    .map((name) => ({ name: name.replace(/\.jsonl(?:\.gz)?$/, ''), file: join(folder, name) }))

/** One exchange of the sets, in the words of `learn`. */
export const toLearnLine = (row: Row): Row => ({
  time: row['ts'],
  method: row['m'],
  path: row['p'],
  status: row['s'],
  ...(row['b'] === null || row['b'] === undefined ? {} : { response_body: row['b'] }),
  ...(row['d'] === undefined ? {} : { duration_ms: row['d'] }),
  ...(row['ip'] === undefined ? {} : { client: row['ip'] }),
  ...(row['ua'] === undefined ? {} : { request_headers: { 'user-agent': row['ua'], ...(row['h'] as object) } }),
  ...(row['rb'] === undefined ? {} : { request_body: row['rb'] }),
  ...(row['q'] === undefined ? {} : { request_bytes: row['q'] }),
  ...(row['r'] === undefined ? {} : { response_bytes: row['r'] }),
})

export async function* mapRows(rows: AsyncIterable<Row>, map: (row: Row) => Row | undefined): AsyncGenerator<Row> {
  for await (const row of rows) {
    const mapped = map(row)
    if (mapped !== undefined) yield mapped
  }
}

/** `shop GET /users/{id}` → `/users/{id}`. */
export const templateOf = (endpoint: unknown): string | null =>
  typeof endpoint === 'string' ? endpoint.split(' ').slice(2).join(' ') : null
