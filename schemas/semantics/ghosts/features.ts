/** What a request has that its status depends on: the credential, the object it is about, and in what its body falls short. */
import type { Asked } from './asked.ts'
import type { EndpointModel, Knowledge, ObjectRecord } from './model.ts'
import { collectionPath, findNamed, findObject, objectAbove, objectAsked, typeOf } from './objects.ts'
import { credentialState, idFeature } from './status.ts'
import type { StatusFeatures } from './status.ts'
import { bodiesOf } from './several.ts'
import { shortfallOf } from './wanted.ts'
import { targetOf } from './target.ts'

/** The id at the end of the path, where the template ends in a parameter. */
export const lastParameter = (model: EndpointModel, asked: Asked): string | undefined => objectAsked(model, asked)?.id

/** States of the object above that speak for themselves; `over:` says that it is not the one that is asked for. */
const TELLING = new Set(['word', 'near', 'far', 'beyond', 'other'])

/** The object above in the path: gone, not known, or somebody else’s; '' where it is none of these. */
const aboveFeature = (model: EndpointModel, asked: Asked, knowledge: Knowledge): string => {
  const above = objectAbove(model, asked, knowledge)
  if (above === undefined) return ''
  const parent = asked.path
    .split('/')
    .slice(0, above.template.split('/').length + 1)
    .join('/')
  const largest = knowledge.sibling(asked.service, 'GET', parent)?.largest ?? -1
  const state = idFeature({ largest }, above.id, findNamed(above, asked.service, knowledge), asked.asker)
  return state === 'gone' ? state : TELLING.has(state) ? `over:${state}` : ''
}

/** Whether anything of the collection was seen by the asker, by others only, or, below something in the path, by nobody. */
const collectionFeature = (model: EndpointModel, asked: Asked, knowledge: Knowledge): string => {
  const template = typeOf(model.template) ?? model.template
  const objects = knowledge.objects(asked.service, collectionPath(template, asked))
  if (objects.size === 0) return template.includes('{') ? 'strange' : ''
  return objects.seenBy(asked.asker) ? '' : 'foreign'
}

/** An object of which nothing is known is judged by what it belongs to, where that says more. */
const KNOWN = new Set(['known', 'gone'])

const isApart = (model: EndpointModel, asked: Asked, knowledge: Knowledge): boolean =>
  knowledge.objects(asked.service, collectionPath(typeOf(model.template) ?? model.template, asked)).isApart()

/** Known ids that must all be of one length before another length is none of theirs: UUIDs, hashes, prefixed ids. */
const ALIKE = 8

const isOdd = (model: EndpointModel, asked: Asked, knowledge: Knowledge): boolean => {
  const id = lastParameter(model, asked) ?? ''
  const collection = collectionPath(typeOf(model.template) ?? model.template, asked)
  let alike = 0
  for (const known of knowledge.objects(asked.service, collection).values()) {
    if (known.id.length === id.length || known.id.length < ALIKE) return false
    if (++alike === ALIKE) return true
  }
  return false
}

/** What names nothing by how it looks. */
const NAMELESS = new Set(['word', 'first'])

const placed = (state: string, model: EndpointModel, asked: Asked, knowledge: Knowledge): string => {
  if (KNOWN.has(state)) return state
  if (state === 'other' && isApart(model, asked, knowledge)) return 'theirs'
  const above = aboveFeature(model, asked, knowledge)
  if (above !== '') return above
  if (NAMELESS.has(state) && isOdd(model, asked, knowledge)) return 'odd'
  return collectionFeature(model, asked, knowledge) || state
}

const idOfRead = (model: EndpointModel, asked: Asked, knowledge: Knowledge): string => {
  const object: ObjectRecord | undefined = findObject(model, asked, knowledge)
  return placed(idFeature(model, lastParameter(model, asked), object, asked.asker), model, asked, knowledge)
}

/** The features of a read. */
export const readFeatures = (model: EndpointModel, asked: Asked, knowledge: Knowledge): StatusFeatures => ({
  credential: credentialState(asked, knowledge),
  id: idOfRead(model, asked, knowledge),
  body: 'ok',
})

/** Of several things that a body sends the first shortfall. */
const shortfallIn = ({ wants }: EndpointModel, { json, method }: Asked): string =>
  bodiesOf(json)
    .map((body) => shortfallOf(wants, body, method === 'PATCH'))
    .find((shortfall) => shortfall !== 'ok') ?? 'ok'

/** The features of a write’s status: what it is about counts as the id. */
export const writeFeatures = (model: EndpointModel, asked: Asked, knowledge: Knowledge): StatusFeatures => {
  const { named } = targetOf(model, asked, knowledge)
  const object = findNamed(named, asked.service, knowledge)
  const state = named === undefined ? '-' : idFeature(model, named.id, object, asked.asker)
  return {
    credential: credentialState(asked, knowledge),
    id: placed(state, model, asked, knowledge),
    body: shortfallIn(model, asked),
  }
}
