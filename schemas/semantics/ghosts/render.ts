/**
 * Makes a body for a request from the learned tree. A place gets, in this order: what is known to stand there, its proven
 * source in the request, what it was before (a write), what this asker always got, what everybody gets, a time or an id of
 * its form (a write), or a blank. Values of private answers are never in anybody else's tree.
 */
import type { Asked } from './asked.ts'
import { freshIn, isTimeForm, timeIn } from './mint.ts'
import { asShown, BLANK, inKind, prevailingKind } from './kinds.ts'
import type { LeafSource } from '../ghost-port.ts'
import type { Json, Kind, Node } from './model.ts'
import { newSecret } from './issued.ts'
import { at, isFields, ownField } from './pointers.ts'
import { describeSource } from './notes.ts'
import { MIN_HITS, MIN_SHARE, provenSource, SHARED_BY } from './proven.ts'
import { besides, isTold } from './presence.ts'
import { nextIn } from './rising.ts'
import { valueFrom } from './sources.ts'

/** Share of public answers that must have a value before it stands for all. */
const MIN_LEAD = 0.3
const MIN_PRESENCE = 0.5
/** A name that fewer askers saw may be someone's own. */
const MIN_ASKERS = 3
/** Leads are kept no higher than this. */
const MAX_SEEN = 64

/** How well a rendered body is founded: places by who filled them. */
export interface Founding {
  places: number
  known: number
}

/** What is known besides the tree. */
export interface Filling {
  /** Where the object stands that the answer is about. */
  readonly root: string
  /** The object as it is known; for a write as it was before. */
  readonly own?: Json | undefined
  /** `own` is all there is to say: nothing is added to it. */
  readonly whole?: boolean
  /** Values that are settled, and whether places are there, by pointer. */
  readonly settled?: ReadonlyMap<string, Json>
  readonly presence?: ReadonlyMap<string, boolean>
  /** The items of a list, as JSON. */
  readonly listed?: { readonly at: string; readonly text: string }
  /** What the request names, by pointer: it stands where no source is proven. */
  readonly given?: ReadonlyMap<string, Json>
  /** The answer is to a write: ids and times are made. */
  readonly making?: boolean
  /** How many such things ghosts made before. */
  readonly before?: number
  readonly isError?: boolean
  /** The answer is about an object that nobody saw: what its asker saw of one other is no constant. */
  readonly isUnseen?: boolean
}

interface Rendering extends Filling {
  readonly asked: Asked
  readonly founding: Founding
}

/** Names of maps rather than of fields: an id, an address, a sentence. */
const GENERATED = /[\d@]|.{41}/

/** Whether a public answer showed this name, or it is an ordinary one that enough different credentials saw. */
const mayShow = (name: string, kid: Node, asker: string): boolean =>
  kid.publicly > 0 ||
  kid.askers.includes('') ||
  (asker !== '' && kid.askers.includes(asker)) ||
  (kid.askers.length >= MIN_ASKERS && !GENERATED.test(name))

const isPresent = ([name, kid]: readonly [string, Node], parent: Node, asked: Asked): boolean => {
  if (!mayShow(name, kid, asked.asker)) return false
  const source = provenSource(kid, asked.asker)
  if (source !== undefined && (source.absent ?? 0) === 0) return valueFrom(source, asked) !== undefined
  return kid.seen >= MIN_PRESENCE * (parent.kinds.object ?? 0)
}

/** Objects that must have been shown at a place before what was never there is left out. */
const SHAPED = 3
const OPEN_SHAPE = 32

/** Whether a read shows nothing here but what is known to stand here; an entry of a list may have more. */
const isSettledShape = (node: Node, { making }: Rendering): boolean =>
  making !== true && (node.kinds.object ?? 0) >= SHAPED && node.kids.length < OPEN_SHAPE

const renderObject = (node: Node, own: Json | undefined, pointer: string, with_: Rendering): string => {
  const parts: string[] = []
  const done = new Set<string>()
  for (const [name, kid] of node.kids) {
    const below = `${pointer}/${name}`
    const value = below === with_.root ? with_.own : ownField(own, name)
    if (!(isTold(below, with_) ?? (value !== undefined || isPresent([name, kid], node, with_.asked)))) continue
    done.add(name)
    parts.push(`${JSON.stringify(name)}:${renderNode(kid, value, below, with_)}`)
  }
  if (pointer !== with_.root || !isSettledShape(node, with_)) parts.push(...besides(own, done))
  return `{${parts.join(',')}}`
}

/** What a write makes of what was there: the relation that held every time it could be seen. */
const afterwards = (node: Node, before: Json, object: Json | undefined): Json | undefined => {
  const held = (node.before ?? []).filter(([, hits, misses]) => hits > 0 && hits >= MIN_SHARE * (hits + misses))
  const [best] = held.sort((a, b) => b[1] - a[1])
  switch (best?.[0]) {
    case '+1':
      return typeof before === 'number' ? before + 1 : undefined
    case '-1':
      return typeof before === 'number' ? before - 1 : undefined
    case '!':
      return typeof before === 'boolean' ? !before : undefined
    case '=':
      return before
    default:
      return best === undefined ? undefined : at(object, best[0])
  }
}

/** Writes leave it as it was, every time. */
const isKept = (node: Node): boolean =>
  (node.before ?? []).some(([relation, hits, misses]) => relation === '=' && hits >= MIN_HITS && misses === 0)

const isClock = (node: Node): boolean => {
  const [hits, misses] = node.clock ?? [0, 0]
  return hits >= MIN_HITS && hits >= 4 * misses
}

const formIn = (node: Node): string => (node.form !== undefined && node.form[1] > 0 ? node.form[0] : '')

const sharedText = (node: Node, isError: boolean): string | undefined => {
  const { shared } = node
  if (shared === undefined || shared.broken) return undefined
  // What several saw of one thing may be that thing’s alone.
  if (shared.about !== undefined && shared.varied !== true) return undefined
  return shared.askers.length >= (isError ? SHARED_BY.error : SHARED_BY.proven) ? shared.value : undefined
}

/** A value that says nothing about anybody, where most answers had it. */
const plainText = ({ plain, seen, said = 0 }: Node): string | undefined =>
  plain !== undefined && plain[1] > 0 && plain[1] >= MIN_LEAD * Math.min(seen - said, MAX_SEEN) ? plain[0] : undefined

/** What a place is told to come from; nothing where nobody asks. */
const noted = (with_: Rendering, pointer: string, source: LeafSource, detail = ''): void =>
  with_.asked.notes?.note(pointer, source, detail)

interface Constant {
  readonly text: string
  readonly source: LeafSource
}
const constantFrom = (text: string | undefined, source: LeafSource): Constant | undefined =>
  text === undefined ? undefined : { text, source }

/** JSON of what this asker may be told of a place, from the answers so far. */
const constantOf = (node: Node, with_: Rendering): Constant | undefined => {
  const { asker } = with_.asked
  const mine = asker === '' ? undefined : node.mine?.find(([who]) => who === asker)
  const isOnce = with_.making !== true && with_.isUnseen !== true
  if (mine !== undefined && mine[2] >= (isOnce ? 1 : MIN_HITS)) return { text: mine[1], source: 'own' }
  if (node.publicly > 0 && node.value !== '' && node.lead >= MIN_LEAD * node.publicly)
    return { text: node.value, source: 'constant' }
  return constantFrom(sharedText(node, with_.isError === true), 'shared') ?? constantFrom(plainText(node), 'usual')
}

/** A new time or id for what a write makes. */
const madeValue = (node: Node, pointer: string, with_: Rendering): Json | undefined => {
  if (with_.making !== true) return undefined
  const risen = node.rising === undefined ? undefined : nextIn(node.rising, with_.before ?? 0, with_.asked.asker)
  if (risen !== undefined && with_.asked.made !== undefined) return risen
  const form = formIn(node)
  if (form === 'secret') return newSecret(with_.asked, pointer)
  if (isTimeForm(form)) return timeIn(form, with_.asked.at)
  return freshIn(form, `${with_.asked.at} ${with_.asked.asker} ${pointer}`)
}

const known = (with_: Rendering, text: string): string => {
  with_.founding.places++
  with_.founding.known++
  return text
}

/** A write moves it whatever the request names, as a version that must be named to be the right one. */
const isCounted = (node: Node): boolean =>
  (node.before ?? []).some(([relation, hits, misses]) => relation !== '=' && hits >= MIN_HITS && hits >= 4 * misses)

/** What the request gives: its proven source, or the field of that name where none is proven. */
const givenText = (node: Node, pointer: string, kind: Kind, with_: Rendering): string | undefined => {
  const source = provenSource(node, with_.asked.asker)
  const value = source === undefined ? undefined : valueFrom(source, with_.asked)
  const fitting = value === undefined ? undefined : inKind(value, kind)
  if (source !== undefined && fitting !== undefined) {
    if (with_.asked.notes !== undefined) {
      const told = describeSource(source)
      noted(with_, pointer, told.source, told.detail)
    }
    return JSON.stringify(fitting)
  }
  const told = isCounted(node) ? undefined : with_.given?.get(pointer)
  const named = told === undefined ? undefined : asShown(told, node)
  if (named === undefined || (isFields(named) && kind === 'object')) return undefined
  noted(with_, pointer, 'body', 'the field of this name')
  return JSON.stringify(named)
}

const nowText = (node: Node, pointer: string, with_: Rendering): string | undefined => {
  const now = isClock(node) ? timeIn(formIn(node), with_.asked.at) : undefined
  if (now === undefined) return undefined
  noted(with_, pointer, 'clock', formIn(node))
  return JSON.stringify(now)
}

/** What writes leave here though it was something else before: a state that they lead to. */
const settledText = (node: Node, with_: Rendering): string | undefined => {
  if (node.before === undefined) return undefined
  const wasKept = node.before.some(([relation, hits, misses]) => relation === '=' && hits > misses)
  return wasKept ? plainText(node) : (constantOf(node, with_)?.text ?? plainText(node))
}

const beforeText = (node: Node, own: Json, pointer: string, with_: Rendering): string => {
  const after = afterwards(node, own, with_.own)
  const usual = after === undefined ? settledText(node, with_) : undefined
  if (after !== undefined) noted(with_, pointer, 'before', 'what such writes make of it')
  else if (usual !== undefined) noted(with_, pointer, 'usual', 'after such writes')
  return after === undefined ? (usual ?? JSON.stringify(own)) : JSON.stringify(after)
}

/** What a place gets that is neither settled nor an object; undefined for a blank. */
const valueText = (node: Node, own: Json | undefined, pointer: string, with_: Rendering): string | undefined => {
  const kind = prevailingKind(node)
  const given = givenText(node, pointer, kind, with_)
  if (given !== undefined || kind === 'object') return given
  const now = own !== undefined && isKept(node) ? undefined : nowText(node, pointer, with_)
  if (now !== undefined) return now
  if (own !== undefined) return beforeText(node, own, pointer, with_)
  const constant = constantOf(node, with_)
  if (constant !== undefined) {
    noted(with_, pointer, constant.source)
    return constant.text
  }
  const made = madeValue(node, pointer, with_)
  if (made === undefined) return undefined
  noted(with_, pointer, isTimeForm(formIn(node)) ? 'clock' : 'fresh', formIn(node))
  return JSON.stringify(made)
}

/** JSON of a place that is settled. */
const settledJson = (pointer: string, { settled, listed }: Rendering): string | undefined => {
  if (listed?.at === pointer) return listed.text
  const value = settled?.get(pointer)
  return value === undefined ? undefined : JSON.stringify(value)
}

const renderNode = (node: Node, own: Json | undefined, pointer: string, with_: Rendering): string => {
  const settled = settledJson(pointer, with_)
  if (settled !== undefined) return known(with_, settled)
  const isObject = prevailingKind(node) === 'object'
  const isOurs = own !== undefined && with_.making !== true && !(isFields(own) && isObject)
  if (isOurs || (own !== undefined && pointer === with_.root && with_.whole === true))
    return known(with_, JSON.stringify(own))
  const text = valueText(node, own, pointer, with_)
  if (text !== undefined) return known(with_, text)
  if (isObject) return renderObject(node, own, pointer, with_)
  with_.founding.places++
  noted(with_, pointer, 'blank')
  return BLANK[prevailingKind(node)]
}

/** JSON text for a request. */
export const renderBody = (
  tree: Node,
  asked: Asked,
  filling: Filling = { root: '' },
): { readonly text: string; readonly founding: Founding } => {
  const founding: Founding = { places: 0, known: 0 }
  const own = filling.root === '' ? filling.own : undefined
  return { text: renderNode(tree, own, '', { ...filling, asked, founding }), founding }
}

/** Reprints JSON text the way the server does. */
export const printed = (text: string, pretty: boolean): string =>
  pretty ? JSON.stringify(JSON.parse(text), null, 2) : text

/** A text that public answers always had, or that the request gives; undefined when neither is proven. */
export const renderText = (node: Node, asked: Asked): string | undefined => {
  const source = provenSource(node, asked.asker)
  const given = source === undefined ? undefined : valueFrom(source, asked)
  if (source !== undefined && typeof given === 'string') {
    const told = describeSource(source)
    asked.notes?.note('', told.source, told.detail)
    return given
  }
  const isConstant = node.publicly >= MIN_HITS && node.value !== '' && node.lead >= MIN_SHARE * node.publicly
  return isConstant ? (JSON.parse(node.value) as string) : undefined
}
