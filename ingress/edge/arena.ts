/**
 * Memory for encoded events while they wait for the log. They come fast and stay for a few collections: memory of their
 * own would be collected late, and with all that is old. So it is lent in pieces of chunks that are used again when
 * everything in them is given back.
 */
export interface Chunk {
  readonly memory: Buffer
  used: number
  /** Pieces that are not given back. */
  lent: number
}

export interface Piece {
  readonly bytes: Uint8Array
  readonly chunk: Chunk
}

export interface Arena {
  /** A copy. */
  keep(bytes: Uint8Array): Piece
  /** Nobody reads the piece any more. One that is never given back costs memory only until it is forgotten. */
  giveBack(chunk: Chunk): void
}

const CHUNK = 512 * 1024
const SPARE = 8

const newChunk = (length: number): Chunk => ({ memory: Buffer.allocUnsafeSlow(length), used: 0, lent: 0 })

export const openArena = (): Arena => {
  const spare: Chunk[] = []
  let current = newChunk(CHUNK)
  const next = (length: number): Chunk => {
    const chunk = length > CHUNK ? newChunk(length) : (spare.pop() ?? newChunk(CHUNK))
    chunk.used = 0
    return chunk
  }
  const reuse = (chunk: Chunk): void => {
    if (chunk.memory.length === CHUNK && spare.length < SPARE) spare.push(chunk)
  }
  return {
    keep: (bytes) => {
      if (bytes.length > current.memory.length - current.used) {
        const full = current
        current = next(bytes.length)
        if (full.lent === 0) reuse(full)
      }
      const chunk = current
      const from = chunk.used
      chunk.memory.set(bytes, from)
      chunk.used += bytes.length
      chunk.lent++
      return { bytes: chunk.memory.subarray(from, chunk.used), chunk }
    },
    giveBack: (chunk) => {
      chunk.lent--
      if (chunk.lent === 0 && chunk !== current) reuse(chunk)
    },
  }
}
