/**
 * One number for each key, in memory that is taken once: however many clients come, it does not grow. Keys are kept as
 * seeded hashes (45 bits tell them apart), in sets of eight; where a set is full, the smallest number gives way.
 * The seed keeps a client from choosing keys that push another one's out.
 */
const WAYS = 8

export interface Table {
  /** The place of a key; a new key begins at 0. Good until the next call. */
  readonly find: (key: string) => number
  readonly numbers: Float64Array
  /** Bytes taken. */
  readonly bytes: number
}

const mix = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The smallest power of two that holds so many sets. */
const setsFor = (keys: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, keys) / WAYS)))

export const openTable = (keys: number, seed: number): Table => {
  const sets = setsFor(keys)
  const tags = new Uint32Array(sets * WAYS)
  const numbers = new Float64Array(sets * WAYS)
  const place = (first: number, tag: number): number => {
    let least = first
    for (let i = first; i < first + WAYS; i++) {
      if (tags[i] === tag) return i
      if ((numbers[i] as number) < (numbers[least] as number)) least = i
    }
    tags[least] = tag
    numbers[least] = 0
    return least
  }
  return {
    numbers,
    bytes: tags.byteLength + numbers.byteLength,
    find: (key) => {
      let a = seed | 0
      let b = ~seed
      for (let i = 0; i < key.length; i++) {
        const code = key.charCodeAt(i)
        a = Math.imul(a ^ code, 0x01000193)
        b = Math.imul(b ^ code, 0x5bd1e995) + a
      }
      // No key has the tag of an empty place.
      return place((mix(a) & (sets - 1)) * WAYS, mix(b) || 1)
    },
  }
}
