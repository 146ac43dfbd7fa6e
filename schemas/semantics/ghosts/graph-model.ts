/** What is learned of GraphQL, beside the objects themselves. */

/** What is learned of one root field of a GraphQL query. */
export interface GraphRoot {
  readonly field: string
  /** The type of the one object that it answers, '' where it answers something else. */
  type: string
  /** Arguments that were the id of that object, and that were not. */
  by: [string, number, number][]
  /** Ids that nobody saw before: under how many nothing was found, and something. */
  unseen: [number, number]
  /** The largest id that is a number under which something was found; -1 when there is none. */
  largest: number
}

/** What is learned of the objects in a service's GraphQL answers. */
export interface GraphFacts {
  /** As they were shown: by `__typename`, or by the field. */
  types: string[]
  /** Two types, and how many objects with the same id agreed and differed. */
  links: [string, string, number, number][]
}
