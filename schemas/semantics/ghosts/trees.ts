/** Places in learned trees, by pointer. */
import { idPointer, isFields } from './pointers.ts'
import type { Fields } from './pointers.ts'
import type { BodyModel, EndpointModel, Json, Node, TypeModel } from './model.ts'

/** The place of a field, by its name as it is. */
export const kidOf = (node: Node | undefined, name: string): Node | undefined =>
  node?.kids.find(([kid]) => kid === name)?.[1]

/** The place at a pointer of a tree. */
export const nodeAt = (tree: Node | null, pointer: string): Node | undefined => {
  let node = tree ?? undefined
  for (const name of pointer.split('/').slice(1)) node = kidOf(node, name)
  return node
}

/** Where objects of a type stand in a tree. */
export const rootIn = (tree: Node | null, type: Pick<TypeModel, 'root' | 'idField'> | undefined): string => {
  if (type === undefined || tree === null) return type?.root ?? ''
  const holds = (pointer: string): boolean => nodeAt(tree, `${pointer}${idPointer(type.idField)}`) !== undefined
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

/** Objects that a place must have shown before nothing else is taken to stand there. */
const ALWAYS = 3

const isAlwaysObject = ({ seen, kinds }: Node): boolean =>
  (kinds.object ?? 0) >= ALWAYS && (kinds.object ?? 0) + (kinds.null ?? 0) === seen

const NEVER_NULL = 5
/** Whether a place had a value in every answer that had it. */
export const isNeverNull = ({ seen, kinds }: Node): boolean => seen >= NEVER_NULL && (kinds.null ?? 0) === 0

/** What a list showed of an object, without what it shows in short, or not at all, and the object in full. */
export const fittingFields = (fields: Fields, node: Node | undefined): Fields => {
  const isShort = (name: string, value: Json): boolean => {
    const kid = isFields(value) ? undefined : kidOf(node, name)
    return kid !== undefined && (value === null ? isNeverNull(kid) : isAlwaysObject(kid))
  }
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !isShort(name, value)))
}
