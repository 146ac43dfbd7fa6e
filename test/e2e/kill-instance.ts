/** One process with the processors in it, as the killer sees it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessorsEvent } from '../../processors/runtime/host.ts'
import type { KillTarget } from './kill-target.ts'

export interface Instance {
  readonly child: ChildProcess
  readonly startedAt: number
  /** Position per partition owned, as last told. */
  readonly positions: Map<number, number>
  /** Partitions taken over, and commits, since the start. */
  assigned: number
  commits: number
}

const note = (instance: Instance, event: ProcessorsEvent): void => {
  if (event.kind === 'dead-letter') return
  if (event.kind === 'lost') {
    instance.positions.delete(event.partition)
    return
  }
  instance.positions.set(event.partition, event.position)
  if (event.kind === 'assigned') instance.assigned++
  else instance.commits++
}

/** Starts `file` (see kill-bundle.ts); `told` is called after each event. */
export const startInstance = (file: string, target: KillTarget, told: () => void = () => undefined): Instance => {
  const child = spawn(process.execPath, [file, JSON.stringify(target)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const startedAt = performance.now()
  const instance: Instance = { child, startedAt, positions: new Map(), assigned: 0, commits: 0 }
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
    note(instance, JSON.parse(text) as ProcessorsEvent)
    told()
  })
  return instance
}

/** An instance that ended without being told to has failed, whatever the log says afterwards. */
export const mustLive = ({ child }: Instance): void => {
  if (child.exitCode !== null) throw new Error(`an instance ended by itself with ${child.exitCode}`)
}

/** Sends the signal and resolves when the process is gone. */
export const end = async (instance: Instance, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
  mustLive(instance)
  const gone = once(instance.child, 'exit')
  instance.child.kill(signal)
  await gone
}

/** Polls a condition; fails as soon as one of the instances has ended by itself. */
export const until = async (
  what: string,
  instances: readonly Instance[],
  holds: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> => {
  const last = performance.now() + limitMs
  while (!(await holds())) {
    for (const instance of instances) mustLive(instance)
    if (performance.now() > last) throw new Error(`waited ${limitMs} ms in vain until ${what}`)
    await delay(10)
  }
}
