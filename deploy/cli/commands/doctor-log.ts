/** What log, registry and database say, asked as the roles ask: with certificates, login and all. */
import type { Config } from '../../../schemas/config.ts'
import { topicName, topics, type Topic } from '../../../schemas/topics.ts'
import { openBareLog } from '../../roles/open-log.ts'
import { registrySecurity } from '../../roles/security.ts'
import { cureOf } from '../cures.ts'
import { loggerOf, type Logger } from '../logger.ts'
import { reach, type Finding } from './doctor-reach.ts'

const ASK_MS = 6_000
/** It listens, and does not speak with us. */
const STRANGER = 'is it Kafka, and does this port want TLS (log.ssl) or a login (log.sasl)?'

const silent = loggerOf(() => undefined)

/** A Kafka client tries on where a person wants to hear what went wrong: it says so to its logger. */
const listening = () => {
  const heard = { last: '' }
  const logger = loggerOf((_level, _obj, msg) => {
    if (/error|closed|timed out|disconnected/i.test(msg))
      heard.last = msg.replace(/^Failed to connect to seed broker[^:]*: /, '').trim()
  })
  return { heard, logger }
}

const within = async <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ASK_MS / 1000} s`)), ASK_MS)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const topicsThere = async (config: Config, logger: Logger): Promise<number> => {
  const log = await openBareLog({ config, logger }, undefined)
  let count = 0
  try {
    for (const name of Object.keys(topics) as Topic[]) {
      const there = await log.ranges(topicName(name)).catch((error: { code?: string }) => {
        if (error.code !== 'unknown-topic') throw error
      })
      if (there) count++
    }
    return count
  } finally {
    await log.close()
  }
}

const kafka = async (config: Config): Promise<Finding[]> => {
  const cure = 'start it, or correct log.brokers (--bus)'
  const brokers = await Promise.all(config.log.brokers.map((b) => reach('Kafka', `kafka://${b}`, { cure })))
  if (brokers.every(({ state }) => state === 'failed')) return brokers
  const where = `kafka://${config.log.brokers.join(',')}`
  const { heard, logger } = listening()
  const log = await within(topicsThere(config, logger)).then(
    (count): Finding => ({
      check: 'Log',
      state: 'ok',
      found: `${where}, ${count === 0 ? 'no topics of ours yet: the first start makes them' : `${count} topics`}`,
    }),
    ({ message }: Error): Finding => {
      const found = heard.last === '' || message.includes(heard.last) ? message : `${message}: ${heard.last}`
      return { check: 'Log', state: 'failed', found, cure: cureOf(found) ?? STRANGER }
    },
  )
  return [...brokers, log]
}

const registry = async ({ log }: Config): Promise<Finding> => {
  const { registrySchemaStore } = await import('../../../schemas/registry.ts')
  const options = registrySecurity(log)
  return await within(registrySchemaStore(options).fetch(1)).then(
    (): Finding => ({ check: 'Registry', state: 'ok', found: `${options.url} answers` }),
    (error: Error): Finding => ({
      check: 'Registry',
      state: 'failed',
      found: error.message,
      cure: 'start it, or correct log.registry and log.registryAuth',
    }),
  )
}

/** The embedded one is opened by its owner only. */
export const checkDatabase = async ({ database: { url } }: Config): Promise<Finding[]> => {
  if (url === '') return []
  const { openDatabase } = await import('../../../sinks/sinks.ts')
  const database = await openDatabase({ url, logger: silent })
  const finding = await within(database.query('select 1')).then(
    (): Finding => ({ check: 'Database', state: 'ok', found: `${database.where} answers` }),
    ({ message }: Error): Finding => ({
      check: 'Database',
      state: 'failed',
      found: message,
      cure: 'start it, or correct database.url (user, password, name)',
    }),
  )
  await database.close().catch(() => undefined)
  return [finding]
}

/** Nothing to ask where the log is embedded and no registry is named. */
export const checkLog = async (config: Config): Promise<Finding[]> =>
  (
    await Promise.all([
      config.log.kind === 'kafka' ? kafka(config) : [],
      config.log.registry === '' ? [] : registry(config).then((finding) => [finding]),
    ])
  ).flat()
