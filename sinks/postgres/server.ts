/** Database over `pg`: a pool for reading, one connection of its own for transactions, which keeps the staging tables. */
import { once } from 'node:events'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { codeOfState, DatabaseError, type Database, type Row, type Step } from '../kit/database.ts'
import { isoTime } from './types.ts'

const INT8 = 20
const TIMESTAMPTZ = 1184

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown => {
    if (oid === INT8) return Number
    if (oid === TIMESTAMPTZ) return isoTime
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** A server that is away must be noticed: a black hole answers neither yes nor no. */
const limits = { connectionTimeoutMillis: 5_000, query_timeout: 60_000, statement_timeout: 55_000, keepAlive: true }

const withoutPassword = (url: string): string => {
  try {
    const parsed = new URL(url)
    if (parsed.password !== '') parsed.password = '***'
    // libpq takes it there, too.
    if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***')
    return parsed.toString()
  } catch {
    return 'the database URL'
  }
}

const asDatabaseError = (error: unknown, where: string): DatabaseError => {
  if (error instanceof DatabaseError) return error
  const { code, message } = error as { code?: string; message: string }
  const state = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : ''
  return new DatabaseError(codeOfState(state), `${where}: ${message || code || 'no answer'}`, { state, cause: error })
}

const runStep = async (client: pg.ClientBase, step: Step): Promise<void> => {
  if (step.kind === 'query') await client.query(step.sql, [...step.params])
  else if (step.kind === 'script') await client.query(step.sql)
  else {
    const stream = client.query(copyFrom(`copy ${step.table} (${step.columns.join(', ')}) from stdin`))
    stream.end(step.text)
    await once(stream, 'finish')
  }
}

const inTransaction = async (client: pg.ClientBase, steps: readonly Step[]): Promise<void> => {
  await client.query('begin')
  for (const step of steps) await runStep(client, step)
  await client.query('commit')
}

/** Opens no connection yet: a server that is away is no error at start. */
export const openServer = (url: string): Database => {
  const where = withoutPassword(url)
  const settings = {
    connectionString: url,
    types,
    options: '-c timezone=UTC -c datestyle=ISO',
    application_name: 'chaos-proxy',
    ...limits,
  }
  const readers = new pg.Pool({ ...settings, max: 4 })
  const writer = new pg.Pool({ ...settings, max: 1 })
  for (const pool of [readers, writer]) pool.on('error', () => {}) // an idle connection broke; the next call makes another
  let closed = false
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new DatabaseError('closed', `${where} was closed`)
    try {
      return await work()
    } catch (error) {
      throw asDatabaseError(error, where)
    }
  }
  return {
    kind: 'postgres',
    where,
    query: (sql, params) =>
      guarded(async () => (await readers.query<Row>(sql, params === undefined ? [] : [...params])).rows),
    transaction: (steps) =>
      guarded(async () => {
        const client = await writer.connect()
        client.on('error', ignore)
        try {
          await inTransaction(client, steps)
          client.release()
        } catch (error) {
          // Whatever state the session is in: throwing it away rolls back.
          client.release(true)
          throw error
        } finally {
          client.off('error', ignore)
        }
      }),
    close: async () => {
      closed = true
      await Promise.all([readers.end(), writer.end()])
    },
  }
}

const ignore = (): void => {}
