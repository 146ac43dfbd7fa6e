import { describe, expect, it } from 'vitest'
import { forbidden, isHealthCheck, missOf, type Consent } from '../../../ingress/phases/consent.ts'
import { problem } from '../../../ingress/phases/problem.ts'
import type { GhostAnswer } from '../../../schemas/semantics/ghost-port.ts'
import { contextOf } from '../kit/context.ts'

const consent: Consent = { methods: ['GET', 'HEAD'], writes: 'reject', minConfidence: 0.6, maxAge: 1000 }
const answer: GhostAnswer = {
  kind: 'answer',
  ghost: 'exact',
  endpoint: 'shop GET /books',
  status: 200,
  headers: [],
  body: new Uint8Array(0),
  confidence: 0.9,
  learnedAt: 5_000_000,
}

describe('consent', () => {
  it('names the reason of each refusal', () => {
    const refusal = { kind: 'refuse', endpoint: '', reason: 'unknown-endpoint', detail: 'no' } as const
    expect(missOf(consent, answer, 5_500_000)).toBeUndefined()
    expect(missOf(consent, { ...answer, confidence: 0.59 }, 5_500_000)?.reason).toBe('low-confidence')
    expect(missOf(consent, answer, 6_000_001)?.reason).toBe('nothing-learned')
    expect(missOf(consent, refusal, 0)).toBe(refusal)
  })

  it('lets ghosts say that a write was done only where that is wanted', () => {
    expect(forbidden(consent, 'POST')?.reason).toBe('write')
    expect(forbidden({ ...consent, writes: 'simulate' }, 'POST')).toBeUndefined()
    expect(forbidden({ ...consent, writes: 'simulate' }, 'OPTIONS')?.reason).toBe('write')
  })

  it.each([
    ['/healthz', '', '', true],
    ['/api/v1/health/', '', '', true],
    ['/actuator/health', '', '', true],
    ['/up', '', '/up', true],
    ['/books', 'kube-probe/1.31', '', true],
    ['/books', 'Mozilla/5.0', '', false],
    ['/health/articles', '', '', false],
    ['/mental-health', '', '', false],
    ['/', '', '', false],
  ])('knows who asks how the backend is: %s by "%s"', (path, agent, configured, expected) => {
    expect(isHealthCheck(path, ['User-Agent', agent], configured)).toBe(expected)
  })

  it('says in Proxy-Status why there is no ghost, as one quoted string', () => {
    const miss = { reason: 'low-confidence', detail: 'The ghost of "é" is \\ right' } as const
    const { headers } = problem(contextOf(), { why: 'connect-failed', detail: '', miss })
    const at = headers.indexOf('proxy-status')
    expect(headers[at + 1]).toBe(
      'chaos-proxy; error=connection_refused; details="no ghost: low-confidence: The ghost of \\"?\\" is \\\\ right"',
    )
  })
})
