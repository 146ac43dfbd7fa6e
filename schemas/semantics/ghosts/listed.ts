/** Answers that are lists: made from the known objects, or the last one brought up to date. */
import type { Asked } from './asked.ts'
import { ANY_FIELD, onlyNames } from './item-texts.ts'
import type { Fits } from './item-texts.ts'
import { parseJson } from './json.ts'
import { aroundOf } from './around.ts'
import { inForm, isSingle } from './forms.ts'
import { collectionOf, isFirst, makeList } from './lists.ts'
import type { Made } from './lists.ts'
import type { BodyModel, ListModel, Node, Variant } from './model.ts'
import { describeObject, moment } from './notes.ts'
import { objectKey } from './objects.ts'
import { patchList } from './patch.ts'
import { answered, bodyOf, confidenceOf, fromTemplate, goodStatus, isPretty, learnedHeaders } from './place.ts'
import type { Place, Ruled } from './place.ts'
import { idOf } from './pointers.ts'
import { presenceOf } from './presence.ts'
import type { Fields } from './pointers.ts'
import { printed, renderBody } from './render.ts'
import { toBody, toUtf8 } from './text.ts'
import { nodeAt } from './trees.ts'

/** A list that was measured and found worse than the older exact answer or the template gives way, unless it is as right as this. */
const LIST_CEILING = 0.4

const mayList = ({ model, asked, knowledge, features }: Place, hasVariant: boolean): boolean => {
  if (asked.trying === true) return features.credential !== 'bad'
  const otherwise = confidenceOf(model, hasVariant ? 'stale' : 'template', knowledge)
  return features.credential !== 'bad' && confidenceOf(model, 'list', knowledge) >= Math.min(otherwise, LIST_CEILING)
}

/** The request, with nothing to note on. */
const unnoted = (asked: Asked): Asked => {
  if (asked.notes === undefined) return asked
  return { ...asked, notes: undefined }
}

const noteList = ({ asked, knowledge }: Place, list: ListModel, made: Made, settled: Iterable<string>): void => {
  const { notes } = asked
  if (notes === undefined) return
  for (const pointer of settled) notes.note(pointer, 'derived', 'follows from the items and the parameters')
  made.items.forEach((item, i) => {
    const id = idOf(item, list.idField) ?? ''
    const object = knowledge.object(objectKey(asked.service, collectionOf(list, asked), id))
    if (object === undefined)
      notes.note(`${list.at}/${i}`, 'neighbours', `${collectionOf(list, asked)}/${id} was never seen`)
    else notes.note(`${list.at}/${i}`, 'resource', describeObject(object, asked.asker))
  })
}

/** Items that a list must have shown before what it never shows is left out. */
const SHOWN = 3

const fitsIn = (item: Node | null | undefined): Fits =>
  item === null || item === undefined || (item.kinds.object ?? 0) < SHOWN
    ? ANY_FIELD
    : onlyNames(JSON.stringify(item.kids.map(([name]) => name)))

/** The tree of the bodies that are objects, where some are arrays. */
const enveloped = (tree: Node): Node => ({ ...tree, kinds: { object: tree.kinds.object ?? 0 } })

/** The body around a made list. */
const textAround = (place: Place, list: ListModel, made: Made, body: BodyModel): string | undefined => {
  const { asked } = place
  const settled = aroundOf(list, made, asked).set(list.at, made.items)
  noteList(place, list, made, settled.keys())
  if (list.at === '') return made.text
  if (body.tree === null) return undefined
  const tree = enveloped(body.tree)
  const presence = presenceOf(tree, settled)
  return renderBody(tree, asked, { root: '', settled, presence, listed: { at: list.at, text: made.text } }).text
}

/** One item was asked for, and there is none, or more (RFC 9110 §15.5.7). */
const NOT_ACCEPTABLE = 406
const refusedAlone = (isAlone: boolean, { items }: Made): number | undefined =>
  isAlone && items.length !== 1 ? NOT_ACCEPTABLE : undefined

/** How a page beyond the last is refused; undefined for any other, and where it is a page of nothing. */
const refusedBeyond = ({ beyond }: ListModel, { items, plan }: Made): number | undefined =>
  items.length > 0 || isFirst(plan) || beyond === undefined || beyond[1] <= 0 ? undefined : beyond[0]

/** A list made from the known objects. */
export const fromList = (place: Place, hasVariant: boolean): Ruled | undefined => {
  const { model, asked, knowledge } = place
  const status = goodStatus(model)
  const body = status === undefined ? undefined : bodyOf(model, status)
  if (model.list === null || status === undefined || body === undefined || !mayList(place, hasVariant)) return undefined
  const list = inForm(model.list, asked)
  const item = nodeAt(body.tree, list.at)?.item
  const complete = (own: Fields): Fields =>
    item === null || item === undefined
      ? own
      : (JSON.parse(renderBody(item, unnoted(asked), { root: '', own }).text) as Fields)
  const made = makeList(list, model.template, asked, { knowledge, complete, fits: fitsIn(item) })
  if (made === undefined) return undefined
  const isAlone = isSingle(list, asked)
  const refused = refusedBeyond(list, made) ?? refusedAlone(isAlone, made)
  if (refused !== undefined) return fromTemplate(place, 'status', refused)
  const text = isAlone ? JSON.stringify(made.items[0]) : textAround(place, list, made, body)
  if (text === undefined) return undefined
  return answered(place, {
    rule: 'list',
    status,
    headers: learnedHeaders(body),
    body: toBody(printed(text, isPretty(body))),
    learnedAt: model.at,
  })
}

/** The last answer to this very list, with what was written since. */
export const fromPatched = (place: Place, variant: Variant | undefined, onlyFirst: boolean): Ruled | undefined => {
  const { model, asked, knowledge } = place
  if (variant === undefined) return undefined
  if (model.list === null || variant.status >= 300 || variant.binary || variant.coding !== '') return undefined
  if (isSingle(model.list, asked)) return undefined
  const json = parseJson(variant.body)
  const text = patchList(
    inForm(model.list, asked),
    model.template,
    { json, at: variant.at },
    { asked, knowledge, onlyFirst },
  )
  if (text === undefined) return undefined
  asked.notes?.note('', 'exact', `this asker got it at ${moment(variant.at)}, brought up to date since`)
  const isSpaced = /^[{[]\r?\n {2}/.test(variant.body)
  return answered(place, {
    rule: 'patched',
    status: variant.status,
    headers: variant.headers,
    body: toUtf8(printed(text, isSpaced)),
    learnedAt: variant.at,
  })
}
