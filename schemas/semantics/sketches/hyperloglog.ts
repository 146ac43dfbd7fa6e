/**
 * How many distinct values there were, in little room: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 2^12 registers
 * over 32-bit hashes, read by Ertl's improved estimator ("New cardinality estimation algorithms for HyperLogLog
 * sketches", 2017), which needs no tables of corrections. Standard error 1.04/√4096 = 1.6 %.
 *
 * Up to SPARSE distinct hashes are kept as they are, so small sets are exact (but for one pair in four billion) and take few
 * bytes. A sketch is a function of the set of its hashes alone: merging is associative, commutative and idempotent, and
 * its bytes are canonical.
 */
const PRECISION = 12
const REGISTERS = 2 ** PRECISION
const REST = 32 - PRECISION
export const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS)
/** Beyond this many, hashes take as many bytes as registers do. */
export const SPARSE = 512

export interface HyperLogLog {
  /** Distinct hashes while they are few; empty once `registers` stand. */
  readonly hashes: Set<number>
  registers: Uint8Array | undefined
}

export const emptyDistinct = (): HyperLogLog => ({ hashes: new Set(), registers: undefined })

/** The register of a hash keeps the highest place of the first 1 in the rest of it. */
const raise = (registers: Uint8Array, hash: number): void => {
  const index = hash >>> REST
  const rank = Math.clz32((hash << PRECISION) | (1 << (PRECISION - 1))) + 1
  if (rank > (registers[index] as number)) registers[index] = rank
}

const toRegisters = (sketch: HyperLogLog): Uint8Array => {
  const registers = new Uint8Array(REGISTERS)
  for (const hash of sketch.hashes) raise(registers, hash)
  sketch.hashes.clear()
  sketch.registers = registers
  return registers
}

/** Adds a value by its 32-bit hash. */
export const addHash = (sketch: HyperLogLog, hash: number): void => {
  if (sketch.registers !== undefined) return raise(sketch.registers, hash)
  sketch.hashes.add(hash >>> 0)
  if (sketch.hashes.size > SPARSE) toRegisters(sketch)
}

/** Adds all of `from` to `into`. */
export const mergeDistinct = (into: HyperLogLog, from: HyperLogLog): void => {
  for (const hash of from.hashes) addHash(into, hash)
  if (from.registers === undefined) return
  const registers = into.registers ?? toRegisters(into)
  const others = from.registers
  for (let i = 0; i < REGISTERS; i++)
    if ((others[i] as number) > (registers[i] as number)) registers[i] = others[i] as number
}

/** Ertl's σ: what registers that were never touched say. */
const sigma = (share: number): number => {
  if (share === 1) return Infinity
  let [x, y, z] = [share, 1, share]
  for (let before = -1; before !== z; y += y) {
    x *= x
    before = z
    z += x * y
  }
  return z
}

/** Ertl's τ: what full registers say. */
const tau = (share: number): number => {
  if (share === 0 || share === 1) return 0
  let [x, y, z] = [share, 1, 1 - share]
  for (let before = -1; before !== z;) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}

const estimate = (registers: Uint8Array): number => {
  const counts = Array.from({ length: REST + 2 }, () => 0)
  for (const rank of registers) counts[rank] = (counts[rank] as number) + 1
  let z = REGISTERS * tau(1 - (counts[REST + 1] as number) / REGISTERS)
  for (let rank = REST; rank >= 1; rank--) z = 0.5 * (z + (counts[rank] as number))
  z += REGISTERS * sigma((counts[0] as number) / REGISTERS)
  return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * z))
}

/** How many distinct values were added: exact up to SPARSE, then within STANDARD_ERROR in two of three cases. */
export const distinct = ({ hashes, registers }: HyperLogLog): number =>
  registers === undefined ? hashes.size : estimate(registers)

const FEW = 1
const MANY = 2

/** Canonical bytes: hashes in ascending order, four bytes each; or registers, six bits each. */
export const encodeDistinct = ({ hashes, registers }: HyperLogLog): Uint8Array => {
  if (registers === undefined) {
    const bytes = new Uint8Array(1 + 4 * hashes.size)
    const view = new DataView(bytes.buffer)
    bytes[0] = FEW
    Uint32Array.from(hashes)
      .sort()
      .forEach((hash, i) => view.setUint32(1 + 4 * i, hash))
    return bytes
  }
  const bytes = new Uint8Array(1 + (REGISTERS * 6) / 8)
  bytes[0] = MANY
  for (let i = 0, at = 1; i < REGISTERS; i += 4, at += 3) {
    const [a, b, c, d] = registers.subarray(i, i + 4) as unknown as [number, number, number, number]
    bytes.set([(a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d], at)
  }
  return bytes
}

/** Reads `encodeDistinct`'s bytes; throws a RangeError on anything else. */
export const decodeDistinct = (bytes: Uint8Array): HyperLogLog => {
  const broken = (): RangeError => new RangeError('the sketch of distinct values is cut or broken')
  const sketch = emptyDistinct()
  if (bytes[0] === FEW) {
    if (bytes.length % 4 !== 1 || bytes.length > 1 + 4 * SPARSE) throw broken()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 1; at < bytes.length; at += 4) sketch.hashes.add(view.getUint32(at))
    return sketch
  }
  if (bytes[0] !== MANY || bytes.length !== 1 + (REGISTERS * 6) / 8) throw broken()
  const registers = new Uint8Array(REGISTERS)
  for (let i = 0, at = 1; i < REGISTERS; i += 4, at += 3) {
    const [x, y, z] = bytes.subarray(at, at + 3) as unknown as [number, number, number]
    registers.set([x >> 2, ((x & 3) << 4) | (y >> 4), ((y & 15) << 2) | (z >> 6), z & 63], i)
  }
  if (registers.some((rank) => rank > REST + 1)) throw broken()
  sketch.registers = registers
  return sketch
}
