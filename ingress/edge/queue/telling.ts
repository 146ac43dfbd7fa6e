/** What becomes of kept writes, on the log: redacted, as everything there. */
import { FATE, type Told } from '../../../schemas/semantics/ghosts/accepted.ts'
import type { Redactor } from '../../../schemas/semantics/redaction.ts'
import type { Context, Service } from '../../phases/context.ts'
import { resourceOf } from '../../phases/emit.ts'
import { fieldOf } from '../../phases/fields.ts'
import type { Kept, KeptWrite } from '../../phases/kept.ts'
import type { Emitter } from '../emitter.ts'
import { uuid7 } from '../ids.ts'

/** `answer`: what the backend said to it; `now`: what it shows there since. */
export type Tell = (kept: Kept, answer?: Context, now?: Context) => void

/** Bytes of an answer that are shown. */
const SHOWN = 4096

const textOf = (context: Context | undefined, redactor: Redactor): string => {
  if (context === undefined || context.responseBody.kept === 0) return ''
  if (fieldOf(context.responseHeaders, 'content-encoding') !== undefined) return ''
  const mediaType = fieldOf(context.responseHeaders, 'content-type') ?? ''
  return Buffer.from(redactor.body(Buffer.concat(context.responseBody.chunks), mediaType)).toString('utf8', 0, SHOWN)
}

/** Under the key of its exchange, so that the two come in their order. */
const keyOf = ({ service, target }: KeptWrite, services: readonly Service[]): string => {
  const known = services.find(({ name }) => name === service)
  return known?.partitionBy === 'resource' ? `${service}/${resourceOf(target.split('?', 1)[0] ?? '')}` : service
}

export const createTell =
  (emitter: Pick<Emitter, 'emit'>, redactor: Redactor, services: readonly Service[]): Tell =>
  ({ write, fate }, answer, now) => {
    const { state, attempts, at, reason, status } = fate
    const sides = { body: textOf(answer, redactor), now: textOf(now, redactor) }
    const told: Told = { state, attempts, at, reason, status, ...sides }
    const command = { kind: FATE, subject: write.id, by: 'ingress', value: JSON.stringify(told) }
    emitter.emit({ key: keyOf(write, services), id: uuid7(at / 1000), at, service: write.service, command })
  }
