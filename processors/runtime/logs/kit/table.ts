/** What a view shows, and who wants to hear of changes. */
import type { View } from '../../../../schemas/log.ts'

type Listener = Parameters<View['subscribe']>[0]

export interface Table {
  readonly values: Map<string, Uint8Array>
  readonly listeners: Set<Listener>
}

export const newTable = (): Table => ({ values: new Map(), listeners: new Set() })

/** undefined: the key is gone. */
export const change = ({ values, listeners }: Table, key: string, value: Uint8Array | undefined): void => {
  if (value === undefined) values.delete(key)
  else values.set(key, value)
  for (const listener of listeners) listener(key, value)
}

export interface Following {
  readonly positions: View['positions']
  readonly trouble: () => View['trouble']
  readonly close: View['close']
}

export const viewOf = ({ values, listeners }: Table, { positions, trouble, close }: Following): View => ({
  get: (key) => values.get(key),
  entries: () => values.entries(),
  get size() {
    return values.size
  },
  subscribe: (listener) => {
    for (const [key, value] of values) listener(key, value)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  positions,
  get trouble() {
    return trouble()
  },
  close,
})
