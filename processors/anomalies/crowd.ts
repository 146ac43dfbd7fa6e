/**
 * Probing from many places: each client asks little, and all of them for what is not there: paths that are no endpoint, ids that
 * do not exist, credentials that are wrong. Judged is the share of such requests by clients that hardly ask anything, among all
 * requests, against the usual share (CUSUM of binomial log likelihood ratios, as for refusals in stream.ts). The clients
 * that come often are the control group: where they are refused more, too, the service is at fault, and nobody probes it.
 */
import type { Observation } from '../kit/processor.ts'
import type { Client } from './client.ts'
import { isSuspicious, newWatch, step } from './cusum.ts'
import { nothing, PROBINGS, WORTH, type Crowd, type Probing, type Seen, type Share, type Watched } from './probing.ts'
import { learnScatter, scatterOf } from './scatter.ts'
import { ACCEPTED_AFTER, type Turned } from './watch.ts'

/** Requests in about ten minutes, up to which a client hardly asks anything. */
const FEW = 4

/** What a request may be part of. */
const probingOf = ({ endpoint, exchange }: Observation): Probing | undefined => {
  const { status } = exchange
  if (status === 401 || status === 403) return 'credential_stuffing'
  if (endpoint === undefined) return status >= 400 && status < 500 && status !== 429 ? 'scan' : undefined
  return status === 404 && endpoint.parameters.length > 0 ? 'enumeration' : undefined
}

const MAX_TARGETS = 64

/** FNV-1a. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length && i < 256; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

const addTarget = (targets: number[], target: number): void => {
  if (targets.length < MAX_TARGETS && !targets.includes(target)) targets.push(target)
}

/** Takes a request, already counted at its client; returns whether it is one of many that probe just now. */
export const noteInCrowd = (crowd: Crowd, o: Observation, client: Client): boolean => {
  const isRegular = client.count > FEW
  const what = probingOf(o)
  for (const one of PROBINGS) {
    const { minute } = crowd[one]
    minute.all++
    if (isRegular) minute.regular.all++
  }
  if (what === undefined) return false
  const { minute, watch } = crowd[what]
  if (isRegular) {
    minute.regular.bad++
    return false
  }
  minute.bad++
  if (client.refused < 2) minute.clients++
  addTarget(minute.targets, hashOf(o.path))
  return watch.raised > 0
}

/** One false alarm in so many minutes, of all three together: 30 days. */
const FALSE_ALARM_EVERY = 43_200
const BAR = Math.log(FALSE_ALARM_EVERY * PROBINGS.length * WORTH.length)

const LEAST_CLIENTS = 12
const LEAST_TARGETS = 12
const LEAST_REGULAR = 20

/** Whether those that come often are served as usual, and there are enough of them to tell. */
const isServiceWell = ({ usualRegular: usual }: Watched, { regular }: Seen): boolean =>
  regular.all >= LEAST_REGULAR && regular.bad / regular.all <= 0.02 + (3 * usual.bad) / Math.max(1, usual.all)

const matters = (one: Watched, kind: Probing, seen: Seen): boolean =>
  seen.clients >= LEAST_CLIENTS &&
  (kind === 'credential_stuffing' || seen.targets.length >= LEAST_TARGETS) &&
  isServiceWell(one, seen)

const addSeen = (into: Seen, from: Seen): void => {
  into.bad += from.bad
  into.all += from.all
  into.clients += from.clients
  into.regular.bad += from.regular.bad
  into.regular.all += from.regular.all
  for (const target of from.targets) addTarget(into.targets, target)
}

/** Beyond so many requests the older half fades. */
const MEMORY = 50_000

const learnShare = (usual: Share, { bad, all }: Share): void => {
  usual.bad += bad
  usual.all += all
  if (usual.all <= MEMORY) return
  usual.bad /= 2
  usual.all /= 2
}

const learn = (one: Watched): void => {
  const { minute, usual } = one
  const expected = (usual.all === 0 ? 0 : usual.bad / usual.all) * minute.all
  learnScatter(one.swing, minute.bad - expected, expected)
  learnShare(usual, minute)
  learnShare(one.usualRegular, minute.regular)
}

/** Before so many requests nothing is usual. */
const LEAST_KNOWN = 400

/** So many times the usual share, at its upper end, is what is looked for. */
const TIMES = [3, 6, 12] as const

const ratiosOf = ({ usual, minute, swing }: Watched): readonly (number | undefined)[] => {
  if (usual.all < LEAST_KNOWN) return WORTH.map(() => 0)
  const share = (usual.bad + 1) / (usual.all + 100)
  const { wander, bursts } = scatterOf(swing, share * minute.all)
  // By how much it wanders by itself, as the day goes, is no news; nor is what it is only estimated by.
  const high = Math.min(0.5, share * (1 + 2 * wander) + 1.6 * Math.sqrt(share / usual.all))
  return WORTH.map((least, i) => {
    const looked = Math.min(0.95, Math.max(least, high * (TIMES[i] ?? 1)))
    const good = minute.all - minute.bad
    return (minute.bad * Math.log(looked / high) + good * Math.log((1 - looked) / (1 - high))) / bursts
  })
}

const settle = (one: Watched): void => {
  one.watch = newWatch(WORTH.length)
  delete one.since
}

/** What goes on for as long without being told, because the service is at fault, is usual from now on. */
const isStale = ({ watch }: Watched, at: number): boolean =>
  watch.raised === 0 && watch.since > 0 && at - watch.since >= ACCEPTED_AFTER

type Turn = Turned['change']['turn']

const turnOf = (one: Watched, kind: Probing, at: number): Turn | undefined => {
  const since = (one.since ??= nothing())
  addSeen(since, one.minute)
  const { watch } = one
  const wasRaised = watch.raised
  const turn = step(watch, { ratios: ratiosOf(one), bar: BAR, at, matters: () => matters(one, kind, since) })
  if (turn !== undefined) return turn
  if (watch.since === 0) delete one.since
  if (wasRaised === 0) return undefined
  return at - wasRaised >= ACCEPTED_AFTER ? 'accepted' : 'goes on'
}

const close = (one: Watched, kind: Probing, at: number): Turned<Probing> | undefined => {
  const began = one.watch.since || at
  const turn = turnOf(one, kind, at)
  const { bad, all, clients } = one.since ?? nothing()
  const usual = one.usual.bad / Math.max(1, one.usual.all)
  if (turn === 'accepted') learnShare(one.usual, { bad, all })
  if (turn === 'accepted' || turn === 'over' || isStale(one, at)) settle(one)
  if (!isSuspicious(one.watch, BAR)) learn(one)
  one.minute = nothing()
  if (turn === undefined) return undefined
  const share = bad / Math.max(1, all)
  return {
    subject: '',
    change: { kind, turn },
    alarm: { subject: '', kind, began, raised: at, size: clients, usual, share, upstream: '' },
  }
}

/** A service's minute is over. */
export const closeCrowd = (crowd: Crowd, at: number): readonly Turned<Probing>[] =>
  PROBINGS.flatMap((kind) => close(crowd[kind], kind, at) ?? [])
