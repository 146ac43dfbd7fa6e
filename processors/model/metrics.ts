/** What the trainer says about itself; how models did stands on the log, and the console tells it. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Model } from '../../schemas/events.ts'

export interface TrainerMetrics {
  told(model: Model): void
  failed(): void
  took(seconds: number): void
}

const NOTHING: TrainerMetrics = { told: () => undefined, failed: () => undefined, took: () => undefined }

/** Registers the trainer's metrics; once per registry. */
export const trainerMetrics = (registry: Registry | undefined): TrainerMetrics => {
  if (registry === undefined) return NOTHING
  const registers = [registry]
  const outcomes = new Counter({
    name: 'chaosproxy_model_trials_total',
    help: 'Response models tried, by outcome: published where they beat the tables on exchanges held back',
    labelNames: ['service', 'outcome'],
    registers,
  })
  const failures = new Counter({
    name: 'chaosproxy_model_failures_total',
    help: 'Trainings that failed, and samples that could not be read',
    registers,
  })
  const seconds = new Histogram({
    name: 'chaosproxy_model_training_seconds',
    help: 'What a trial took, with its trainings',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  })
  return {
    told: ({ service, state }) => outcomes.inc({ service, outcome: state }),
    failed: () => failures.inc(),
    took: (s) => seconds.observe(s),
  }
}
