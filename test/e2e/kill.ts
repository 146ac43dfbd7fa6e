/**
 * F1: kills the processors with SIGKILL at seeded random moments while exchanges flow, then lets them finish. Whoever
 * calls compares what is on the log with what an undisturbed run left.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ProcessorsEvent } from '../../processors/runtime/host.ts'
import type { EventLog, NewRecord } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { random } from '../topology/recording.ts'
import type { KillTarget } from './kill-target.ts'

export interface KillOptions {
  readonly target: KillTarget
  /** The test's own handle, through which the records are appended. */
  readonly log: EventLog
  readonly records: readonly NewRecord[]
  readonly kills: number
  readonly seed: number
  /** How long the events of one worker's life flow, at most (ms). */
  readonly maxLife: number
}

export interface KillReport {
  readonly kills: number
  /** Kills of workers that had committed something since their start. */
  readonly afterCommits: number
}

interface Worker {
  readonly child: ChildProcess
  /** Highest committed position seen per partition, and how many commits. */
  readonly positions: Map<number, number>
  commits: number
}

const INPUT = topicName('exchanges')
const CHUNK = 50

const startWorker = (target: KillTarget): Worker => {
  const file = fileURLToPath(new URL('./kill-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(target)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const worker: Worker = { child, positions: new Map(), commits: 0 }
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
    const event = JSON.parse(text) as ProcessorsEvent
    if (event.kind === 'assigned') worker.positions.set(event.partition, event.position)
    if (event.kind !== 'committed') return
    worker.positions.set(event.partition, event.position)
    worker.commits++
  })
  return worker
}

const until = async (what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> => {
  const end = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`)
    await delay(10)
  }
}

/** Appends in small pieces with seeded pauses until all is there. */
const flow = async (log: EventLog, records: readonly NewRecord[], lifeMs: number): Promise<void> => {
  const pieces = Math.max(1, Math.ceil(records.length / CHUNK))
  for (let i = 0; i < pieces; i++) {
    await log.append(INPUT, records.slice(i * CHUNK, (i + 1) * CHUNK))
    await delay(lifeMs / pieces)
  }
}

const kill = async (worker: Worker): Promise<void> => {
  if (worker.child.exitCode !== null) throw new Error(`the worker ended by itself with ${worker.child.exitCode}`)
  const gone = once(worker.child, 'exit')
  worker.child.kill('SIGKILL')
  await gone
}

const finish = async ({ target, log }: KillOptions): Promise<void> => {
  const worker = startWorker(target)
  await until('everything is committed', async () => {
    if (worker.child.exitCode !== null) throw new Error(`the last worker ended with ${worker.child.exitCode}`)
    const committed = await log.committed(target.app, INPUT)
    return (await log.ranges(INPUT)).every(({ partition, end }) => (committed[partition] ?? 0) >= end)
  })
  const gone = once(worker.child, 'exit')
  worker.child.kill('SIGTERM')
  await gone
}

/** Spreads the records over the lives of `kills` workers, then lets one more finish. */
export const killWhileFlowing = async (options: KillOptions): Promise<KillReport> => {
  const { target, log, records, kills, seed, maxLife } = options
  const next = random(seed)
  const share = Math.ceil(records.length / kills)
  let afterCommits = 0
  for (let i = 0; i < kills; i++) {
    const worker = startWorker(target)
    const moment = next()
    // One in five dies while it starts or restores, one while events flow, three soon after a commit.
    if (moment >= 0.2) await until('the worker owns a partition', () => worker.positions.size > 0)
    await flow(log, records.slice(i * share, (i + 1) * share), next() * maxLife)
    if (moment >= 0.4) await until('the worker commits', () => worker.commits > 0)
    if (moment >= 0.4) await delay(next() * 100)
    await kill(worker)
    if (worker.commits > 0) afterCommits++
  }
  await finish(options)
  return { kills, afterCommits }
}
