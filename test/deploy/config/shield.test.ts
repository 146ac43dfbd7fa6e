import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../deploy/config/load.ts'
import { ConfigError } from '../../../deploy/config/problems.ts'
import { servicesOf } from '../../../deploy/roles/services.ts'

let dir: string
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'cp-shield-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const load = (yaml: string) => {
  const path = join(dir, 'c.yaml')
  writeFileSync(path, yaml)
  return loadConfig({ file: { path, named: true }, environment: {}, flags: [] }).config
}
const complaints = (yaml: string): string[] => {
  try {
    load(yaml)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ where, message }) => `${where.replace(/^.*c\.yaml:/, '')} ${message}`)
  }
}
const service = (rest: string): string => `services: [ { name: shop, upstreams: [ { url: http://b } ], ${rest} } ]`

test('a rate limit as in the conventions, and what it is when little is said', () => {
  const config = load(service('rateLimit: [ { limit: 20, per: 1m, by: ip, match: "/*" }, { limit: 5, per: 1s } ]'))
  expect(servicesOf(config)[0]?.shield?.rateLimit).toMatchObject([
    { limit: 20, per: 60_000, by: 'ip', match: '/*' },
    { limit: 5, per: 1000, by: 'ip', match: '/*', methods: [] },
  ])
  expect(load(service('match: /*'))).toMatchObject({
    listen: { trustedProxies: [], tls: { enabled: false, minVersion: 'TLSv1.2' } },
    services: [{ rateLimit: [], concurrency: { max: 0, adaptive: false }, tls: { verify: true } }],
    overload: { maxMemory: 0.92 },
    telemetry: { accessLog: '', serverTiming: false },
  })
})

test.each<[string, string]>([
  [service('rateLimit: [ { limit: 0, per: 1m } ]'), 'services[0].rateLimit[0].limit'],
  [service('rateLimit: [ { limit: 1, per: 1m, by: header } ]'), 'services[0].rateLimit[0].header'],
  [service('rateLimit: [ { limit: 1, per: 1m, header: x-a } ]'), 'by: header needs the name of the header'],
  [service('rateLimit: [ { limit: 1, per: 1m, match: api } ]'), 'expected a path such as'],
  [service('concurrency: { max: 5, adaptive: true, min: 9 }'), 'concurrency.min is above concurrency.max'],
  [service('tls: { cert: a.pem }'), 'services[0].tls.cert needs services[0].tls.key'],
  ['listen: { trustedProxies: [everybody] }', 'expected an address, a range such as 10.0.0.0/8'],
  ['listen: { proxyProtocol: true }', 'listen.proxyProtocol needs listen.trustedProxies'],
  [
    'listen: { tls: { enabled: true } }',
    'listen.tls.enabled needs listen.tls.cert and .key; chaos-proxy certs makes them',
  ],
  ['listen: { tls: { key: a.key } }', 'listen.tls.key needs listen.tls.cert'],
  [
    'listen: { tls: { sni: [ { names: [a.test], cert: a.pem } ] } }',
    'listen.tls.sni[0].cert needs listen.tls.sni[0].key',
  ],
  ['listen: { tls: { sni: [ { names: ["*"], cert: a, key: b } ] } }', 'expected a host name'],
  ['listen: { tls: { clientAuth: require } }', 'clientAuth require needs listen.tls.clientCa'],
  ['listen: { tls: { clientAuth: request } }', 'clientAuth request needs listen.tls.clientCa'],
])('%s is refused', (yaml, message) => {
  const found = complaints(yaml)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(message)
  expect(found[0]).toMatch(/^\d+:\d+ /)
})

test('ranges by name and by number are understood', () => {
  const ranges = '[loopback, private, 10.0.0.0/8, "2001:db8::/32", 192.0.2.1]'
  expect(complaints(`listen: { proxyProtocol: true, trustedProxies: ${ranges} }`)).toEqual([])
})
