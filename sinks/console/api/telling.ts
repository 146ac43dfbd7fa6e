/** A person's word to the learners: a command among a service's events, obeyed as it is read. */
import { createRoute, z } from '@hono/zod-openapi'
import { randomUUID } from 'node:crypto'
import type { Command } from '../../../schemas/events.ts'
import { LogError } from '../../../schemas/log.ts'
import { topicName } from '../../../schemas/topics.ts'
import { problemSchema, Refusal } from '../problem.ts'
import { json, type ApiContext } from './context.ts'

export const toldSchema = z.object({ subject: z.string(), command: z.string() }).openapi('ToldCommand')

const failure = (description: string) => ({
  content: { 'application/problem+json': { schema: problemSchema } },
  description,
})

const responses = {
  202: json(toldSchema, 'It is on the log; the processors obey as they read it'),
  400: failure('It says nothing that can be done'),
  404: failure('There is none'),
  501: failure('This log takes no commands from the console'),
}

const params = z.object({ id: z.string() })

/** A POST that tells the learners something about the thing of its id. */
export const telling = (path: string, summary: string) =>
  createRoute({ method: 'post', path, summary, request: { params }, responses })

/** The same with a body. */
export const tellingMore = <T extends z.ZodType>(path: string, summary: string, schema: T) =>
  createRoute({
    method: 'post',
    path,
    summary,
    request: { params, body: { content: { 'application/json': { schema } }, required: true } },
    responses,
  })

const append = async ({ options }: ApiContext, service: string, command: Command): Promise<void> => {
  const { log, codecs } = options
  const now = Date.now()
  const about = { at: now * 1000, service, instance: 'console', sequence: 0, kind: 'command' } as const
  const value = codecs.encode('exchanges', { ...about, id: randomUUID(), exchange: null, signal: null, command })
  const topic = topicName('exchanges')
  const ranges = await log.ranges(topic)
  await log.append(
    topic,
    ranges.map(({ partition }) => ({ key: service, value, timestamp: now, partition })),
  )
}

const refused = (error: unknown): unknown =>
  error instanceof LogError && error.code === 'locked'
    ? new Refusal(501, 'the embedded log takes events from the ingress only; on Kafka (--bus kafka://…) this works')
    : error

export interface Word {
  readonly service: string
  readonly kind: string
  readonly subject: string
  readonly value?: object
}

/** Puts the command on every partition: a service may be spread over them. */
export const tell = async (
  context: ApiContext,
  { service, kind, subject, value }: Word,
): Promise<z.infer<typeof toldSchema>> => {
  const { handOver, logger } = context.options
  const command: Command = { kind, subject, by: 'console', value: value === undefined ? '' : JSON.stringify(value) }
  logger.info({ kind, subject }, 'telling the processors')
  try {
    await (handOver === undefined ? append(context, service, command) : handOver(service, command))
  } catch (error) {
    throw refused(error)
  }
  return { subject, command: kind }
}
