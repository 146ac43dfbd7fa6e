import { expect, test } from 'vitest'
import { createLive } from '../../../sinks/console/live.ts'
import { reportedOf } from '../../../sinks/console/reported.ts'
import { upstreamId } from '../../../sinks/console/upstreams.ts'
import { aSignal } from '../events.ts'

const A = 'http://a:1'
const B = 'http://b:1'
const beat = (...lines: string[]) => {
  const value = JSON.stringify(
    lines.map((line) => line.split(' ')).map(([url, health = 'up']) => ({ url, health, breaker: 'closed' })),
  )
  return aSignal(1, { kind: 'heartbeat', attributes: [{ name: 'upstreams', value }] })
}

test('an upstream that was taken out is not down for ever, and one that never changed is known', () => {
  const live = createLive(() => 0)
  live.observe(aSignal(1, { kind: 'health', subject: A, from: 'up', to: 'down' }))
  live.observe(aSignal(1, { kind: 'breaker', subject: '*', from: 'closed', to: 'open' }))
  live.observe(beat(`${A} down`, B))
  const states = (): string[] => live.upstreams().map((u) => `${u.upstream} ${u.health} ${u.breaker}`)
  expect(states()).toEqual(['* unknown open', `${A} down closed`, `${B} up closed`])
  live.observe(beat(B))
  expect(states()).toEqual(['* unknown open', `${B} up closed`])
})

test.each([undefined, '', 'no JSON', '{}', '[1, null, {"url": 1}]'])('of %j nothing is read', (text) =>
  expect(reportedOf(text)).toEqual([]),
)

test.each([
  ['http://10.0.0.7:8080', 'shop@10.0.0.7:8080'],
  ['http://shop', 'shop@shop:80'],
  ['https://shop', 'shop@shop:443'],
  ['http://[::1]:99', 'shop@[::1]:99'],
])('%s is %s', (url, id) => expect(upstreamId('shop', url)).toBe(id))
