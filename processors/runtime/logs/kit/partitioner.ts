/** Kafka's default partitioner, so that a key lands on the same partition of either log. */

const M = 0x5bd1e995

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)

/** Murmur2 with the seed of org.apache.kafka.common.utils.Utils. */
export const murmur2 = (bytes: Uint8Array): number => {
  const length = bytes.length
  const whole = length & ~3
  let h = 0x9747b28c ^ length
  for (let at = 0; at < whole; at += 4) {
    let k = Math.imul(word(bytes, at), M)
    k = Math.imul(k ^ (k >>> 24), M)
    h = Math.imul(h, M) ^ k
  }
  for (let rest = length - whole; rest > 0; rest--) {
    h ^= (bytes[whole + rest - 1] ?? 0) << (8 * (rest - 1))
    if (rest === 1) h = Math.imul(h, M)
  }
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

const encoder = new TextEncoder()

/** The partition of a key among `partitions`. */
export const partitionOf = (key: string, partitions: number): number =>
  partitions === 1 ? 0 : (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions
