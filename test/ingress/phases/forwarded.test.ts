import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAccept } from '../../../ingress/phases/accept.ts'
import type { Context, Reply, Service, Upstream } from '../../../ingress/phases/context.ts'
import { addressOf, NEIGHBOURS, readHops, viaNames, type Neighbours } from '../../../ingress/phases/forwarded.ts'
import { upstreamFields } from '../../../ingress/phases/forward.ts'
import { addressSet } from '../../../schemas/semantics/addresses.ts'
import { contextOf, through } from '../kit/context.ts'

const ids = { newSpan: () => 'b'.repeat(16), newTrace: () => 'a'.repeat(32) }

interface Asked {
  readonly trusted?: readonly string[]
  readonly neighbours?: Partial<Neighbours>
  readonly headers: readonly string[]
}

/** What accept makes of a request, and what the upstream is told; the peer is 192.0.2.1. */
const asked = ({ trusted = [], neighbours = {}, headers }: Asked) => {
  const context: Context = contextOf({ headers: ['Host', 'shop.test', ...headers] })
  const accept = createAccept({
    ...ids,
    trusted: addressSet(trusted),
    neighbours: { ...NEIGHBOURS, name: 'chaos-proxy-1', ...neighbours },
  })
  const outcome = through(accept, context)
  context.service = { host: 'keep' } as Service
  context.upstream = { authority: 'up:1' } as Upstream
  const lines = upstreamFields(context)
  const told = (name: string): string[] => lines.filter((_, i) => i % 2 === 1 && lines[i - 1]?.toLowerCase() === name)
  return { context, outcome, told, client: context.head.client }
}

const PROXIES = ['192.0.2.0/24', '10.0.0.0/8', '2001:db8::/32']

describe("the client's address", () => {
  it('is the peer, whatever a peer that is not trusted says', () => {
    const { client, told } = asked({ headers: ['X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Proto', 'https'] })
    expect([client, told('x-forwarded-for'), told('x-forwarded-proto')]).toEqual(['192.0.2.1', ['192.0.2.1'], ['http']])
  })

  it.each([
    ['one proxy', ['X-Forwarded-For', '203.0.113.9'], '203.0.113.9'],
    ['two of ours', ['X-Forwarded-For', '203.0.113.9, 10.1.2.3'], '203.0.113.9'],
    ['what the client made up before us', ['X-Forwarded-For', '6.6.6.6, 203.0.113.9'], '203.0.113.9'],
    ['two lines', ['X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '203.0.113.9'], '203.0.113.9'],
    ['a port', ['X-Forwarded-For', '203.0.113.9:4711'], '203.0.113.9'],
    ['IPv6 with a port', ['X-Forwarded-For', '[2001:DB9::1]:443'], '2001:db9::1'],
    ['an address that is none', ['X-Forwarded-For', '203.0.113.9, <script>'], '192.0.2.1'],
    ['only proxies', ['X-Forwarded-For', '10.0.0.1, 10.0.0.2'], '10.0.0.1'],
    ['nothing', [], '192.0.2.1'],
  ])('is found through trusted proxies: %s', (_name, headers, client) =>
    expect(asked({ trusted: PROXIES, headers }).client).toBe(client),
  )

  it('is read from Forwarded when that is what the proxies write, and only from it', () => {
    const headers = [
      'Forwarded',
      'for=6.6.6.6, for="[2001:db9::7]:80";proto=https;host="shop.example:443", For=10.0.0.9;by=_x',
      'X-Forwarded-For',
      '7.7.7.7',
    ]
    const { client, context, told } = asked({ trusted: PROXIES, neighbours: { from: 'forwarded' }, headers })
    expect([client, context.head.scheme, context.head.publicHost]).toEqual(['2001:db9::7', 'https', 'shop.example:443'])
    expect(told('x-forwarded-for')).toEqual(['6.6.6.6, 2001:db9::7, 10.0.0.9, 192.0.2.1'])
    expect([told('x-forwarded-proto'), told('x-forwarded-host')]).toEqual([['https'], ['shop.example:443']])
  })

  it('never lies left of the last hop that is not ours', () => {
    const address = fc.ipV4()
    const ours = addressSet(PROXIES)
    fc.assert(
      fc.property(fc.array(address, { maxLength: 6 }), (chain) => {
        const { client } = asked({ trusted: PROXIES, headers: ['X-Forwarded-For', chain.join(', ')] })
        const foreign = chain.findLast((hop) => !ours(hop))
        expect(client).toBe(foreign ?? chain[0] ?? '192.0.2.1')
      }),
    )
  })
})

describe('what upstreams are told', () => {
  const headers = ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Proto', 'HTTPS', 'X-Forwarded-Host', 'shop.example']

  it('goes on where trusted proxies began', () => {
    const { told } = asked({ trusted: PROXIES, headers })
    expect(told('x-forwarded-for')).toEqual(['203.0.113.9, 192.0.2.1'])
    expect([told('x-forwarded-proto'), told('x-forwarded-host')]).toEqual([['https'], ['shop.example']])
    expect(told('forwarded')).toEqual([])
  })

  it('can be Forwarded, or both', () => {
    const { told } = asked({ trusted: PROXIES, headers, neighbours: { as: 'both' } })
    const forwarded = 'for=203.0.113.9, for=192.0.2.1;host=shop.example;proto=https'
    expect([told('forwarded'), told('x-forwarded-for')]).toEqual([[forwarded], ['203.0.113.9, 192.0.2.1']])
    const only = asked({ headers: ['Forwarded', 'for=6.6.6.6'], neighbours: { as: 'rfc7239' } }).told
    expect([only('forwarded'), only('x-forwarded-for'), only('x-forwarded-proto')]).toEqual([
      ['for=192.0.2.1;host=shop.test;proto=http'],
      [],
      [],
    ])
  })

  it('quotes what RFC 7239 wants quoted', () => {
    const { told } = asked({
      trusted: PROXIES,
      headers: ['X-Forwarded-For', '2001:db9::1, _hidden'],
      neighbours: { as: 'rfc7239' },
    })
    expect(told('forwarded')).toEqual(['for="[2001:db9::1]", for=_hidden, for=192.0.2.1;host=shop.test;proto=http'])
  })

  it('names us in Via, behind those who were before', () => {
    expect(asked({ headers: ['Via', '1.0 fred, 1.1 p.example'] }).told('via')).toEqual([
      '1.0 fred, 1.1 p.example',
      '1.1 chaos-proxy-1',
    ])
  })
})

describe('a request that was here before', () => {
  it.each(['1.1 chaos-proxy-1', '1.0 fred, 1.1 Chaos-Proxy-1 (Apache/1.1)', '1.1 chaos-proxy', '2 a,2 chaos-proxy-1'])(
    'is refused: Via %s',
    (via) => {
      const { outcome } = asked({ headers: ['Via', via] })
      expect(outcome).toMatchObject({ status: 508, why: 'loop' })
      expect((outcome as Reply).headers).toContain('chaos-proxy; error=proxy_loop_detected')
    },
  )

  it.each(['1.1 chaos-proxy-2', '1.1 fred (chaos-proxy-1)', '1.1', ''])('is not: Via %s', (via) => {
    expect(viaNames(via, ['chaos-proxy', 'chaos-proxy-1'])).toBe(false)
  })
})

describe('Forwarded', () => {
  it.each([
    ['for="_mdn"', [{ node: '_mdn', host: '', scheme: '' }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ node: '[2001:db8:cafe::17]:4711', host: '', scheme: '' }]],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ node: '192.0.2.60', host: '', scheme: 'http' }]],
    [
      'for=a, for="b,c";host="x\\"y"',
      [
        { node: 'a', host: '', scheme: '' },
        { node: 'b,c', host: 'x"y', scheme: '' },
      ],
    ],
    ['for="unclosed', []],
    ['nonsense', []],
  ])('%s', (text, hops) => expect(readHops(text, 'forwarded')).toEqual(hops))

  it('tells addresses from names', () => {
    expect(['unknown', '_gazonk', '1.2.3.4:80', '[::1]', '::1', '1.2.3'].map(addressOf)).toEqual([
      undefined,
      undefined,
      '1.2.3.4',
      '::1',
      '::1',
      undefined,
    ])
  })
})
