/** A real Apache Kafka broker (KRaft, one node) for tests: started, paused, restarted and killed as a process of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Certificate } from './certificate.ts'
import { scramArguments, writeConfig } from './config.ts'
import { brokerJars } from './jars.ts'

/** The same broker's other listeners. */
export interface Secured {
  /** Wants a login: config.ts's USER. */
  readonly sasl: readonly string[]
  /** Wants a certificate; undefined where openssl could not make one. */
  readonly tls: (Certificate & { readonly brokers: readonly string[] }) | undefined
}

export interface Broker {
  readonly brokers: readonly string[]
  readonly secured: Secured
  readonly pid: number
  /** SIGTERM, and removes its data. */
  stop(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** SIGTERM, then the same node again on the same port and data. */
  restart(): Promise<void>
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>
}

const STARTED_WITHIN = 60_000

const java = (jars: string, dir: string): string[] => [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:MaxMetaspaceSize=128m',
  '-XX:TieredStopAtLevel=1',
  `-Dlog4j2.configurationFile=${join(dir, 'log4j2.xml')}`,
  '-cp',
  jars,
]

/** Resolves at the line by which the broker says that it serves; keeps the last lines for the error. */
const untilStarted = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = ''
    const late = setTimeout(() => reject(new Error(`the broker did not start:\n${seen}`)), STARTED_WITHIN)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`the broker ended with ${code}:\n${seen}`))
    })
    child.stdout?.on('data', (bytes: Buffer) => {
      seen = (seen + bytes.toString()).slice(-8000)
      if (!seen.includes('Kafka Server started')) return
      clearTimeout(late)
      resolve()
    })
  })

const launch = async (jars: string, dir: string): Promise<ChildProcess> => {
  const args = [...java(jars, dir), 'kafka.Kafka', join(dir, 'server.properties')]
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await untilStarted(child)
  return child
}

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const slow = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(slow)
}

const format = async (jars: string, dir: string): Promise<void> => {
  const id = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const args = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    id,
    '-c',
    join(dir, 'server.properties'),
    ...scramArguments(),
  ]
  await promisify(execFile)('java', [...java(jars, dir), ...args])
}

/** Formats a fresh node in a temporary folder and starts it on a free port. */
export const startBroker = async (): Promise<Broker> => {
  const jars = await brokerJars()
  const dir = mkdtempSync(join(tmpdir(), 'chaos-proxy-kafka-'))
  const { ports, certificate } = await writeConfig(dir)
  await format(jars, dir)
  let child = await launch(jars, dir)
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  return {
    brokers: [`127.0.0.1:${ports.plain}`],
    secured: {
      sasl: [`127.0.0.1:${ports.sasl}`],
      tls: certificate && { ...certificate, brokers: [`127.0.0.1:${ports.tls}`] },
    },
    get pid() {
      return child.pid as number
    },
    stop: async () => {
      child.kill('SIGCONT')
      await end(child, 'SIGTERM')
      process.off('exit', killWithUs)
      rmSync(dir, { recursive: true, force: true })
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      await end(child, 'SIGTERM')
      child = await launch(jars, dir)
    },
    kill: () => end(child, 'SIGKILL'),
  }
}
