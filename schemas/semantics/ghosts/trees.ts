/** Places in learned trees, by pointer. */
import type { BodyModel, EndpointModel, Node, TypeModel } from './model.ts'

/** The place at a pointer of a tree. */
export const nodeAt = (tree: Node | null, pointer: string): Node | undefined => {
  let node = tree ?? undefined
  for (const name of pointer.split('/').slice(1)) node = node?.kids.find(([kid]) => kid === name)?.[1]
  return node
}

/** Where objects of a type stand in a tree. */
export const rootIn = (tree: Node | null, type: Pick<TypeModel, 'root' | 'idField'> | undefined): string => {
  if (type === undefined || tree === null) return type?.root ?? ''
  const holds = (pointer: string): boolean => nodeAt(tree, pointer)?.kids.some(([n]) => n === type.idField) === true
  if (holds(type.root) || holds('')) return holds(type.root) ? type.root : ''
  const found = tree.kids.find(([name]) => holds(`/${name}`))
  return found === undefined ? type.root : `/${found[0]}`
}

/** The body that most good answers had. */
export const goodBody = (model: EndpointModel): BodyModel | undefined => {
  let best: BodyModel | undefined
  for (const [status, body] of Object.entries(model.bodies))
    if (Number(status) < 300 && body.seen > (best?.seen ?? 0)) best = body
  return best
}

/** The places of all good answers of an endpoint, by status. */
export const goodTrees = (model: EndpointModel): Node[] =>
  Object.entries(model.bodies).flatMap(([status, { tree }]) => (Number(status) < 300 && tree !== null ? [tree] : []))
