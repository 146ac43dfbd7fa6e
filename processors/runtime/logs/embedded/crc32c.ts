/** CRC-32C (Castagnoli), eight bytes a step (Kounavis and Berry, "slicing-by-8"). Node's zlib.crc32 is the other CRC-32. */

const tables = ((): readonly Int32Array[] => {
  const all = Array.from({ length: 8 }, () => new Int32Array(256))
  const first = all[0] as Int32Array
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[n] = crc
  }
  for (let k = 1; k < 8; k++) {
    const before = all[k - 1] as Int32Array
    for (let n = 0; n < 256; n++) {
      const crc = before[n] as number
      ;(all[k] as Int32Array)[n] = (first[crc & 0xff] as number) ^ (crc >>> 8)
    }
  }
  return all
})()

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as unknown as Record<number, Int32Array> & Int32Array[]

/** The checksum of `bytes[start, end)`, as an unsigned number. */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  const a = t0 as Int32Array,
    b = t1 as Int32Array,
    c = t2 as Int32Array,
    d = t3 as Int32Array
  const e = t4 as Int32Array,
    f = t5 as Int32Array,
    g = t6 as Int32Array,
    h = t7 as Int32Array
  let crc = -1
  let at = start
  for (const whole = end - 7; at < whole; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      h[crc & 255]! ^
      g[(crc >>> 8) & 255]! ^
      f[(crc >>> 16) & 255]! ^
      e[crc >>> 24]! ^
      d[bytes[at + 4]!]! ^
      c[bytes[at + 5]!]! ^
      b[bytes[at + 6]!]! ^
      a[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = a[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
