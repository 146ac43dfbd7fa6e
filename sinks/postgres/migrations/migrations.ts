/**
 * Migrations, by number, in order, never changed once released: a new one is a new file and a new line here.
 * Plain Postgres throughout; times are timestamptz and part of each unique key of the big tables, as Timescale wants it.
 */
import { knowledge } from './002-knowledge.ts'
import { traffic } from './001-traffic.ts'
import { webhooks } from './003-webhooks.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'traffic', sql: traffic },
  { number: 2, name: 'knowledge', sql: knowledge },
  { number: 3, name: 'webhooks', sql: webhooks },
]
