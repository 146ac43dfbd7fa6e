/**
 * How an instance takes a partition over. The order matters:
 * 1. Opening a transaction under the partition's transactional id fences the old owner: what it has not committed by now it
 *    never will, and what it left open is completed by the broker.
 * 2. A marker with a fresh id is committed to the changelog. It stands behind everything that the old owner committed.
 *    (Without a record in it a transaction sends nothing to the broker.)
 * 3. The changelog is read from its start to that marker: state and position, exactly as of the last commit.
 * Group offsets play no part: kafkajs may read them as they were before the last commit.
 */
import { randomUUID } from 'node:crypto'
import type { Producer } from 'kafkajs'
import { LogError, type LogRecord, type Task } from '../../../../../schemas/log.ts'
import { positionIn, POSITION_KEY } from '../../kit/changelog.ts'
import { EARLIEST, LATEST, offsetAt } from '../cluster.ts'
import { patiently } from '../read.ts'
import { type Context, own } from './context.ts'
import type { Lane } from './lanes.ts'

export const OWNER_KEY = '__owner'

/** Above this a transaction that nobody ends is aborted by the broker; below the default maximum of 15 minutes. */
const TRANSACTION_TIMEOUT_MS = 20_000

/** A restore that has received nothing for this long starts anew. */
const STALLED_MS = 60_000

export interface Ownership {
  readonly producer: Producer
  readonly marker: string
}

/** The producer of a partition, not connected. Its transactional id follows from app and partition: that is what fences. */
export const producerOf = ({ kafka, options }: Pick<Context, 'kafka' | 'options'>, partition: number): Producer =>
  kafka.producer({
    transactionalId: `${options.app}-${partition}`,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 50, maxRetryTime: 2000, retries: 12 },
  })

/** Steps 1 and 2. */
export const fence = async (context: Context, partition: number, producer: Producer): Promise<Ownership> => {
  const marker = randomUUID()
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic: context.changelog, messages: [{ key: OWNER_KEY, value: marker, partition }] })
  await transaction.commit()
  return { producer, marker }
}

export interface Restored {
  /** Undefined when nothing was ever committed. */
  position: number | undefined
  restored: number
}

const isState = ({ key }: LogRecord): boolean => key !== POSITION_KEY && key !== OWNER_KEY

const isMarker = ({ key, value }: LogRecord, marker: string): boolean =>
  key === OWNER_KEY && value !== null && new TextDecoder().decode(value) === marker

/** Applies what stands before the marker; true when the marker was among it. */
const apply = (restored: Restored, records: readonly LogRecord[], { task, marker }: Restore): boolean => {
  const end = records.findIndex((record) => isMarker(record, marker))
  const valid = end === -1 ? records : records.slice(0, end)
  for (const record of valid) restored.position = positionIn(record) ?? restored.position
  const changes = valid.filter(isState)
  restored.restored += changes.length
  if (changes.length > 0) task.restore(changes)
  return end !== -1
}

interface Restore {
  readonly task: Task
  readonly marker: string
  readonly signal: AbortSignal
}

/** Step 3. */
export const restore = async (context: Context, partition: number, work: Restore): Promise<Restored> => {
  const { cluster, changelog, lanes } = context
  const tries = { what: `restoring ${changelog}/${partition}`, signal: work.signal }
  const start = await patiently(cluster, tries, () => offsetAt(cluster, changelog, { partition, timestamp: EARLIEST }))
  const restored: Restored = { position: undefined, restored: 0 }
  let lane: Lane | undefined
  let stalled: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const stall = (): void =>
        reject(new LogError('unavailable', `${tries.what}: nothing received for ${STALLED_MS} ms`))
      const receive = (records: readonly LogRecord[]): void => {
        clearTimeout(stalled)
        stalled = setTimeout(stall, STALLED_MS)
        try {
          if (own(partition, () => apply(restored, records, work))) resolve()
        } catch (error) {
          reject(error as Error)
        }
      }
      work.signal.addEventListener('abort', () => reject(new LogError('closed', `${tries.what} was given up`)))
      if (work.signal.aborted) return reject(new LogError('closed', `${tries.what} was given up`))
      stalled = setTimeout(stall, STALLED_MS)
      lane = { topic: changelog, partition, next: start, flowing: true, strays: 0, receive, astray: stall }
      lanes.open(lane)
    })
  } finally {
    clearTimeout(stalled)
    if (lane !== undefined) lanes.close(lane)
  }
  return restored
}

/** Where to go on reading: the committed position, unless retention has been faster or the topic is another one. */
export const startOf = async (
  context: Context,
  partition: number,
  { position, signal }: Committed,
): Promise<number> => {
  const { cluster, options, logger } = context
  const { input, app } = options
  const tries = { what: `asking for the range of ${input}/${partition}`, signal }
  const ask = (timestamp: number) => () => offsetAt(cluster, input, { partition, timestamp })
  const start = await patiently(cluster, tries, ask(EARLIEST))
  if (position === undefined) return start
  if (position < start)
    logger.warn({ app, input, partition, position, start }, 'retention has removed records that were not processed')
  const end = await patiently(cluster, tries, ask(LATEST))
  if (position > end)
    throw new LogError(
      'corrupt',
      `${app} has processed ${input}/${partition} up to ${position}, but it ends at ${end}: was it deleted and made anew? ` +
        `Delete ${context.changelog} to start over`,
    )
  return Math.max(position, start)
}

interface Committed {
  readonly position: number | undefined
  readonly signal: AbortSignal
}
