/** Traces arrive at a collector that speaks OTLP/HTTP, continue their callers', and cost nothing where nobody samples. */
import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { tracesUrl } from '../../ingress/edge/traces.ts'
import { eventually, listen, openStand, type Stand } from './kit/stand.ts'

interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
}
interface Sent {
  readonly resourceSpans: { scopeSpans: { spans: Span[] }[] }[]
}

let stand: Stand | undefined
let collector: Server | undefined
afterEach(async () => {
  await stand?.close()
  stand = undefined
  collector?.close()
})

const open = async (share: number): Promise<{ spans: Span[]; asked: string[] }> => {
  const spans: Span[] = []
  const asked: string[] = []
  collector = createServer((req, res) => {
    let text = ''
    req.on('data', (bytes: Buffer) => (text += bytes.toString()))
    req.on('end', () => {
      asked.push(req.url ?? '')
      const { resourceSpans } = JSON.parse(text) as Sent
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      res.setHeader('content-type', 'application/json').end('{}')
    })
  })
  const url = `http://127.0.0.1:${await listen(collector)}`
  stand = await openStand({
    backend: (req, res) => res.setHeader('x-seen', String(req.headers['traceparent'])).end('{}'),
    options: { traces: { url, share } },
  })
  return { spans, asked }
}

it('sends a server span and one for each phase, as the parent of what the upstream does', async () => {
  const { spans, asked } = await open(1)
  const caller = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const answer = await fetch(`${stand?.url}/books/7?token=s3cr3t`, { headers: { traceparent: caller } })
  const seen = answer.headers.get('x-seen') as string
  await stand?.close()
  stand = undefined
  await eventually('the spans', () => spans.length >= 5)
  const server = spans.find(({ kind }) => kind === 2) as Span
  expect(asked[0]).toBe('/v1/traces')
  expect([server.traceId, server.parentSpanId, server.spanId]).toEqual([
    'a'.repeat(32),
    'b'.repeat(16),
    seen.split('-')[2],
  ])
  expect(server.name).toBe('GET /*')
  expect(JSON.stringify(server.attributes)).not.toContain('s3cr3t')
  const phases = spans.filter(({ kind }) => kind === 1)
  expect(phases.map(({ name }) => name)).toEqual(['decide', 'connect', 'wait', 'answer'])
  for (const { parentSpanId, startTimeUnixNano, endTimeUnixNano } of phases) {
    expect(parentSpanId).toBe(server.spanId)
    expect(BigInt(startTimeUnixNano)).toBeLessThanOrEqual(BigInt(endTimeUnixNano))
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(server.startTimeUnixNano) - 1000n)
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(server.endTimeUnixNano) + 1000n)
  }
})

it('leaves alone what its caller does not sample, and begins a share of the others', async () => {
  const { spans } = await open(0)
  const callers = ['00', '01'].map((flags, n) => `00-${String(n + 1).repeat(32)}-${'b'.repeat(16)}-${flags}`)
  for (const traceparent of callers) await fetch(`${stand?.url}/`, { headers: { traceparent } })
  const own = await fetch(`${stand?.url}/`)
  expect(own.headers.get('x-seen')).toMatch(/-00$/)
  await stand?.close()
  stand = undefined
  await eventually('the spans', () => spans.length > 0)
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(['2'.repeat(32)]))
})

it.each([
  ['http://collector:4318', 'http://collector:4318/v1/traces'],
  ['http://collector:4318/', 'http://collector:4318/v1/traces'],
  ['https://collector/otlp/v1/traces', 'https://collector/otlp/v1/traces'],
])('takes %s as %s', (given, meant) => expect(tracesUrl(given)).toBe(meant))
