/** Where the values of an answer came from: noted while it is made, and only where somebody asked why. */
import type { LeafSource } from '../ghost-port.ts'
import type { ObjectRecord, Source } from './model.ts'
import { visibleView } from './views.ts'

/** What was noted, by pointer into the body; what stands below a pointer came from there too, unless noted itself. */
export interface Notes {
  note(pointer: string, source: LeafSource, detail: string): void
}

export interface Noted {
  readonly source: LeafSource
  readonly detail: string
}

/** Notes that are kept: of several for one pointer the last. */
export interface OpenNotes extends Notes {
  /** The nearest note at or above a pointer. */
  at(pointer: string): Noted | undefined
}

export const openNotes = (): OpenNotes => {
  const notes = new Map<string, Noted>()
  return {
    note: (pointer, source, detail) => void notes.set(pointer, { source, detail }),
    at: (pointer) => {
      for (let here = pointer; ; here = here.slice(0, here.lastIndexOf('/'))) {
        const found = notes.get(here)
        if (found !== undefined || here === '') return found
      }
    },
  }
}

const PLACES: Readonly<Record<string, readonly [LeafSource, string]>> = {
  s: ['path', 'segment'],
  q: ['query', 'parameter'],
  b: ['body', 'place'],
  h: ['header', 'field'],
  i: ['derived', 'the id of the new object, filled up to'],
}
const WHOLE: Readonly<Record<string, readonly [LeafSource, string]>> = {
  t: ['path', 'path and query'],
  u: ['path', 'URL'],
  l: ['derived', 'the address of the new object'],
  p: ['header', 'credential'],
  m: ['header', 'method'],
  d: ['body', 'the whole body'],
  x: ['body', 'name of the place that falls short'],
}

/** A source of the request in words: `path segment 2`, `slug of body place /title`. */
export const describeSource = ({ from, pre }: Pick<Source, 'from' | 'pre'>): Noted => {
  const cut = from.indexOf('>')
  const plain = from.slice(cut + 1)
  const done = cut < 0 ? '' : `${from.slice(0, cut)} of `
  const around = pre === undefined ? '' : ', inside a constant text'
  const whole = WHOLE[plain]
  if (whole !== undefined) return { source: whole[0], detail: `${done}${whole[1]}${around}` }
  const [source, noun] = PLACES[plain[0] ?? ''] ?? ['body', 'place']
  const name = plain[1] === ':' ? plain.slice(2) : plain.slice(1)
  return { source, detail: `${done}${source} ${noun} ${source === 'path' ? Number(name) + 1 : name}${around}` }
}

export const moment = (micros: number): string =>
  Number.isFinite(micros) && Math.abs(micros) < 8.64e18 ? new Date(micros / 1000).toISOString() : 'an unknown time'

/** Which exchange taught an object, as far as its record says. */
export const describeObject = (object: ObjectRecord, asker: string): string => {
  const view = visibleView(object, asker)
  const name = `${object.type}/${object.id}`
  if (view === undefined) return name
  const how = view.at === object.written ? 'a write left it' : view.whole ? 'a GET of it showed' : 'a list showed it'
  return `${name} as ${how} at ${moment(view.at)}`
}
