/** Training in a process of its own, started when there is something to train and ended after it. */
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Fit, Job } from '../trial.ts'
import type { FromTrainer } from './worker.ts'

/** A training takes seconds; one that takes longer is ended, and the tables' word holds. */
const LIMIT_MS = 60_000

/** From source the entry is TypeScript, which Node 20 reads through tsx; in the bundle it lies beside this chunk. */
const start = () => {
  const source = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(new URL(source ? './worker.ts' : './model-trainer.js', import.meta.url))
  const loader = source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : []
  // What the library prints of itself when it fails is its whole source: the reason comes as a message.
  return fork(entry, [], { serialization: 'advanced', execArgv: loader, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
}

export interface Training {
  readonly fit: Fit
  close(): void
}

/** A process that trains; `close` ends it at once. */
export const openTraining = (spawn: typeof start = start, limitMs = LIMIT_MS): Training => {
  const child = spawn()
  child.unref()
  child.channel?.unref()
  const fit = (job: Job): Promise<Float32Array> =>
    new Promise((resolve, reject) => {
      const settle = (told: FromTrainer): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (told.kind === 'done') resolve(told.weights)
        else reject(new Error(told.reason))
      }
      const fail = (reason: string): void => settle({ kind: 'failed', reason })
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        fail(`training took longer than ${limitMs / 1000} s and was ended`)
      }, limitMs)
      child.once('exit', (code, signal) => fail(`the training process ended (${signal ?? code})`))
      child.once('error', (error) => fail(error.message))
      child.once('message', settle)
      child.send(job, (error) => {
        if (error) fail(error.message)
      })
    })
  return { fit, close: () => void child.kill('SIGKILL') }
}
