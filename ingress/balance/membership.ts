/** Which upstreams a service has: those configured, and what operators said since (words on `control`). */

export interface Configured {
  readonly url: string
  readonly weight?: number
}

/** An operator's word about one upstream; what it does not say is as configured. */
export interface Word {
  /** true: it belongs to the service though it is not configured; false: it does not, though it is. */
  readonly present?: boolean
  /** It gets no new requests. */
  readonly drained?: boolean
  readonly weight?: number
}

export interface Member {
  readonly url: string
  readonly weight: number
  readonly drained: boolean
}

const MOST_WEIGHT = 1000

const weightOf = (weight: unknown): number | undefined =>
  typeof weight === 'number' && weight > 0 && weight <= MOST_WEIGHT ? weight : undefined

/** Reads what stands on the log; what makes no sense says nothing. `down` is the older word for drained. */
export const wordOf = (said: Readonly<Record<string, unknown>>): Word => {
  const { present, drained, down, weight } = said
  const heard = weightOf(weight)
  return {
    ...(typeof present === 'boolean' ? { present } : {}),
    ...(typeof drained === 'boolean' ? { drained } : down === true ? { drained: true } : {}),
    ...(heard === undefined ? {} : { weight: heard }),
  }
}

/** In the order of the configuration, then of the words. `all` is what was said about every upstream. */
export const membersOf = (
  configured: readonly Configured[],
  words: ReadonlyMap<string, Word>,
  all: Word = {},
): readonly Member[] => {
  const known = new Map(configured.map(({ url, weight }) => [url, weight ?? 1]))
  for (const [url, { present }] of words) if (present === true && !known.has(url)) known.set(url, 1)
  return [...known].flatMap(([url, weight]): Member[] => {
    const word = words.get(url)
    if (word?.present === false) return []
    return [{ url, weight: word?.weight ?? weight, drained: word?.drained ?? all.drained ?? false }]
  })
}
