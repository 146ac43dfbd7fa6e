/**
 * The most frequent names of a stream, in bounded room: Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", ICDT 2005), merged as in Agarwal et al., "Mergeable Summaries", PODS 2012.
 *
 * Of N names, with room for m: every name that came more than N/m times is here, and its count is too high by at most its
 * `error`, which is at most N/m. That holds however parts were merged. While no more than m names came, counts are exact,
 * and merging is associative and commutative; beyond, the order of merging shows within the bound.
 */
export interface Counted {
  readonly name: string
  count: number
  /** The count is too high by at most this. */
  error: number
}

export interface Top {
  readonly room: number
  readonly names: Map<string, Counted>
}

export const emptyTop = (room: number): Top => ({ room, names: new Map() })

/** Ties by name, so that nothing depends on the order of arrival. */
const before = (a: Counted, b: Counted): boolean => (a.count === b.count ? a.name > b.name : a.count < b.count)

/** The one that counts least. */
const least = (top: Top): Counted | undefined => {
  let found: Counted | undefined
  for (const entry of top.names.values()) if (found === undefined || before(entry, found)) found = entry
  return found
}

/** What a name that is not here may have been seen at most. */
const unseen = (top: Top): number => (top.names.size < top.room ? 0 : (least(top)?.count ?? 0))

export const addName = (top: Top, name: string): void => {
  const known = top.names.get(name)
  if (known !== undefined) {
    known.count++
    return
  }
  if (top.names.size < top.room) {
    top.names.set(name, { name, count: 1, error: 0 })
    return
  }
  const { name: out, count } = least(top) as Counted
  top.names.delete(out)
  top.names.set(name, { name, count: count + 1, error: count })
}

/** Most frequent first. */
export const ranked = (top: Top): readonly Readonly<Counted>[] =>
  [...top.names.values()].sort((a, b) => (before(a, b) ? 1 : -1))

/** Adds all of `from` to `into`. */
export const mergeTop = (into: Top, from: Top): void => {
  const [floor, fromFloor] = [unseen(into), unseen(from)]
  for (const entry of into.names.values()) {
    const other = from.names.get(entry.name)
    entry.count += other?.count ?? fromFloor
    entry.error += other?.error ?? fromFloor
  }
  for (const { name, count, error } of from.names.values())
    if (!into.names.has(name)) into.names.set(name, { name, count: count + floor, error: error + floor })
  for (const { name } of ranked(into).slice(into.room)) into.names.delete(name)
}
