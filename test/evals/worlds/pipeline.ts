/** The real pipeline between a world and its ghosts: what is learned, and what the book then answers. */
import { createTask } from '../../../processors/runtime/task.ts'
import { ghosts } from '../../../processors/ghosts/ghosts.ts'
import { templates } from '../../../processors/templates/templates.ts'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Event, Sample } from '../../../schemas/events.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { openGhostBook } from '../../../schemas/semantics/ghosts/book.ts'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { topicName } from '../../../schemas/topics.ts'
import { testKeyed } from '../../kit/keyed.ts'
import { exchangeOf } from '../../processors/ghosts/offline.ts'

export interface Ask {
  readonly method: string
  readonly path: string
  /** Authorization, or another credential header. */
  readonly headers: Readonly<Record<string, string>>
  readonly json: unknown
  /** Milliseconds. */
  readonly now: number
}
export interface Answer {
  readonly status: number
  readonly json?: unknown
}
interface Given extends Answer {
  readonly confidence: number
  readonly evidence: Uint8Array | undefined
  readonly text: string
  readonly why: string
}

const redactor = createRedactor(testKeyed, { headers: [], fields: [], pii: 'pseudonymise' })
const unsealed = (text: string): string =>
  text.replace(/([\w-]+)@sealed\.invalid/g, (_, token: string) => Buffer.from(token, 'base64url').toString())

/** As the log has it. */
const wireOf = (ask: Ask) => {
  const body = ask.json === undefined ? '' : JSON.stringify(ask.json)
  const plain = Object.entries({ Host: 'api.test', Accept: 'application/json', ...ask.headers }).map(
    ([name, value]) => ({
      name,
      value,
    }),
  )
  if (body !== '') plain.push({ name: 'Content-Type', value: 'application/json' })
  return {
    plain,
    method: ask.method,
    target: redactor.target(ask.path),
    principal: redactor.principal(plain),
    requestHeaders: redactor.headers(plain),
    requestBody: redactor.body(Buffer.from(body), 'application/json'),
    requestType: body === '' ? '' : 'application/json',
  }
}

/** What is put on `samples` while a world is learned. */
export type OnSample = (sample: Sample) => void

/** Templates and ghosts over the log's own encoding, and a book that follows them. */
export const openGhosts = async (service: string, onSample: OnSample) => {
  const codecs = await openCodecs(memorySchemaStore())
  let evidence: Uint8Array | undefined
  const book = openGhostBook((_, seen) => {
    evidence = seen()
    return undefined
  })
  const deadLetters: string[] = []
  const task = createTask({
    topology: { locator: templates, processors: [ghosts] },
    codecs,
    onDeadLetter: ({ reason }) => void deadLetters.push(reason),
  })
  let offset = 0
  const learn = (ask: Ask, answer: Answer): void => {
    const { plain: _, ...wire } = wireOf(ask)
    const text = answer.json === undefined ? '' : JSON.stringify(answer.json)
    const at = ask.now * 1000
    const exchange = exchangeOf({
      at,
      service,
      ...wire,
      status: answer.status,
      responseBody: redactor.body(Buffer.from(text), 'application/json'),
      responseType: text === '' ? '' : 'application/json',
    })
    const envelope = { id: `e${offset}`, at, service, instance: 'i', sequence: offset, kind: 'exchange' } as const
    const event: Event = { ...envelope, exchange, signal: null, command: null }
    const value = codecs.encode('exchanges', event)
    const record = {
      topic: topicName('exchanges'),
      partition: 0,
      offset: offset++,
      timestamp: ask.now,
      key: service,
      value,
    }
    for (const output of task.step([record]).outputs) {
      if (output.topic === topicName('ghosts'))
        book.apply(output.key, output.value === null ? undefined : codecs.decode('ghosts', output.value))
      if (output.topic === topicName('samples') && output.value !== null)
        onSample(codecs.decode('samples', output.value))
    }
  }
  const answer = (ask: Ask): Given => {
    evidence = undefined
    const { plain, ...wire } = wireOf(ask)
    const request = {
      service,
      method: wire.method,
      target: wire.target,
      headers: wire.requestHeaders,
      body: ask.json === undefined ? undefined : wire.requestBody,
      principal: wire.principal,
      at: ask.now * 1000,
      writes: true,
    }
    const verdict = book.answer(request)
    if (verdict.kind === 'refuse') return { status: 503, confidence: 0, evidence, text: '', why: verdict.detail }
    if (verdict.ghost === 'mock' && verdict.status < 300)
      book.accept(request, {
        id: `w${ask.now}`,
        status: verdict.status,
        body: redactor.body(verdict.body, 'application/json'),
      })
    const text = unsealed(Buffer.from(redactor.restoreOwn(verdict.body, plain)).toString())
    const json: unknown = text === '' ? undefined : JSON.parse(text)
    return { status: verdict.status, json, confidence: verdict.confidence, evidence, text, why: verdict.rule ?? '' }
  }
  return { learn, answer, deadLetters }
}
