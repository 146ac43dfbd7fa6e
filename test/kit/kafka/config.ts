/** The files of one single-node KRaft broker. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** A free port below the range the kernel hands to outgoing connections, so that a restart finds it free again. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

const properties = (dir: string, port: number, controller: number): Record<string, string | number> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  'log.dirs': join(dir, 'data'),
  'auto.create.topics.enable': 'false',
  // One node: every internal topic has one replica, and few partitions, since each costs files and start time.
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'group.initial.rebalance.delay.ms': 0,
  // So that a test can wait for a compaction.
  'log.cleaner.backoff.ms': 300,
  'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  'group.min.session.timeout.ms': 1000,
  // Aborts what a killed owner left open even when no new owner comes.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
})

const log4j = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d{HH:mm:ss.SSS} %p %c{1} %m%n"/></Console></Appenders>
<Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers></Configuration>
`

/** Writes server.properties and log4j2.xml into `dir`; resolves with the broker's port. */
export const writeConfig = async (dir: string): Promise<number> => {
  const port = await freePort()
  const lines = Object.entries(properties(dir, port, await freePort())).map(([key, value]) => `${key}=${value}`)
  writeFileSync(join(dir, 'server.properties'), `${lines.join('\n')}\n`)
  writeFileSync(join(dir, 'log4j2.xml'), log4j)
  return port
}
