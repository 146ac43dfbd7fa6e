/**
 * One broker for a whole test run. `global-setup.ts` listens in vitest's main process; the first file that asks makes it
 * start the broker, so that a run without Kafka tests pays nothing. Without it each file starts its own.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { brokerMissing } from './jars.ts'
import { startBroker, type Secured } from './broker.ts'

export const BROKER_SOCKET = 'CHAOS_PROXY_TEST_BROKER_SOCKET'

export interface SharedBroker {
  readonly brokers: readonly string[]
  /** Undefined where the broker was given from outside. */
  readonly secured: Secured | undefined
  /** Gives it back; stops it when it was started for this file only. */
  release(): Promise<void>
}

/** Why Kafka tests must be skipped here, said aloud; under CHAOS_PROXY_NO_SKIP=1 nothing is skipped, so they fail. */
export const kafkaSkipped = (): boolean => {
  const missing = brokerMissing()
  if (missing === undefined || process.env['CHAOS_PROXY_NO_SKIP'] === '1') return false
  process.stderr.write(`\n*** SKIPPED: Kafka tests. ${missing}. CHAOS_PROXY_NO_SKIP=1 makes this a failure. ***\n`)
  return true
}

const ask = async (path: string): Promise<Pick<SharedBroker, 'brokers' | 'secured'>> => {
  const socket = connect(path)
  let answer = ''
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()))
  await once(socket, 'close')
  const reply = JSON.parse(answer) as { brokers?: string[]; secured?: Secured; error?: string }
  if (reply.brokers === undefined) throw new Error(reply.error ?? 'no broker')
  return { brokers: reply.brokers, secured: reply.secured }
}

/** A running broker: that of CHAOS_PROXY_TEST_BROKERS, the run's shared one, or one of this file's own. */
export const sharedBroker = async (): Promise<SharedBroker> => {
  const given = process.env['CHAOS_PROXY_TEST_BROKERS']
  if (given !== undefined) return { brokers: given.split(','), secured: undefined, release: async () => undefined }
  const path = process.env[BROKER_SOCKET]
  if (path !== undefined) return { ...(await ask(path)), release: async () => undefined }
  const own = await startBroker()
  return { brokers: own.brokers, secured: own.secured, release: () => own.stop() }
}
