/**
 * Where in a JSON body a secret field may stand, from its bytes: by the last letters of what stands before each colon. Most
 * bodies hold none, and looking costs a tenth of cutting out every name. It errs on one side only: too many.
 */

const QUOTE = 34
const BACKSLASH = 92

const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13
const isLetter = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90)
/** What names are compared without. */
const isIgnored = (c: number): boolean => c === 45 || c === 95

/** Five bits of a letter, whatever its case. */
const low = (c: number): number => c & 31

interface Endings {
  /** Bits, by the last three letters; most names end here. */
  readonly three: Uint32Array
  /** By the last three letters, which may stand before them: bit 0 for the opening quote. */
  readonly fourth: ReadonlyMap<number, number>
  /** By the last two letters. */
  readonly two: Uint8Array
  /** There is a secret name of one or two letters. */
  readonly short: boolean
}

const keyOf = (a: number, b: number, c: number): number => (low(a) << 10) | (low(b) << 5) | low(c)

const endingsOf = (names: ReadonlySet<string>): Endings => {
  const three = new Uint32Array(1024)
  const fourth = new Map<number, number>()
  const two = new Uint8Array(1024)
  for (const name of names) {
    const at = (n: number): number => name.charCodeAt(name.length - n)
    const key = keyOf(at(3), at(2), at(1))
    three[key >>> 5] = (three[key >>> 5] as number) | (1 << (key & 31))
    fourth.set(key, (fourth.get(key) ?? 0) | (1 << (name.length > 3 ? low(at(4)) : 0)))
    two[key & 1023] = 1
  }
  return { three, fourth, two, short: [...names].some((name) => name.length < 3) }
}

const fits = (before: number, key: number, { three, fourth }: Endings): boolean => {
  if ((((three[key >>> 5] as number) >>> (key & 31)) & 1) === 0) return false
  if (!isLetter(before) && before !== QUOTE) return true
  return (((fourth.get(key) as number) >>> (before === QUOTE ? 0 : low(before))) & 1) === 1
}

/** Whether the name whose closing quote is at `quote` may be a secret's. */
const mayEndAt = (bytes: Uint8Array, quote: number, endings: Endings): boolean => {
  const end = bytes[quote - 1] === BACKSLASH ? quote - 1 : quote
  const c = bytes[end - 1] as number
  const b = bytes[end - 2] as number
  const a = bytes[end - 3] as number
  if (isLetter(c) && isLetter(b)) {
    if (isLetter(a)) return fits(bytes[end - 4] as number, keyOf(a, b, c), endings)
    if (isIgnored(a)) return endings.two[keyOf(0, b, c)] === 1
    return a === QUOTE ? endings.short : true
  }
  return b === QUOTE || c === QUOTE ? endings.short : true
}

/** `text` is the bytes as Latin-1. */
export type NextColon = (text: string, bytes: Uint8Array, from: number) => number

/**
 * Gives the next colon behind what may be a secret's name, -1 when there is none. Names are lower case, without '-' and
 * '_'. The text must hold no `\u`: letters written like that are not seen.
 */
export const createNameFilter = (names: ReadonlySet<string>): NextColon => {
  const endings = endingsOf(names)
  return (text, bytes, from) => {
    let colon = text.indexOf(':', from)
    while (colon >= 0) {
      let quote = colon - 1
      while (isSpace(bytes[quote] as number)) quote--
      if (bytes[quote] === QUOTE && mayEndAt(bytes, quote, endings)) return colon
      colon = text.indexOf(':', colon + 1)
    }
    return -1
  }
}
