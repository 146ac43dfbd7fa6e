/** `topics`: what stands on the log. Reading needs no right to write, so these work beside a running dev. */
import type { Command } from 'commander'
import type { Config } from '../../../schemas/config.ts'
import type { Codecs } from '../../../schemas/codecs.ts'
import type { EventLog, From, LogRecord } from '../../../schemas/log.ts'
import { topicName, topics, topicSpecs, type Topic } from '../../../schemas/topics.ts'
import { suggestion } from '../../config/problems.ts'
import { EVERY_WRITER, openBareLog, openReader } from '../../roles/open-log.ts'
import { CliError, EXIT } from '../failure.ts'
import { terminalLogger } from '../logger.ts'
import { needingData } from '../no-data.ts'
import { configOf, withPlace, type CommonFlags } from '../options.ts'
import { reach } from './doctor-reach.ts'
import { untilInterrupted } from '../signals.ts'
import { openTerminal, table } from '../terminal.ts'

type Names = readonly Topic[]
const NAMES = Object.keys(topics) as Names
const terminal = openTerminal()

const logger = terminalLogger(openTerminal(process.stderr), 'error')

/** A Kafka client tries for long before it gives up; a person who mistyped an address hears of it at once. */
const someBroker = async ({ log }: Config): Promise<void> => {
  if (log.kind === 'embedded') return
  const reached = await Promise.all(log.brokers.map((b) => reach('Kafka', `kafka://${b}`, { cure: '' })))
  if (reached.some(({ state }) => state === 'ok')) return
  throw new CliError(`no broker answers: ${reached.map(({ found }) => found).join(', ')}`, {
    cure: 'start Kafka, or correct --bus (log.brokers)',
  })
}

const withLog = async <T>(flags: CommonFlags, writing: boolean, work: (log: EventLog) => Promise<T>): Promise<T> => {
  const { config } = configOf(flags)
  await someBroker(config)
  const log = await openBareLog({ config, logger }, writing ? EVERY_WRITER : undefined)
  try {
    return await needingData(config, () => work(log))
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
    if (found.every(({ partitions }) => partitions === 0))
      terminal.printError('none of them is there yet: the first start makes them, or chaos-proxy topics create')
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

/** Bodies as text where they are text. */
const readable = (_key: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (typeof value === 'object' && value !== null && (value as { type?: string }).type === 'Buffer')
    return Buffer.from((value as { data: number[] }).data).toString('utf8')
  return value
}

/** A value that cannot be read is shown as that, and stops nobody. */
const valueOf = (codecs: Codecs, topic: Topic, { value }: LogRecord): object => {
  if (value === null) return { value: null }
  try {
    if (topic === 'schemas') return { value: JSON.parse(Buffer.from(value).toString('utf8')) as unknown }
    return { value: codecs.decode(topic, value) }
  } catch (error) {
    return { unreadable: (error as Error).message, bytes: value.length }
  }
}

interface TailFlags extends CommonFlags {
  readonly fromStart?: boolean
  readonly count?: string
}

interface Tailing {
  readonly topic: Topic
  readonly from: From
  readonly codecs: Codecs
  readonly log: EventLog
  readonly print: (line: object) => void
  readonly signal: AbortSignal
}

const follow = async ({ topic, from, codecs, log, print, signal }: Tailing, partition: number): Promise<void> => {
  for await (const records of log.read(topicName(topic), { partition, from, signal })) {
    await codecs.prepare(records.map(({ value }) => value)).catch(() => undefined)
    for (const record of records) {
      if (signal.aborted) return
      const { offset, key, timestamp } = record
      const time = new Date(timestamp).toISOString()
      print({ partition, offset, key, time, ...valueOf(codecs, topic, record) })
    }
  }
}

const countOf = ({ count }: TailFlags): number => {
  const wanted = count === undefined ? Infinity : Number(count)
  if (wanted > 0) return wanted
  throw new CliError(`--count ${count ?? ''} is no number above 0`, { exit: EXIT.usage })
}

const tail = async (name: string, flags: TailFlags): Promise<void> => {
  const topic = topicOf(name)
  let left = countOf(flags)
  const { config } = configOf(flags)
  await someBroker(config)
  const { log, codecs, close } = await openReader({ config, logger })
  const abort = new AbortController()
  void untilInterrupted().then(() => abort.abort())
  const print = (line: object): void => {
    terminal.print(JSON.stringify(line, readable))
    if (--left === 0) abort.abort()
  }
  const from = flags.fromStart === true ? ({ kind: 'start' } as const) : ({ kind: 'end' } as const)
  try {
    const ranges = await needingData(config, () => log.ranges(topicName(topic)))
    const tailing = { topic, from, codecs, log, print, signal: abort.signal }
    await Promise.all(ranges.map((r) => follow(tailing, r.partition)))
  } finally {
    await close()
  }
}

export const registerTopics = (program: Command): void => {
  const command = program.command('topics').description('what stands on the log')
  withPlace(command.command('list')).description('every topic with its size').action(list)
  withPlace(command.command('create')).description('make what is missing').action(create)
  withPlace(command.command('describe <topic>')).description('one topic and its partitions').action(describe)
  withPlace(command.command('tail <topic>'))
    .description('its records as JSON lines, as they come')
    .option('--from-start', 'with everything that is there')
    .option('--count <n>', 'end after so many (default: at Ctrl-C)')
    .action(tail)
}
