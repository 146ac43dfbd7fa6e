/**
 * Migrations, by number, in order, never changed once released: a new one is a new file and a new line here.
 * Plain Postgres but for the parts that say `timescale`; times are timestamptz and part of each unique key of the big tables,
 * as hypertables and partitions want it.
 */
import { traffic } from './001-traffic.ts'
import { knowledge } from './002-knowledge.ts'
import { webhooks } from './003-webhooks.ts'
import { windows } from './004-windows.ts'
import { storage, type Storage } from './005-storage.ts'
import { activations } from './006-activations.ts'
import { unanswered } from './007-unanswered.ts'
import { overview } from './008-overview.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: (storage: Storage) => string
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'traffic', sql: () => traffic },
  { number: 2, name: 'knowledge', sql: () => knowledge },
  { number: 3, name: 'webhooks', sql: () => webhooks },
  { number: 4, name: 'windows', sql: () => windows },
  { number: 5, name: 'storage', sql: storage },
  { number: 6, name: 'activations', sql: () => activations },
  { number: 7, name: 'unanswered', sql: () => unanswered },
  { number: 8, name: 'overview', sql: overview },
]
