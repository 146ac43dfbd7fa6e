/** The files of one single-node KRaft broker. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { makeCertificate, type Certificate } from './certificate.ts'

/** What this process was given: asked for and not listened on yet, it would look free to whoever asks next. */
const given = new Set<number>()

/** A free port below the range the kernel hands to outgoing connections, so that a restart finds it free again. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (given.has(port)) continue
    given.add(port)
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

/** Who may come in by the second listener, by PLAIN or SCRAM. */
export const USER = { username: 'alice', password: 'alice-secret' } as const

const LOGIN_MODULES = {
  plain: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
  'scram-sha-256': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'scram-sha-512': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
}

/** Credentials of SCRAM stand in the cluster's own metadata: the arguments by which formatting puts them there. */
export const scramArguments = (): string[] =>
  ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USER.username},password=${USER.password}]`,
  ])

interface Ports {
  readonly plain: number
  /** The same, with a login. */
  readonly sasl: number
  /** The same over TLS, which asks for our certificate too. */
  readonly tls: number
  readonly controller: number
}

/** Where this broker listens, and the certificate that its TLS listener has and wants. */
interface Written {
  readonly ports: Ports
  readonly certificate: Certificate | undefined
}

const tlsProperties = ({ both, cert }: Certificate): Record<string, string> => ({
  'listener.name.ssl.ssl.keystore.type': 'PEM',
  'listener.name.ssl.ssl.keystore.location': both,
  'listener.name.ssl.ssl.truststore.type': 'PEM',
  'listener.name.ssl.ssl.truststore.location': cert,
  'listener.name.ssl.ssl.client.auth': 'required',
})

const listeners = ({ plain, sasl, tls }: Ports, certificate: Certificate | undefined): string =>
  [
    `PLAINTEXT://127.0.0.1:${plain}`,
    `SASL_PLAINTEXT://127.0.0.1:${sasl}`,
    ...(certificate ? [`SSL://127.0.0.1:${tls}`] : []),
  ].join(',')

const properties = (dir: string, { ports, certificate }: Written): Record<string, string | number> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  listeners: `${listeners(ports, certificate)},CONTROLLER://127.0.0.1:${ports.controller}`,
  'advertised.listeners': listeners(ports, certificate),
  ...(certificate ? tlsProperties(certificate) : {}),
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  ...Object.fromEntries(
    Object.entries(LOGIN_MODULES).map(([name, module]) => [
      `listener.name.sasl_plaintext.${name}.sasl.jaas.config`,
      module,
    ]),
  ),
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT',
  'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
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

/** Writes server.properties and log4j2.xml into `dir`. */
export const writeConfig = async (dir: string): Promise<Written> => {
  const [plain, sasl, tls, controller] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const written = { ports: { plain, sasl, tls, controller }, certificate: makeCertificate(dir) }
  const lines = Object.entries(properties(dir, written)).map(([key, value]) => `${key}=${value}`)
  writeFileSync(join(dir, 'server.properties'), `${lines.join('\n')}\n`)
  writeFileSync(join(dir, 'log4j2.xml'), log4j)
  return written
}
