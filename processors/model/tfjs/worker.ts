/** The trainer's own process: takes one job after another, answers with weights, and goes when its parent goes. */
import type { Job } from '../trial.ts'
import { openBackend } from './backend.ts'
import { fitNetwork } from './fit.ts'

export type FromTrainer =
  { readonly kind: 'done'; readonly weights: Float32Array } | { readonly kind: 'failed'; readonly reason: string }

let backend: Promise<string> | undefined

const answer = async (job: Job): Promise<FromTrainer> => {
  try {
    await (backend ??= openBackend())
    return { kind: 'done', weights: fitNetwork(job) }
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message }
  }
}

process.on('message', (job: Job) => void answer(job).then((told) => process.send?.(told)))
process.on('disconnect', () => process.exit(0))
