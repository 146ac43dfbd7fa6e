/** An alert: the changes of a service that came together, as one matter for a person. */
import type { Alert, AlertChange, AlertUpstream, Drift } from '../../schemas/events.ts'
import type { Endpoint } from './endpoint.ts'
import { placeAt, type Place } from './place.ts'
import { isRename } from './rename.ts'
import type { OpenSignal, SignalState } from './signal.ts'
import { countOf } from './witness.ts'

/** What is kept of an alert besides its changes, which stand with their endpoints. */
export interface OpenAlert {
  readonly id: string
  readonly at: number
  readonly endpoints: string[]
}

interface Change {
  readonly endpoint: string
  readonly signal: OpenSignal
  readonly place: Place | undefined
}

type Find = (endpoint: string) => Endpoint | undefined

const changesOf = ({ id, endpoints }: OpenAlert, find: Find): Change[] =>
  endpoints.flatMap((endpoint) => {
    const known = find(endpoint)
    return (known?.signals ?? [])
      .filter(({ alert }) => alert === id)
      .map((signal) => {
        const root = known?.roots.get(signal.httpStatus)
        return { endpoint, signal, place: root && placeAt(root, signal.pointer) }
      })
  })

const parentOf = ({ endpoint, signal }: Change): string =>
  `${endpoint} ${signal.httpStatus} ${signal.pointer.slice(0, signal.pointer.lastIndexOf('/'))}`

/** Added fields by the removed ones that they are; each is one other at most. */
const renamesOf = (changes: readonly Change[]): ReadonlyMap<Change, Change> => {
  const renames = new Map<Change, Change>()
  const taken = new Set<Change>()
  for (const gone of changes) {
    if (gone.signal.kind !== 'field_removed') continue
    const come = changes.find(
      (one) =>
        one.signal.kind === 'field_added' &&
        !taken.has(one) &&
        parentOf(one) === parentOf(gone) &&
        gone.place !== undefined &&
        one.place !== undefined &&
        isRename(gone.place, one.place),
    )
    if (come === undefined) continue
    renames.set(gone, come)
    taken.add(come)
  }
  return renames
}

const published = ({ endpoint, signal }: Change, renamedTo: Change | undefined): AlertChange => ({
  signal: signal.id,
  endpoint,
  kind: renamedTo ? 'field_renamed' : signal.kind,
  pointer: signal.pointer,
  renamedTo: renamedTo?.signal.pointer ?? '',
  severity: renamedTo ? 'breaking' : signal.severity,
  confidence: signal.confidence,
  before: signal.before,
  after: renamedTo ? renamedTo.signal.after : signal.after,
  exchange: signal.first.exchange,
  offset: signal.first.offset,
  at: signal.first.at,
  status: signal.state,
  count: countOf(signal),
})

const LIVE: readonly SignalState[] = ['open', 'reopened']

/** Reopened if any change is, else open if any is; over when all are. */
const stateOf = (changes: readonly Change[]): SignalState => {
  const states = new Set(changes.map(({ signal }) => signal.state))
  const state = (['reopened', 'open', 'resolved'] as const).find((one) => states.has(one))
  return state ?? 'accepted'
}

/** What one certain change is worth; more of them, less each, up to 100. */
const WEIGHTS: Readonly<Record<Drift['severity'], number>> = { breaking: 0.6, warning: 0.25, info: 0.05, unknown: 0 }

const scoreOf = (changes: readonly AlertChange[]): number => {
  let calm = 1
  for (const { severity, confidence } of changes) calm *= 1 - WEIGHTS[severity] * confidence
  return Math.round(100 * (1 - calm))
}

const SEVERITIES = ['breaking', 'warning', 'info'] as const
const GRAVITY: readonly Drift['severity'][] = [...SEVERITIES, 'unknown']
const WORDS = { breaking: 'critical issue', warning: 'warning', info: 'addition' } as const

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

const summaryOf = (changes: readonly AlertChange[], mixed: boolean): string => {
  const parts = SEVERITIES.flatMap((severity) => {
    const n = changes.filter((one) => one.severity === severity).length
    return n === 0 ? [] : [counted(n, WORDS[severity])]
  })
  const endpoints = new Set(changes.map(({ endpoint }) => endpoint)).size
  const where = endpoints === 1 ? `at ${changes[0]?.endpoint ?? ''}` : `at ${endpoints} endpoints`
  return `${parts.join(', ')} ${where}${mixed ? '; two versions answer' : ''}`
}

interface Heard {
  old: number
  fresh: number
}

const heardOf = (sums: Map<string, Heard>, name: string): Heard => {
  const known = sums.get(name) ?? { old: 0, fresh: 0 }
  sums.set(name, known)
  return known
}

/** The changes of one endpoint are in the same answers, so the most that any of them counted is what was heard there. */
const upstreamsAt = (changes: readonly Change[]): ReadonlyMap<string, Heard> => {
  const most = new Map<string, Heard>()
  for (const { signal } of changes)
    for (const [name, old, fresh] of signal.witnesses) {
      const heard = heardOf(most, name)
      heard.old = Math.max(heard.old, old)
      heard.fresh = Math.max(heard.fresh, fresh)
    }
  return most
}

const upstreamsOf = (changes: readonly Change[]): AlertUpstream[] => {
  const sums = new Map<string, Heard>()
  for (const endpoint of new Set(changes.map((one) => one.endpoint)))
    for (const [name, { old, fresh }] of upstreamsAt(changes.filter((one) => one.endpoint === endpoint))) {
      const sum = heardOf(sums, name)
      sum.old += old
      sum.fresh += fresh
    }
  return Array.from(sums, ([name, sum]) => ({ name, ...sum })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Answers of an upstream, before they tell which version it is. */
const MIN_ANSWERS = 5
const MOSTLY = 0.8

/** Whether some upstreams give the new behaviour and others the old one; with one name for all, whether both go on. */
const isSplit = ({ kind, state, witnesses }: OpenSignal): boolean => {
  if (!LIVE.includes(state)) return false
  const heard = witnesses.filter(([, old, fresh]) => old + fresh >= MIN_ANSWERS)
  if (heard.some(([, old, fresh]) => fresh >= MOSTLY * (old + fresh)) && heard.some(([, , fresh]) => fresh === 0))
    return true
  return ALWAYS_SHOWS.has(kind) && heard.some(([, old, fresh]) => Math.min(old, fresh) >= MIN_ANSWERS)
}

/** Made in a version, these show in each of its answers. */
const ALWAYS_SHOWS = new Set(['field_removed', 'type_changed'])

/** The alert as it is published; undefined when nothing is left of it. */
export const publishedAlert = (alert: OpenAlert, service: string, find: Find): Alert | undefined => {
  const all = changesOf(alert, find)
  const [first] = [...all].sort((a, b) => a.signal.first.index - b.signal.first.index)
  if (first === undefined) return undefined
  const renames = renamesOf(all)
  const targets = new Set(renames.values())
  const changes = all
    .filter((one) => !targets.has(one))
    .map((one) => published(one, renames.get(one)))
    .sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity))
  const mixed = all.some(({ signal }) => isSplit(signal))
  return {
    id: alert.id,
    service,
    at: alert.at,
    lastAt: Math.max(...all.map(({ signal }) => signal.at)),
    status: stateOf(all),
    severity: SEVERITIES.find((severity) => changes.some((one) => one.severity === severity)) ?? 'unknown',
    score: scoreOf(changes),
    summary: summaryOf(changes, mixed),
    exchange: first.signal.first.exchange,
    offset: first.signal.first.offset,
    mixed,
    upstreams: upstreamsOf(all),
    changes,
  }
}
