/** Fills a table again from the log: emptied, and the position of its topic back at the start, in one step. */
import { DatabaseError, type Database } from '../kit/database.ts'
import { SINK } from './sink.ts'
import { tables } from './tables.ts'

/** What can be rebuilt: table and the topic it comes from. */
export const rebuildable: readonly { readonly table: string; readonly topic: string }[] = tables(() => undefined).map(
  ({ table, topic }) => ({ table, topic }),
)

/**
 * Resolves with the topic that the sinks read again when they start next; sinks that still run move its position no more.
 * What other tables hold of that topic stays as it is: rows that come again change nothing. History that the log holds no
 * more is gone.
 */
export const rebuildTable = async (database: Database, name: string): Promise<string> => {
  const found = rebuildable.find(({ table }) => table === name)
  if (found === undefined)
    throw new DatabaseError(
      'failed',
      `there is no table "${name}" to rebuild; these can be: ${rebuildable.map(({ table }) => table).join(', ')}`,
    )
  await database.transaction([
    { kind: 'script', sql: `truncate ${found.table}` },
    {
      kind: 'query',
      sql: 'update sink_offsets set position = 0, generation = generation + 1 where sink = $1 and topic = $2',
      params: [SINK, found.topic],
    },
  ])
  return found.topic
}
