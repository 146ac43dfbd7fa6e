/**
 * What becomes of a write that was accepted in the backend's place: a pure reducer. The ingress that holds the request
 * steps it and puts each new fate on the log; everybody else reads.
 *
 *   accepted ─► replaying ─► done
 *      ▲           │  └────► conflict ─► (a person: replay) ─► accepted
 *      └─ later ◄──┘
 *   accepted ─► later (no connection) ─► accepted;  accepted ─► conflict (an earlier one is in conflict)
 *   accepted, conflict ─► expired | dropped
 */
export type WriteState = 'accepted' | 'replaying' | 'done' | 'conflict' | 'expired' | 'dropped' | 'contradicted'

export interface Fate {
  readonly state: WriteState
  /** It is to be replayed without another word: queued, or asked for by a person. */
  readonly wanted: boolean
  readonly attempts: number
  /** When it came to this, µs. */
  readonly at: number
  /** For people: why it is so. */
  readonly reason: string
  /** What the backend said to the replay; 0: nothing. */
  readonly status: number
  /** Time on the last word of a person that was obeyed, µs: words stay, and are read again at each start. */
  readonly heard: number
}

export type Move =
  /** A connection to the backend stands, and it goes out on it now. */
  | { readonly kind: 'start' }
  /** The backend could not take it; nothing was done there. */
  | { readonly kind: 'later'; readonly reason: string; readonly status: number }
  | { readonly kind: 'done'; readonly status: number }
  | { readonly kind: 'conflict'; readonly reason: string; readonly status: number }
  /** A person wants it replayed, whatever happened before. */
  | { readonly kind: 'replay'; readonly said: number }
  | { readonly kind: 'drop'; readonly said: number }
  | { readonly kind: 'expire' }

/** As it is accepted. */
export const bornFate = (wanted: boolean, at: number): Fate => ({
  state: 'accepted',
  wanted,
  attempts: 0,
  at,
  reason: '',
  status: 0,
  heard: 0,
})

/** From which states a move is possible. */
const FROM: Readonly<Record<Move['kind'], readonly WriteState[]>> = {
  start: ['accepted'],
  later: ['accepted', 'replaying'],
  done: ['replaying'],
  conflict: ['accepted', 'replaying'],
  replay: ['accepted', 'conflict', 'contradicted'],
  drop: ['accepted', 'conflict', 'contradicted'],
  expire: ['accepted', 'conflict', 'contradicted'],
}

const OVER: ReadonlySet<WriteState> = new Set(['done', 'dropped', 'expired'])

/** Nothing can happen to it any more: the request need not be kept. */
export const isOver = ({ state }: Fate): boolean => OVER.has(state)

const EXPIRED = 'nobody wanted it replayed, or no backend took it, in the time that it is kept'

const moved = (fate: Fate, move: Move): Omit<Fate, 'at'> => {
  switch (move.kind) {
    case 'start':
      return { ...fate, state: 'replaying', attempts: fate.attempts + 1, reason: '', status: 0 }
    case 'later':
      return { ...fate, state: 'accepted', reason: move.reason, status: move.status }
    case 'done':
      return { ...fate, state: 'done', reason: '', status: move.status }
    case 'conflict':
      return { ...fate, state: 'conflict', wanted: false, reason: move.reason, status: move.status }
    case 'replay':
      return { ...fate, state: 'accepted', wanted: true, reason: '', heard: move.said }
    case 'drop':
      return { ...fate, state: 'dropped', wanted: false, reason: 'a person gave it up', heard: move.said }
    case 'expire':
      return { ...fate, state: 'expired', wanted: false, reason: EXPIRED }
  }
}

const isOld = ({ heard }: Fate, move: Move): boolean => 'said' in move && move.said <= heard

/** The next fate; the same one when the move is not possible from here. */
export const stepFate = (fate: Fate, move: Move, at: number): Fate =>
  FROM[move.kind].includes(fate.state) && !isOld(fate, move) ? { ...moved(fate, move), at } : fate
