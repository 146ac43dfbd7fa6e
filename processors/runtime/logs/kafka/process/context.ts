/** What the tasks of one processing instance share. */
import type { Cluster, Kafka } from 'kafkajs'
import type { ProcessOptions } from '../../../../../schemas/log.ts'
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

/** Runs the task's own code, and tells its failures from the log's. */
export const own = <T>(partition: number, work: () => T): T => {
  try {
    return work()
  } catch (cause) {
    throw new TaskError(`the task of partition ${partition} has thrown: ${(cause as Error).message}`, { cause })
  }
}
