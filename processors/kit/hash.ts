/** Deterministic 32-bit hashes, for choices that need chance and for telling apart without keeping. Not against attackers. */

/** FNV-1a over UTF-16 code units, then the finalizer of MurmurHash3 so that near texts lie far apart. */
export const hash32 = (text: string, seed = 0): number => {
  let h = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
