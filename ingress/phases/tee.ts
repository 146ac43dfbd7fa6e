/** What of a body is kept while it passes. */

/** A body as it passes: the first `limit` bytes are kept, all are counted. */
export interface Tee {
  readonly limit: number
  readonly chunks: Uint8Array[]
  kept: number
  length: number
}

export const openTee = (limit: number): Tee => ({ limit, chunks: [], kept: 0, length: 0 })

/** Keeps no more than the limit; never copies and never waits. */
export const tee = (into: Tee, chunk: Uint8Array): void => {
  into.length += chunk.length
  const room = into.limit - into.kept
  if (room <= 0) return
  const part = chunk.length <= room ? chunk : chunk.subarray(0, room)
  into.chunks.push(part)
  into.kept += part.length
}
