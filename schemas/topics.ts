/**
 * The topic registry: from here Kafka topics, the embedded log, the AsyncAPI document and the tests are made.
 * Key and cleanup policy are Kafka's.
 */
import type { TopicSpec } from './log.ts'

const DAY = 24 * 3600 * 1000

export interface TopicDefinition {
  readonly title: string
  /** Avro file under `avro/`; 'none' for topics whose values carry no frame. */
  readonly schema: string
  readonly key: string
  readonly cleanup: TopicSpec['cleanup']
  readonly retentionMs?: number
  readonly writtenBy: string
  /** `input` topics have as many partitions as configured, `single` ones have one. */
  readonly partitions: 'input' | 'single'
}

export const topics = {
  exchanges: {
    title: 'Exchanges, signals and operators’ commands: the one input of every fold',
    schema: 'event',
    key: 'service, or service/resource',
    cleanup: 'delete',
    retentionMs: 7 * DAY,
    writtenBy: 'ingress, console',
    partitions: 'input',
  },
  endpoints: {
    title: 'Learned endpoints',
    schema: 'endpoint',
    key: 'endpoint id',
    cleanup: 'compact',
    writtenBy: 'processors',
    partitions: 'single',
  },
  shapes: {
    title: 'Learned shapes, as JSON Schema',
    schema: 'shape',
    key: 'endpoint id',
    cleanup: 'compact',
    writtenBy: 'processors',
    partitions: 'single',
  },
  ghosts: {
    title: 'Ghost snapshots, in keyed parts',
    schema: 'ghost',
    key: 'part key',
    cleanup: 'compact',
    writtenBy: 'processors',
    partitions: 'single',
  },
  samples: {
    title: 'Ghost answers scored on live exchanges: what response models are trained on',
    schema: 'sample',
    key: 'service',
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    writtenBy: 'processors',
    partitions: 'single',
  },
  models: {
    title: 'Response models, with their evaluation',
    schema: 'model',
    key: 'service',
    cleanup: 'compact',
    writtenBy: 'processors',
    partitions: 'single',
  },
  drift: {
    title: 'Drift signals',
    schema: 'drift',
    key: 'endpoint id',
    cleanup: 'delete',
    retentionMs: 180 * DAY,
    writtenBy: 'processors',
    partitions: 'single',
  },
  alerts: {
    title: 'Drift signals that came together, as alerts',
    schema: 'alert',
    key: 'alert id',
    cleanup: 'compact',
    writtenBy: 'processors',
    partitions: 'single',
  },
  anomalies: {
    title: 'Anomalies',
    schema: 'anomaly',
    key: 'endpoint id',
    cleanup: 'delete',
    retentionMs: 180 * DAY,
    writtenBy: 'processors',
    partitions: 'single',
  },
  activations: {
    title: 'Spans in which ghosts answered',
    schema: 'activation',
    key: 'endpoint id',
    cleanup: 'delete',
    retentionMs: 180 * DAY,
    writtenBy: 'processors',
    partitions: 'single',
  },
  windows: {
    title: 'Traffic aggregates by minute of event time',
    schema: 'window',
    key: 'endpoint id@start',
    cleanup: 'compact,delete',
    retentionMs: 180 * DAY,
    writtenBy: 'processors',
    partitions: 'single',
  },
  control: {
    title: 'What the ingress obeys',
    schema: 'control',
    key: 'the thing set',
    cleanup: 'compact',
    writtenBy: 'console',
    partitions: 'single',
  },
  'dead-letters': {
    title: 'Events that could not be used',
    schema: 'dead-letter',
    key: 'source topic',
    cleanup: 'delete',
    retentionMs: 180 * DAY,
    writtenBy: 'anyone who cannot read an event',
    partitions: 'single',
  },
  schemas: {
    title: 'Avro schemas by id, where no registry is configured',
    schema: 'none',
    key: 'schema id',
    cleanup: 'compact',
    writtenBy: 'everyone, at start',
    partitions: 'single',
  },
} as const satisfies Record<string, TopicDefinition>

export type Topic = keyof typeof topics

/** The name on the log: `chaosproxy.<name>.v1`. */
export const topicName = (topic: Topic): string => `chaosproxy.${topic}.v1`

/** Everything that must exist before a role starts. */
export const topicSpecs = (inputPartitions: number, inputRetentionMs?: number): TopicSpec[] =>
  Object.entries(topics).map(([name, t]: [string, TopicDefinition]) => {
    const retentionMs = name === 'exchanges' ? (inputRetentionMs ?? t.retentionMs) : t.retentionMs
    return {
      name: topicName(name as Topic),
      partitions: t.partitions === 'input' ? inputPartitions : 1,
      cleanup: t.cleanup,
      ...(retentionMs === undefined ? {} : { retentionMs }),
    }
  })
