/** A store that keeps its values as they are, in memory. */
import type { Store } from '../../../processors/kit/processor.ts'

export const memoryStore = <V>(): Store<V> => {
  const map = new Map<string, V>()
  return {
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    delete: (key) => void map.delete(key),
    keys: () => [...map.keys()].sort(),
    get size() {
      return map.size
    },
  }
}
