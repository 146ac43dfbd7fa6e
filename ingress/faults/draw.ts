/** Chance that can be repeated: a number for each seed, hit and turn. */
import type { Draw } from './fault.ts'

/** The finaliser of MurmurHash3: every bit of the input moves half of the output's. */
const mix = (n: number): number => {
  let h = Math.imul(n ^ (n >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const GOLDEN = 0x9e3779b9

export const drawOf =
  (seed: number, hit: number): Draw =>
  (turn) =>
    mix(mix(mix(seed + GOLDEN) + Math.imul(hit + 1, GOLDEN)) + Math.imul(turn + 1, GOLDEN)) / 2 ** 32
