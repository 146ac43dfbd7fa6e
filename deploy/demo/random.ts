/** A seeded generator (mulberry32, by Tommy Ettinger, public domain): the demo is the same every time. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number
  int(below: number): number
  pick<T>(from: readonly T[]): T
}

export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (below: number): number => Math.floor(next() * below)
  return { next, int, pick: (from) => from[int(from.length)] as (typeof from)[number] }
}
