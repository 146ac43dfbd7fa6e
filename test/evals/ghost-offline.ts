/**
 * The ghost recordings without servers: the train part straight through the real task with templates and ghosts, the test part asked of a book
 * that was fed the emitted parts. `node --import tsx test/evals/ghost-offline.ts RECORDINGS answers.jsonl`, then the
 * evaluation's own `run.py --score answers.jsonl`. With `1 1 model` at the end a response model is tried as the trainer
 * would, and says how sure answers are. Redaction is the real one; what the ingress would turn back (the asker's own
 * credential, sealed e-mails) is turned back here too.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { createRedactor } from '../../schemas/semantics/redaction.ts'
import { testKeyed } from '../kit/keyed.ts'
import { ghosts } from '../../processors/ghosts/ghosts.ts'
import { createTask } from '../../processors/runtime/task.ts'
import { templates } from '../../processors/templates/templates.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Event } from '../../schemas/events.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { chanceOf } from './worlds/world.ts'
import { rowOf } from '../../processors/model/rows.ts'
import type { Row as Scored } from '../../processors/model/rows.ts'
import { shippedPrior } from '../../processors/model/shipped.ts'
import { openTraining } from '../../processors/model/tfjs/spawn.ts'
import { tryModel } from '../../processors/model/trial.ts'
import { judgeBy } from '../../schemas/semantics/model/network.ts'
import type { Network } from '../../schemas/semantics/model/network.ts'
import { readModel } from '../../schemas/semantics/model/published.ts'
import { exchangeOf } from '../processors/ghosts/offline.ts'
import type { Told } from '../processors/ghosts/offline.ts'

interface Row {
  readonly n: number
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | null
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body: string | null
    readonly b64?: string
  }
  readonly cls?: string
  readonly vals?: Record<string, unknown>
  readonly cap?: Record<string, string>
  readonly capv?: Record<string, unknown>
}

const [folder = '', out = '', share = '1', seed = '1', judge = 'tables', servers = 'jsonserver,httpbin'] =
  process.argv.slice(2)
if (folder === '' || out === '') {
  console.error('usage: ghost-offline.ts RECORDINGS_FOLDER ANSWERS_FILE [SHARE [SEED [tables|model [SERVER,SERVER]]]]')
  process.exit(2)
}
const rows = (name: string): Row[] =>
  gunzipSync(readFileSync(`${folder}/${name}.jsonl.gz`))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

const redactor = createRedactor(testKeyed, { headers: [], fields: [], pii: 'pseudonymise' })
const unsealed = (text: string): string =>
  text.replace(/([\w-]+)@sealed\.invalid/g, (_, token: string) => Buffer.from(token, 'base64url').toString())

const captured = new Map<string, unknown>()
const filled = (text: string, row: Row): string =>
  text.replace(/\{\{(\w+)\}\}/g, (all, k: string) => String(captured.get(k) ?? row.vals?.[k] ?? all))
const pointed = (json: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .filter((name) => name !== '')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], json)

const keep = (isWritten: boolean, accept: () => void): void => {
  if (isWritten) accept()
}

const capture = (row: Row, body: string): void => {
  for (const [key, pointer] of Object.entries(row.cap ?? {}))
    captured.set(key, pointed(JSON.parse(body || 'null'), pointer) ?? row.capv?.[key])
}

const requestOf = (row: Row) => {
  const headers = Object.entries({ 'Accept-Encoding': 'identity', Host: '127.0.0.1', ...row.headers }).map(
    ([name, value]) => ({ name, value: filled(value, row) }),
  )
  const body = row.body === null ? null : filled(row.body, row)
  if (body !== null) headers.push({ name: 'Content-Length', value: String(Buffer.byteLength(body)) })
  const path = filled(row.path, row)
  const type = Object.entries(row.headers).find(([k]) => k.toLowerCase() === 'content-type')?.[1] ?? ''
  return {
    method: row.method,
    target: redactor.target(path),
    principal: redactor.principal(headers),
    plainHeaders: headers,
    requestHeaders: redactor.headers(headers),
    requestBody: redactor.body(Buffer.from(body ?? ''), type),
    requestType: type,
  }
}

const codecs = await openCodecs(memorySchemaStore())

/** The real task over one partition, whose outputs on `ghosts` go to a book. */
const openLearning = () => {
  const samples: Scored[] = []
  let network: Network | undefined
  const book = openGhostBook((_, evidence) => network && judgeBy(network, evidence()).right)
  let offset = 0
  let deadLetters = 0
  const task = createTask({
    topology: { locator: templates, processors: [ghosts] },
    codecs,
    onDeadLetter: ({ reason }) => {
      if (deadLetters++ === 0) console.error(`dead letter: ${reason}`)
    },
  })
  const feed = (told: Told): void => {
    const service = told.service ?? 'shop'
    const event: Event = {
      id: `e${offset}`,
      at: told.at,
      service,
      instance: 'i',
      sequence: offset,
      kind: 'exchange',
      exchange: exchangeOf(told),
      signal: null,
      command: null,
    }
    const value = codecs.encode('exchanges', event)
    const record = {
      topic: topicName('exchanges'),
      partition: 0,
      offset: offset++,
      timestamp: told.at / 1000,
      key: service,
      value,
    }
    for (const output of task.step([record]).outputs) {
      if (output.topic === topicName('ghosts'))
        book.apply(output.key, output.value === null ? undefined : codecs.decode('ghosts', output.value))
      const row =
        output.topic === topicName('samples') && output.value !== null
          ? rowOf(codecs.decode('samples', output.value))
          : undefined
      if (row !== undefined) samples.push(row)
    }
  }
  /** What the product would do with the samples so far. */
  const tryTheModel = async (service: string): Promise<string> => {
    const digest = (text: string, bytes: Uint8Array) => createHash('sha256').update(text).update(bytes).digest('hex')
    const { fit, close } = openTraining()
    const model = await tryModel({ service, at: 0, rows: samples, prior: shippedPrior(), fit, digest })
    close()
    const read = readModel(model, digest)
    network = read.kind === 'network' ? read.network : undefined
    return `${model.state} ${model.origin} ${model.reason} ${JSON.stringify(model.evaluation)}`
  }
  return { book, feed, tryTheModel, deadLetters: () => deadLetters }
}

const answers: string[] = []
for (const server of servers.split(',')) {
  const { book, feed, tryTheModel, deadLetters } = openLearning()
  let at = 1_800_000_000_000_000
  const began = process.hrtime.bigint()
  const chance = chanceOf(Number(seed))
  const train = rows(`${server}.train`).filter(() => chance() < Number(share))
  for (const row of train) {
    at += 10_000
    const responseHeaders = Object.entries(row.response.headers).map(([name, value]) => ({ name, value }))
    const type = row.response.headers['content-type'] ?? ''
    const bytes =
      row.response.b64 === undefined ? Buffer.from(row.response.body ?? '') : Buffer.from(row.response.b64, 'base64')
    feed({
      at,
      service: server,
      ...requestOf(row),
      status: row.response.status,
      responseHeaders: redactor.headers(responseHeaders),
      responseBody: redactor.body(bytes, type),
      responseType: type,
    })
  }
  const us = Number(process.hrtime.bigint() - began) / 1000 / train.length
  console.log(`${server}: ${train.length} exchanges, ${us.toFixed(0)} us each cold, ${deadLetters()} dead letters`)
  if (judge === 'model') console.log(await tryTheModel(server))
  const verdicts = new Map<string, number>()
  for (const row of rows(`${server}.test`)) {
    const r = requestOf(row)
    at += 10_000
    const request = {
      service: server,
      method: r.method,
      target: r.target,
      headers: r.requestHeaders,
      body: row.body === null ? undefined : r.requestBody,
      principal: r.principal,
      at,
      writes: true,
    }
    const verdict = book.answer(request)
    const what = `${row.cls}: ${verdict.kind === 'answer' ? `${verdict.ghost} ${verdict.status === row.response.status ? 'ok' : `${verdict.status} for ${row.response.status}`}` : `refuse ${verdict.reason}`}`
    verdicts.set(what, (verdicts.get(what) ?? 0) + 1)
    const bytes = verdict.kind === 'answer' ? redactor.restoreOwn(verdict.body, r.plainHeaders) : Buffer.alloc(0)
    const body = unsealed(Buffer.from(bytes).toString())
    if (verdict.kind === 'answer') {
      const isWritten = verdict.ghost === 'mock' && verdict.status < 300
      const type = 'application/json'
      const told = { id: `w${row.n}`, status: verdict.status, body: redactor.body(verdict.body, type) }
      keep(isWritten, () => book.accept(request, told))
      capture(row, verdict.status < 300 ? body : '')
    }
    answers.push(
      JSON.stringify(
        verdict.kind === 'answer'
          ? {
              server,
              n: row.n,
              status: verdict.status,
              headers: {},
              body,
              confidence: verdict.confidence,
              rule: verdict.rule,
            }
          : { server, n: row.n, status: 503, headers: {}, body: '', reason: verdict.reason },
      ),
    )
  }
  for (const [what, count] of [...verdicts].sort()) console.log(`  ${count} ${what}`)
}
writeFileSync(out, answers.join('\n') + '\n')
console.log(createHash('sha256').update(answers.join('\n')).digest('hex').slice(0, 12))
