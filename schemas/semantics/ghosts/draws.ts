/** Numbers that look random and follow from a seed, so that whoever makes something of the same seed makes the same. */
import { hash32 } from './text.ts'

const WARM_UP = 12

/**
 * Numbers in [0, 1). Four hashes of the seed start sfc32 (Doty-Humphrey, PractRand), so that 128 bits tell seeds apart: one
 * hash of 32 bits would give two of some ten thousand ids alike.
 */
export const drawsFrom = (seed: string): (() => number) => {
  let [a, b, c, count] = [hash32(`a ${seed}`), hash32(`b ${seed}`), hash32(`c ${seed}`), hash32(`d ${seed}`)]
  const next = (): number => {
    const drawn = (a + b + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + drawn) | 0
    return drawn >>> 0
  }
  for (let i = 0; i < WARM_UP; i++) next()
  return () => next() / 2 ** 32
}

/** One of the letters. */
export const letterFrom = (letters: string, draw: () => number): string =>
  letters[Math.floor(draw() * letters.length)] ?? ''
