/** `topics`: what stands on the log. Reading needs no right to write, so these work beside a running dev. */
import type { Command } from 'commander'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Codecs } from '../../../schemas/codecs.ts'
import type { EventLog, LogRecord } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { topicName, topics, topicSpecs, type Topic } from '../../../schemas/topics.ts'
import { suggestion } from '../../config/problems.ts'
import { openBareLog } from '../../roles/open-log.ts'
import { CliError, EXIT } from '../failure.ts'
import { terminalLogger } from '../logger.ts'
import { configOf, withPlace, type CommonFlags } from '../options.ts'
import { untilInterrupted } from '../signals.ts'
import { openTerminal, table } from '../terminal.ts'

type Names = readonly Topic[]
const NAMES = Object.keys(topics) as Names
const terminal = openTerminal()

const withLog = async <T>(flags: CommonFlags, writing: boolean, work: (log: EventLog) => Promise<T>): Promise<T> => {
  const { config } = configOf(flags)
  const logger = terminalLogger(openTerminal(process.stderr), 'error')
  const log = await openBareLog({ config, logger }, writing ? 'console' : undefined)
  try {
    return await work(log)
  } finally {
    await log.close()
  }
}

const topicOf = (name: string): Topic => {
  const found = NAMES.find((n) => n === name || topicName(n) === name)
  if (found) return found
  throw new CliError(`there is no topic "${name}"${suggestion(name, NAMES)}`, { exit: EXIT.usage })
}

interface Listed {
  readonly topic: string
  readonly partitions: number
  readonly records: number
  readonly cleanup: string
  readonly key: string
}

const describeOne = async (log: EventLog, name: Topic): Promise<Listed> => {
  const ranges = await log.ranges(topicName(name)).catch(() => [])
  const records = ranges.reduce((sum, r) => sum + r.end - r.start, 0)
  return {
    topic: topicName(name),
    partitions: ranges.length,
    records,
    cleanup: topics[name].cleanup,
    key: topics[name].key,
  }
}

const list = (flags: CommonFlags): Promise<void> =>
  withLog(flags, false, async (log) => {
    const found = await Promise.all(NAMES.map((name) => describeOne(log, name)))
    if (flags.json === true) return terminal.print(JSON.stringify(found))
    const rows = found.map((t) => [t.topic, String(t.partitions), String(t.records), t.cleanup, t.key])
    for (const line of table(['topic', 'partitions', 'offsets', 'cleanup', 'key'], rows)) terminal.print(line)
  })

const create = (flags: CommonFlags): Promise<void> =>
  withLog(flags, true, async (log) => {
    const { config } = configOf(flags)
    const specs = topicSpecs(config.log.partitions, config.log.retention)
    await log.createTopics(specs)
    terminal.print(flags.json === true ? JSON.stringify(specs) : `${specs.length} topics are there`)
  })

const describe = (name: string, flags: CommonFlags): Promise<void> =>
  withLog(flags, false, async (log) => {
    const topic = topicOf(name)
    const definition = topics[topic]
    const ranges = await log.ranges(topicName(topic))
    if (flags.json === true) return terminal.print(JSON.stringify({ name: topicName(topic), ...definition, ranges }))
    terminal.print(`${topicName(topic)}   ${definition.title}`)
    terminal.print(`  key ${definition.key}; cleanup ${definition.cleanup}; written by ${definition.writtenBy}`)
    const rows = ranges.map((r) => [`  ${r.partition}`, String(r.start), String(r.end)])
    for (const line of table(['  partition', 'start', 'end'], rows)) terminal.print(line)
  })

/** Without a registry an id is the schema's own hash, so the current schemas are known without asking. */
const codecsOf = (): Promise<Codecs> => openCodecs(memorySchemaStore())

/** Bodies as text where they are text. */
const readable = (_key: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (typeof value === 'object' && value !== null && (value as { type?: string }).type === 'Buffer')
    return Buffer.from((value as { data: number[] }).data).toString('utf8')
  return value
}

const valueOf = (codecs: Codecs, topic: Topic, record: LogRecord): unknown => {
  if (record.value === null) return null
  if (topic === 'schemas') return JSON.parse(Buffer.from(record.value).toString('utf8'))
  return codecs.decode(topic, record.value)
}

const tail = async (name: string, flags: CommonFlags & { readonly fromStart?: boolean }): Promise<void> => {
  const topic = topicOf(name)
  const codecs = await codecsOf()
  const abort = new AbortController()
  const interrupted = untilInterrupted().then(() => abort.abort())
  await withLog(flags, false, async (log) => {
    const from = flags.fromStart === true ? ({ kind: 'start' } as const) : ({ kind: 'end' } as const)
    const follow = async (partition: number): Promise<void> => {
      for await (const records of log.read(topicName(topic), { partition, from, signal: abort.signal }))
        for (const record of records) {
          const { offset, key, timestamp } = record
          const value = valueOf(codecs, topic, record)
          terminal.print(
            JSON.stringify({ partition, offset, key, time: new Date(timestamp).toISOString(), value }, readable),
          )
        }
    }
    const ranges = await log.ranges(topicName(topic))
    await Promise.all(ranges.map((r) => follow(r.partition)))
  })
  await interrupted
}

export const registerTopics = (program: Command): void => {
  const command = program.command('topics').description('what stands on the log')
  withPlace(command.command('list')).description('every topic with its size').action(list)
  withPlace(command.command('create')).description('make what is missing').action(create)
  withPlace(command.command('describe <topic>')).description('one topic and its partitions').action(describe)
  withPlace(command.command('tail <topic>'))
    .description('its records as JSON lines, as they come')
    .option('--from-start', 'with everything that is there')
    .action(tail)
}
