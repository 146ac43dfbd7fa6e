/** The objects of a collection as one asker sees them. */
import type { Json } from './json.ts'

/** One object as its asker sees it. */
export interface Entry {
  readonly id: string
  readonly born: number
  readonly item: { readonly [key: string]: Json }
  /** `guessed`: nobody saw it yet, its neighbours say that it is there. `written`: by a client, so that it says nothing of others. */
  readonly guessed?: boolean
  readonly written?: boolean
}
export type Compare = (a: Entry, b: Entry) => number
export interface Order {
  readonly name: string
  readonly compare: Compare
}

/** A collection as one asker sees it, with indexes. */
export interface Sight {
  readonly entries: readonly Entry[]
  entry(id: string): Entry | undefined
  /** What a row that nobody saw has, by its number. */
  row(id: number): Entry['item']
  /** Those whose field, as text, is this, in an order; `name` tells orders apart. */
  having(field: string, value: string, order: Order): readonly Entry[]
  /** All of them in an order; `name` tells orders apart. */
  inOrder(name: string, compare: Compare): readonly Entry[]
}
