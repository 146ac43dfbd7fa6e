/** What a write leaves behind, or what it is answered with where it leaves nothing to show. */
import type { Asked } from './asked.ts'
import { isSingle } from './forms.ts'
import type { BodyModel } from './model.ts'
import { answered, bodyOf, fromTemplate, isPretty, learnedHeaders, unfounded } from './place.ts'
import type { Place, Ruled } from './place.ts'
import { printed } from './render.ts'
import { toUtf8 } from './text.ts'
import { writeFormOf } from './write-forms.ts'
import type { Target } from './target.ts'
import { writtenBody, writtenRows } from './writes.ts'

interface Known {
  readonly isBorrowed: boolean
  /** The answer may show nothing. */
  readonly isEmpty: boolean
}

/** Whether the answer shows nothing of the object. */
const isBare = ({ kind, before }: Target, { method }: Asked, { isBorrowed, isEmpty }: Known): boolean => {
  const isRemoval = kind === 'item' && method === 'DELETE'
  if (isRemoval && (isBorrowed || before === undefined)) return true
  return kind === 'other' || kind === 'rows' || (isEmpty && kind !== 'create')
}

const shown = (place: Place, status: number, body: BodyModel | undefined, text: string): Ruled =>
  answered(place, {
    rule: 'write',
    status,
    headers: body === undefined ? [] : learnedHeaders(body),
    body: toUtf8(text === '' ? '' : printed(text, body !== undefined && isPretty(body))),
    learnedAt: place.model.at,
  })

/** One thing was asked for, and none was written, or more (RFC 9110 §15.5.7). */
const NOT_ACCEPTABLE = 406

/** The list of what was written, or the only one of it. */
const fromRows = (place: Place, status: number, target: Target, isBorrowed: boolean): Ruled | undefined => {
  const { model, asked, knowledge, features } = place
  const body = bodyOf(model, status, features.body)
  const rows = writtenRows({ target, model, asked, knowledge, nth: 0 }, body, isBorrowed)
  const list = knowledge.sibling(asked.service, 'GET', asked.target)?.list
  const isAlone = list !== undefined && list !== null && isSingle(list, asked)
  if (!isAlone) return shown(place, status, body, `[${rows.join()}]`)
  const [row] = rows
  return rows.length === 1 && row !== undefined
    ? shown(place, status, body, row)
    : fromTemplate(place, 'status', NOT_ACCEPTABLE)
}

/** One thing, or nothing, as this endpoint mostly answers. */
const fromOne = (place: Place, status: number, target: Target, known: Known): Ruled => {
  const { model, asked, knowledge, features } = place
  const body = bodyOf(model, status, features.body)
  const isEmpty = known.isEmpty && (body === undefined || 2 * body.empty > body.seen)
  const making = { target, model, asked, knowledge, nth: 0 }
  const isNothing = isBare(target, asked, { ...known, isEmpty })
  const text = isNothing ? undefined : writtenBody(making, body, known.isBorrowed)
  if (text !== undefined) return shown(place, status, body, text)
  return fromTemplate(place, 'write', status) ?? unfounded(place)
}

/** What a write that is accepted is answered with. */
export const fromWrite = (place: Place, status: number, target: Target, isBorrowed: boolean): Ruled => {
  const { model, asked } = place
  const form = writeFormOf(model.forms ?? [], asked)
  if (form?.shape === 'none') return shown(place, form.status, bodyOf(model, form.status), '')
  const code = form === undefined || form.status === 0 ? status : form.status
  return form?.shape === 'rows' && (target.rows !== undefined || target.kind === 'create')
    ? (fromRows(place, code, target, isBorrowed) ?? unfounded(place))
    : fromOne(place, code, target, { isBorrowed, isEmpty: form === undefined })
}
