/** The topology as text, in the manner of Kafka Streams' Topology#describe. */
import { topicName } from '../../schemas/topics.ts'
import type { Locator, Processor, Topology } from '../kit/processor.ts'
import { createState } from './state.ts'

const storesOf = (one: Locator | Processor): string => {
  const state = createState()
  one.open(state.stores(one.name))
  return state.storeNames().join(', ')
}

const sinksOf = (one: Locator | Processor): readonly string[] => (one.emits ?? []).map((topic) => topicName(topic))

const arrow = (sign: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`      ${sign} ${names.join(', ')}`]

/** A printable description: source, processors with their stores, and the topics they write to. */
export const describeTopology = ({ locator, processors }: Topology): string => {
  const input = topicName('exchanges')
  const all = [locator, ...processors]
  const lines = [
    'Topologies:',
    `   Sub-topology: 0 (one task per partition of ${input})`,
    `    Source: exchanges (topics: [${input}])`,
    ...arrow('-->', [locator.name]),
  ]
  for (const [at, one] of all.entries()) {
    lines.push(`    ${at === 0 ? 'Locator' : 'Processor'}: ${one.name} (stores: [${storesOf(one)}])`)
    const next = all[at + 1]
    lines.push(...arrow('-->', [...(next ? [next.name] : []), ...sinksOf(one)]))
    lines.push(...arrow('<--', [all[at - 1]?.name ?? 'exchanges']))
  }
  const sinks = [...new Set([...all.flatMap(sinksOf), topicName('dead-letters')])].sort()
  for (const topic of sinks) lines.push(`    Sink: ${topic}`)
  return lines.join('\n') + '\n'
}
