/** What the tasks of one processing instance share. */
import type { Cluster, Kafka } from 'kafkajs'
import { LogError, type ProcessOptions, type StepResult, type Task } from '../../../../../schemas/log.ts'
import type { Logger } from '../client.ts'
import type { Lanes } from './lanes.ts'

export interface Context {
  readonly kafka: Kafka
  /** For looking up offsets. */
  readonly cluster: Cluster
  readonly logger: Logger
  readonly options: ProcessOptions
  readonly changelog: string
  readonly lanes: Lanes
}

/** The task itself has thrown: another try would do the same, so processing ends. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
}

const thrown = (partition: number, cause: unknown): Error =>
  new TaskError(`the task of partition ${partition} has thrown: ${(cause as Error).message}`, { cause })

/** Runs the task's own code, and tells its failures from the log's. */
export const own = <T>(partition: number, work: () => T): T => {
  try {
    return work()
  } catch (cause) {
    throw thrown(partition, cause)
  }
}

/** The same for a step, which may read the log. */
export const ownStep = async (partition: number, step: () => ReturnType<Task['step']>): Promise<StepResult> => {
  try {
    return await step()
  } catch (cause) {
    throw cause instanceof LogError ? cause : thrown(partition, cause)
  }
}
