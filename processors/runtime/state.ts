/**
 * The stores of one task. A value is kept as the bytes of the last checkpoint and, once read, as a decoded value beside
 * them, which steps change. So a rollback is to forget the decoded values, and a restore is to take the bytes: nothing is
 * decoded before it is wanted.
 *
 * Decision (21 Nov 2026): state is canonical JSON unless a processor brings a codec. DESIGN.md said Avro; rejected, since
 * a changelog is private to its app and nobody else's contract, and since one wants to read it when something is wrong.
 * The price is bytes; a hot store can bring its own codec.
 */
import type { JsonCodec, StateCodec, Store, Stores } from '../kit/processor.ts'
import type { Change } from '../../schemas/log.ts'

interface KeptStore {
  restore(key: string, value: Uint8Array | null): void
  /** Appends what changed since the last checkpoint, as `<store>/<key>`, in ascending order. */
  checkpoint(into: Map<string, Uint8Array | null>): void
  rollback(): void
  dump(into: Change[]): void
}

export interface State {
  /** The stores of one processor. Opening a store again gives the same one. */
  stores(processor: string): Stores
  restore(changes: readonly Change[]): void
  /** Makes what was set since the last checkpoint final. The last change of a key wins in `into`. */
  checkpoint(into: Map<string, Uint8Array | null>): void
  /** Back to the last checkpoint. */
  rollback(): void
  /** Every key with its bytes as of the last checkpoint, in ascending order. */
  dump(): readonly Change[]
  storeNames(): readonly string[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Key order is insertion order, and parsing keeps it: the same operations give the same bytes, also across a restore. */
const jsonState = <V>(codec?: JsonCodec<V>): StateCodec<V> => ({
  encode: (value) => encoder.encode(JSON.stringify(codec === undefined ? value : codec.toJson(value))),
  decode: (bytes) => {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return codec === undefined ? (json as V) : codec.fromJson(json)
  },
})

const codecOf = <V>(codec?: StateCodec<V> | JsonCodec<V>): StateCodec<V> =>
  codec !== undefined && 'encode' in codec ? codec : jsonState(codec)

const equal = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0

interface Cells<V> {
  readonly bytes: Map<string, Uint8Array>
  /** Decoded values; undefined: deleted since the checkpoint. */
  readonly live: Map<string, V | undefined>
  readonly dirty: Set<string>
  /** Keys, deleted ones not counted. */
  size: number
}

const storeOver = <V>(cells: Cells<V>, codec: StateCodec<V>): Store<V> => {
  const { bytes, live, dirty } = cells
  const has = (key: string): boolean => (live.has(key) ? live.get(key) !== undefined : bytes.has(key))
  return {
    get: (key) => {
      const value = live.get(key)
      if (value !== undefined || live.has(key)) return value
      const kept = bytes.get(key)
      if (kept === undefined) return undefined
      const decoded = codec.decode(kept)
      live.set(key, decoded)
      return decoded
    },
    set: (key, value) => {
      if (!has(key)) cells.size++
      live.set(key, value)
      dirty.add(key)
    },
    delete: (key) => {
      if (!has(key)) return
      cells.size--
      live.set(key, undefined)
      dirty.add(key)
    },
    keys: () => {
      const keys = [...bytes.keys()].filter(has)
      for (const [key, value] of live) if (value !== undefined && !bytes.has(key)) keys.push(key)
      return keys.sort()
    },
    get size() {
      return cells.size
    },
  }
}

const keep = <V>(name: string, cells: Cells<V>, codec: StateCodec<V>): KeptStore => {
  const { bytes, live, dirty } = cells
  const write = (key: string, into: Map<string, Uint8Array | null>): void => {
    const value = live.get(key)
    if (value === undefined) {
      live.delete(key)
      if (bytes.delete(key)) into.set(`${name}/${key}`, null)
      return
    }
    const encoded = codec.encode(value)
    if (equal(bytes.get(key), encoded)) return
    bytes.set(key, encoded)
    into.set(`${name}/${key}`, encoded)
  }
  return {
    restore: (key, value) => {
      if (value === null) bytes.delete(key)
      else bytes.set(key, value)
      cells.size = bytes.size
    },
    checkpoint: (into) => {
      for (const key of [...dirty].sort()) write(key, into)
      dirty.clear()
    },
    rollback: () => {
      live.clear()
      dirty.clear()
      cells.size = bytes.size
    },
    dump: (into) => {
      for (const key of [...bytes.keys()].sort()) into.push({ key: `${name}/${key}`, value: bytes.get(key) ?? null })
    },
  }
}

/** Opens an empty state. Changes of stores that nobody opened are kept out: a processor that left the topology. */
export const createState = (): State => {
  const kept = new Map<string, KeptStore>()
  const faces = new Map<string, Store<unknown>>()
  const open = <V>(name: string, given?: StateCodec<V> | JsonCodec<V>): Store<V> => {
    const known = faces.get(name)
    if (known !== undefined) return known as Store<V>
    const cells: Cells<V> = { bytes: new Map(), live: new Map(), dirty: new Set(), size: 0 }
    const codec = codecOf(given)
    const store = storeOver(cells, codec)
    kept.set(name, keep(name, cells, codec))
    faces.set(name, store as Store<unknown>)
    return store
  }
  const sorted = (): [string, KeptStore][] => [...kept].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    stores: (processor) => ({ open: (name, codec) => open(`${processor}.${name}`, codec) }),
    restore: (changes) => {
      for (const { key, value } of changes) {
        const slash = key.indexOf('/')
        kept.get(key.slice(0, slash))?.restore(key.slice(slash + 1), value)
      }
    },
    checkpoint: (into) => {
      for (const [, store] of sorted()) store.checkpoint(into)
    },
    rollback: () => {
      for (const store of kept.values()) store.rollback()
    },
    dump: () => {
      const out: Change[] = []
      for (const [, store] of sorted()) store.dump(out)
      return out
    },
    storeNames: () => [...kept.keys()].sort(),
  }
}
