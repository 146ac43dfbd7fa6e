import fc from 'fast-check'
import { expect, it } from 'vitest'
import { membersOf, type Word } from '../../../ingress/balance/membership.ts'
import { openMembers } from '../../../ingress/edge/members.ts'
import type { ServiceOptions } from '../../../ingress/options.ts'
import type { Service, Upstream } from '../../../ingress/phases/context.ts'
import { openService } from '../../../ingress/services.ts'
import { given } from '../kit/services.ts'

const URLS = ['http://a:1', 'http://b:1', 'http://c:1', 'http://d:1']
const quiet = (): void => undefined
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }

const optionsOf = (name: string, urls: readonly string[]): ServiceOptions => ({
  name,
  match: `/${name}/*`,
  upstreams: urls.map((url) => ({ url })),
})

/** Who has connections, and who is checked. */
const openWorld = (configured: readonly ServiceOptions[]) => {
  const services = configured.map((options) => openService(options, given))
  const connected = new Set<Upstream>(services.flatMap(({ upstreams }) => upstreams))
  const checked = new Set<Upstream>(connected)
  const members = openMembers({
    services,
    configured,
    given,
    logger,
    now: () => 1,
    pools: {
      add: (_service, some) => {
        for (const one of some) {
          expect(connected.has(one)).toBe(false)
          connected.add(one)
        }
      },
      retire: (one) => expect(connected.delete(one)).toBe(true),
    },
    checker: {
      watch: (_service, some) => some.forEach((one) => checked.add(one)),
      forget: (one) => expect(checked.delete(one)).toBe(true),
    },
  })
  return { services, connected, checked, members }
}

const someUrls = fc.uniqueArray(fc.constantFrom(...URLS), { minLength: 1 })
const word: fc.Arbitrary<Word> = fc.record(
  { present: fc.boolean(), drained: fc.boolean(), weight: fc.integer({ min: 1, max: 9 }) },
  { requiredKeys: [] },
)
const words = fc.dictionary(fc.constantFrom(...URLS), word)
const step = fc.oneof(
  fc.record({ kind: fc.constant('say' as const), which: fc.nat(), words }),
  fc.record({ kind: fc.constant('load' as const), shop: someUrls, more: fc.option(someUrls, { nil: undefined }) }),
)

it('keeps services, connections and checks at what is configured and said, and records that stay the same', () => {
  fc.assert(
    fc.property(someUrls, fc.array(step, { maxLength: 15 }), (first, steps) => {
      const { services, connected, checked, members } = openWorld([optionsOf('shop', first)])
      const configured = new Map([['shop', first]])
      const said = new Map<string, Map<string, Word>>()
      const sayAgain = (): void => {
        for (const service of services) members.obey(service, { each: said.get(service.name) ?? new Map(), all: {} })
      }
      members.follow(sayAgain)
      for (const one of steps) {
        const before = new Map(services.map((service) => [service.name, service.upstreams]))
        if (one.kind === 'say') {
          const service = services[one.which % services.length] as Service
          said.set(service.name, new Map(Object.entries(one.words)))
          sayAgain()
        } else {
          configured.set('shop', one.shop)
          if (one.more === undefined) configured.delete('more')
          else configured.set('more', one.more)
          members.reload([...configured].map(([name, urls]) => optionsOf(name, urls)))
        }
        expect(services.map(({ name }) => name).toSorted()).toEqual([...configured.keys()].toSorted())
        for (const { name, upstreams } of services) {
          const urls = (configured.get(name) ?? []).map((url) => ({ url }))
          const expected = membersOf(urls, said.get(name) ?? new Map())
          expect(upstreams.map(({ url, weight, drained }) => ({ url, weight, drained }))).toEqual(expected)
          const stayed = (before.get(name) ?? []).filter(({ url }) => expected.some((member) => member.url === url))
          for (const upstream of stayed) expect(upstreams).toContain(upstream)
        }
        const all = new Set(services.flatMap(({ upstreams }) => upstreams))
        expect(connected).toEqual(all)
        expect(checked).toEqual(all)
      }
    }),
  )
})

it('changes nothing by a configuration that is wrong anywhere', () => {
  const { services, members } = openWorld([optionsOf('shop', URLS)])
  const before = JSON.stringify(services)
  for (const wrong of [[], [optionsOf('shop', URLS.slice(1)), optionsOf('more', [])], [optionsOf('shop', ['nowhere'])]])
    expect(() => members.reload(wrong)).toThrow()
  expect(JSON.stringify(services)).toBe(before)
})
