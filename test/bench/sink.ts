/**
 * The database: rows a second and core from records of the log to a Postgres that has committed them, beside COPY of the same
 * text into a bare table.
 */
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { LogRecord } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { copyText, type Database } from '../../sinks/kit/database.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { tables } from '../../sinks/postgres/tables.ts'
import { anEvent } from '../sinks/events.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'
import { overPostgres } from './kit/postgres.ts'

const section = 'sink'
const COUNT = 60_000
const BATCH = 4_000
const FLOOR = 20_000

const recordsOf = (codecs: Codecs, from: number): LogRecord[] =>
  Array.from({ length: COUNT }, (_, i) => {
    const offset = from + i
    const event = anEvent(offset, { at: (Date.now() + i) * 1000 }, { target: `/books/${i % 997}?page=${i % 9}` })
    const value = codecs.encode('exchanges', event)
    return { topic: topicName('exchanges'), partition: 0, offset, timestamp: 0, key: 'shop', value }
  })

const locate = (service: string, method: string): string => `${service} ${method} /books/{id}`

const throughSink = async (database: Database, codecs: Codecs, from: number): Promise<Cost> => {
  const records = recordsOf(codecs, from)
  const sink = postgresSink({ database, codecs, tables: tables(locate) })
  await sink.positions()
  const stop = stopwatch()
  for (let at = 0; at < COUNT; at += BATCH)
    await sink.write([{ topic: 'exchanges', partition: 0, records: records.slice(at, at + BATCH) }])
  return costOf(stop(), COUNT)
}

const plainCopy = async (database: Database, codecs: Codecs): Promise<Cost> => {
  const table = tables(locate).find(({ table: name }) => name === 'exchanges')
  if (table === undefined) throw new Error('there is no table of exchanges')
  await database.transaction([{ kind: 'script', sql: 'create table bare (like exchanges)' }])
  const rows = recordsOf(codecs, 0).map(
    (record) => table.row(codecs.decode('exchanges', record.value ?? new Uint8Array()), record) ?? [],
  )
  const stop = stopwatch()
  for (let at = 0; at < COUNT; at += BATCH) {
    const text = copyText(rows.slice(at, at + BATCH))
    await database.transaction([{ kind: 'copy', table: 'bare', columns: table.columns, text }])
  }
  return costOf(stop(), COUNT)
}

const run = overPostgres(async (database) => {
  const codecs = await openCodecs(memorySchemaStore())
  await throughSink(database, codecs, 0)
  const cost = best([await throughSink(database, codecs, COUNT), await throughSink(database, codecs, 2 * COUNT)])
  const plain = await plainCopy(database, codecs)
  const speed: Figure = {
    section,
    name: 'exchanges from the log into Postgres, committed',
    unit: 'rows/s/core',
    value: round(perCore(cost)),
    better: 'more',
    peer: { name: 'COPY of the same text into a bare table', value: round(perCore(plain)) },
    floor: { of: 'value', at: FLOOR },
    seen: round(cost.seen),
  }
  return [speed]
})

export const sinkSection: Section = { name: section, run }
