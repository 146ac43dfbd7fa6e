/** Names and other short texts come again and again: what is made of them is kept, up to a bound that hostile ones cannot pass. */
const MOST = 1000

/** Nothing is kept when `make` throws. */
export const remembered = <T>(make: (text: string) => T, most = MOST): ((text: string) => T) => {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found as T
    const made = make(text)
    if (known.size < most) known.set(text, made)
    return made
  }
}

/** The same for records that are never changed: what is made of one lives as long as it. */
export const rememberedOf = <K extends object, T>(make: (record: K) => T): ((record: K) => T) => {
  const known = new WeakMap<K, { readonly made: T }>()
  return (record) => {
    const found = known.get(record)
    if (found !== undefined) return found.made
    const made = make(record)
    known.set(record, { made })
    return made
  }
}
