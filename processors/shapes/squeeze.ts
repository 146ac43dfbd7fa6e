/** Makes a tree smaller when it costs too much. What is given up depends on the tree alone. */
import { costOf } from './cost.ts'
import { enumOf } from './enums.ts'
import { becomeOpaque, childrenOf, type Shape } from './shape.ts'

export const SQUEEZES = ['open', 'all'] as const

/** Gives up values: those that are no enumeration yet, or all. */
export const squeeze = (shape: Shape, which: (typeof SQUEEZES)[number]): void => {
  if (shape.texts?.values && (which === 'all' || enumOf(shape) === undefined)) shape.texts.values = undefined
  for (const child of childrenOf(shape)) squeeze(child, which)
}

const cutBelow = (shape: Shape, depth: number): void => {
  if (depth === 0) becomeOpaque(shape)
  else for (const child of childrenOf(shape)) cutBelow(child, depth - 1)
}

const depthOf = (shape: Shape): number => 1 + Math.max(0, ...childrenOf(shape).map(depthOf))

/** Until it costs no more than the budget: values go, then the deepest places, level by level. */
export const fit = (shape: Shape, budget: number): void => {
  for (const which of SQUEEZES) if (costOf(shape) > budget) squeeze(shape, which)
  for (let depth = depthOf(shape); depth >= 0 && costOf(shape) > budget; depth--) cutBelow(shape, depth)
}
