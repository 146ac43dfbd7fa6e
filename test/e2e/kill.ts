/**
 * F1: kills the processors with SIGKILL at seeded random moments while exchanges flow, then lets them finish. Whoever
 * calls compares what is on the log with what an undisturbed run over the same kind of log left.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog, NewRecord } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { random } from '../topology/recording.ts'
import { end, type Instance, mustLive, startInstance, until } from './kill-instance.ts'
import type { KillTarget } from './kill-target.ts'

export interface Subject {
  readonly target: KillTarget
  /** The test's own handle, through which the records are appended. */
  readonly log: EventLog
  /** What the instances run: see kill-bundle.ts. */
  readonly file: string
  readonly records: readonly NewRecord[]
}

export interface Killing {
  readonly kills: number
  readonly seed: number
  /** How many instances share the partitions. A killed one is started again at once. */
  readonly instances: number
  /** From one kill to the next, ms: any moment between is as likely. */
  readonly apart: readonly [least: number, most: number]
}

/** Where the kills fell, each in exactly one of the first three. */
export interface KillReport {
  readonly kills: number
  /** The killed one was starting, joining or restoring: it owned nothing yet. */
  readonly beforeOwning: number
  /** It owned partitions and had committed nothing: in its first step. */
  readonly beforeCommit: number
  readonly afterCommits: number
  /** Exchanges were waiting that nobody had committed. */
  readonly behind: number
  readonly commits: number
  /** Partitions restored by a new owner. */
  readonly takeovers: number
  /** From a kill until all partitions were owned again, ms; only where that was before the next kill. */
  readonly takeoverMs: readonly number[]
  readonly seconds: number
}

const INPUT = topicName('exchanges')
const CHUNK = 50

interface Run extends Subject, Killing {
  readonly live: Instance[]
  readonly all: Instance[]
  readonly next: () => number
  readonly counts: { beforeOwning: number; beforeCommit: number; afterCommits: number; behind: number }
  readonly takeoverMs: number[]
  /** When the last kill was, while partitions are without an owner. */
  killedAt: number | undefined
}

const owned = ({ live }: Run): number => new Set(live.flatMap(({ positions }) => [...positions.keys()])).size

const told = (run: Run): void => {
  if (run.killedAt === undefined || owned(run) < run.target.partitions) return
  run.takeoverMs.push(Math.round(performance.now() - run.killedAt))
  run.killedAt = undefined
}

const start = (run: Run): void => {
  const instance = startInstance(run.file, run.target, () => told(run))
  run.live.push(instance)
  run.all.push(instance)
}

/** Appends a share of the records in small pieces, spread over `ms`. */
const flow = async ({ log }: Run, share: readonly NewRecord[], ms: number): Promise<void> => {
  const began = performance.now()
  for (let at = 0; at < share.length; at += CHUNK) {
    const due = began + (ms * at) / share.length - performance.now()
    if (due > 0) await delay(due)
    await log.append(INPUT, share.slice(at, at + CHUNK))
  }
}

const isBehind = async ({ log, target }: Run): Promise<boolean> => {
  const committed = await log.committed(target.app, INPUT)
  return (await log.ranges(INPUT)).some(({ partition, end: last }) => (committed[partition] ?? 0) < last)
}

const count = ({ counts }: Run, { assigned, commits }: Instance): void => {
  if (commits > 0) counts.afterCommits++
  else if (assigned > 0) counts.beforeCommit++
  else counts.beforeOwning++
}

const killOne = async (run: Run): Promise<void> => {
  for (const instance of run.live) mustLive(instance)
  const [victim] = run.live.splice(Math.floor(run.next() * run.live.length), 1) as [Instance]
  await end(victim, 'SIGKILL')
  count(run, victim)
  if (owned(run) < run.target.partitions) run.killedAt = performance.now()
  if (await isBehind(run)) run.counts.behind++
  start(run)
}

const finish = async (run: Run): Promise<void> => {
  await until('everything is committed', run.live, async () => !(await isBehind(run)), 90_000)
  for (const instance of run.live) await end(instance, 'SIGTERM')
}

const begin = (subject: Subject, killing: Killing): Run => ({
  ...subject,
  ...killing,
  live: [],
  all: [],
  next: random(killing.seed),
  counts: { beforeOwning: 0, beforeCommit: 0, afterCommits: 0, behind: 0 },
  takeoverMs: [],
  killedAt: undefined,
})

const reportOf = (run: Run, seconds: number): KillReport => ({
  kills: run.kills,
  ...run.counts,
  commits: run.all.reduce((sum, { commits }) => sum + commits, 0),
  takeovers: run.all.reduce((sum, { assigned }) => sum + assigned, 0),
  takeoverMs: run.takeoverMs.toSorted((a, b) => a - b),
  seconds: Math.round(seconds * 10) / 10,
})

const hasCommitted = ({ commits }: Instance): boolean => commits > 0

/**
 * Spreads the records over the time between kills, then lets the last instances finish. Every other kill waits for a
 * commit: on a slow machine few would come after one otherwise.
 */
export const killWhileFlowing = async (subject: Subject, killing: Killing): Promise<KillReport> => {
  const run = begin(subject, killing)
  const began = performance.now()
  const { records, kills, instances, apart } = run
  const share = Math.ceil(records.length / (kills + 1))
  try {
    for (let n = 0; n < instances; n++) start(run)
    for (let n = 0; n < kills; n++) {
      const life = apart[0] + run.next() * (apart[1] - apart[0])
      await Promise.all([flow(run, records.slice(n * share, (n + 1) * share), life), delay(life)])
      if (n % 2 === 1) await until('one of them commits', run.live, async () => run.live.some(hasCommitted), 90_000)
      await killOne(run)
    }
    await flow(run, records.slice(kills * share), 0)
    await finish(run)
  } finally {
    for (const { child } of run.all) child.kill('SIGKILL')
  }
  return reportOf(run, (performance.now() - began) / 1000)
}

/** The same records over the same kind of log with nobody killed. */
export const undisturbed = (subject: Subject): Promise<KillReport> =>
  killWhileFlowing(subject, { kills: 0, seed: 0, instances: 1, apart: [0, 0] })
