import { expect, it } from 'vitest'
import { capture, type CaptureSettings } from '../../../ingress/phases/capture.ts'
import { tee } from '../../../ingress/phases/tee.ts'
import type { AnsweredBy } from '../../../schemas/events.ts'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { testKeyed } from '../../kit/keyed.ts'
import { contextOf } from '../kit/context.ts'

const redactor = createRedactor(testKeyed, { headers: [], fields: [], pii: 'pseudonymise' })
const settings: CaptureSettings = {
  redactor,
  bodies: 'all',
  pseudonym: (text) => text,
  concat: (chunks) => Buffer.concat(chunks),
  clock: () => 0,
}

const captured = (cacheControl: string, noStore: 'own' | 'drop', answeredBy: AnsweredBy) => {
  const context = contextOf()
  context.answeredBy = answeredBy
  context.responseHeaders = ['Content-Type', 'application/json', 'Cache-Control', cacheControl]
  tee(context.responseBody, Buffer.from('{"id":7}'))
  return capture(context, { ...settings, noStore }).responseBody
}

it.each([
  ['no-store', 'own', 'upstream', '{"id":7}'],
  ['max-age=0, No-Store', 'drop', 'upstream', ''],
  ['no-cache', 'drop', 'upstream', '{"id":7}'],
  ['no-store', 'drop', 'ghost', '{"id":7}'],
] as const)('records a body marked "%s" where noStore is %s, by %s: %s', (marked, noStore, answeredBy, bytes) => {
  const body = captured(marked, noStore, answeredBy)
  expect([Buffer.from(body.bytes).toString(), body.cut, body.length]).toEqual([bytes, bytes === '', 8])
})
