import { describe, expect, it } from 'vitest'
import { trailing } from '../../../ingress/phases/trailers.ts'

describe('trailers', () => {
  it('go on as they came, in order and with repeats', () => {
    const lines = ['Grpc-Status', '0', 'x-sum', '1', 'X-Sum', '2', 'ETag', '"x"', 'Server-Timing', 'a']
    expect(trailing(lines, ['Content-Type', 'application/grpc'])).toEqual(lines)
  })

  it.each([
    'Transfer-Encoding',
    'Host',
    'Authorization',
    'Set-Cookie',
    'If-Match',
    'X-Forwarded-For',
    'Forwarded',
    'Via',
    'Proxy-Authenticate',
    'X-Ghost',
  ])('never say %s', (name) => expect(trailing([name, 'x', 'a', 'b'], [])).toEqual(['a', 'b']))

  it('lose what Connection names in the head, in any of its lines', () => {
    const head = ['connection', 'close, X-Hop', 'X', 'y', 'Connection', 'x-other']
    expect(trailing(['x-hop', '1', 'X-Other', '2', 'X', '3'], head)).toEqual(['X', '3'])
  })
})
