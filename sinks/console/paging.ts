/** Lists are `{ items, next_cursor }`; a cursor is opaque to clients: the last key, packed. */
import { z } from '@hono/zod-openapi'
import { Refusal } from './problem.ts'

export const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(2000).optional(),
}

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() })

export const packCursor = (keys: readonly string[]): string => Buffer.from(JSON.stringify(keys)).toString('base64url')

/** Throws a 400 for what this console never gave out. */
export const unpackCursor = (cursor: string | undefined, length: number): readonly string[] | undefined => {
  if (cursor === undefined) return undefined
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(keys) && keys.length === length && keys.every((key) => typeof key === 'string'))
      return keys as string[]
  } catch {
    // not ours
  }
  throw new Refusal(400, 'cursor: pass the next_cursor of the page before, unchanged')
}

/** One more than asked for tells whether there is a next page. */
export const paged = <T>(
  rows: readonly T[],
  limit: number,
  keys: (row: T) => readonly string[],
): { items: T[]; next_cursor: string | null } => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next_cursor: rows.length > limit && last !== undefined ? packCursor(keys(last)) : null }
}
