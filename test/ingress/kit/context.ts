/** Contexts for tests of pure phases. */
import { openContext, type Context, type Reply } from '../../../ingress/phases/context.ts'
import type { Phase } from '../../../ingress/phases/compose.ts'

export interface Asked {
  readonly method?: string
  readonly target?: string
  readonly protocol?: string
  readonly headers?: readonly string[]
}

export const contextOf = (asked: Asked = {}): Context =>
  openContext(
    {
      id: '01900000-0000-7000-8000-000000000000',
      at: 1_700_000_000_000_000,
      started: 0,
      method: asked.method ?? 'GET',
      target: asked.target ?? '/books/7?x=1',
      protocol: asked.protocol ?? 'HTTP/1.1',
      rawHeaders: asked.headers ?? ['Host', 'shop.test'],
      chunked: false,
      peer: '192.0.2.1',
      secure: false,
      upgrade: '',
      carrier: undefined,
    },
    1024,
  )

/** Runs one phase; what it replied, or 'next'. */
export const through = (phase: Phase, context: Context): Reply | 'next' => {
  let outcome: Reply | 'next' | undefined
  phase(context, (reply) => (outcome = reply ?? 'next'))
  if (outcome === undefined) throw new Error('the phase did not go on')
  return outcome
}
