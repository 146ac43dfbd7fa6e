/** The log of a kill test: opened by the test as the ingress, by the worker as the processors. */
import type { EventLog } from '../../schemas/log.ts'

export interface KillTarget {
  readonly kind: 'embedded' | 'kafka'
  /** Of the embedded log. */
  readonly dir?: string
  /** Of Kafka. */
  readonly brokers?: readonly string[]
  /** Of Kafka: how long a killed instance keeps its partitions. */
  readonly sessionTimeoutMs?: number
  readonly app: string
  /** Of the input topic. */
  readonly partitions: number
}

export const openKillLog = async (target: KillTarget, writer: 'ingress' | 'processors'): Promise<EventLog> => {
  if (target.kind === 'embedded') {
    const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
    return openEmbeddedLog({ dir: target.dir ?? '', writer })
  }
  const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
  const { brokers = [], sessionTimeoutMs = 6000 } = target
  return openKafkaLog({ brokers, clientId: `kill-${writer}`, sessionTimeoutMs })
}
